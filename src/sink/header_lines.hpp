#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Lines of an HTTP head, each ended by CRLF.
namespace pollhook::sink {

/// Names and ids are visible ASCII; should one not be, it is percent-encoded, so that it cannot end its line.
void append_field(std::string& out, std::string_view name, std::string_view value);
void append_field(std::string& out, std::string_view name, std::int64_t value);

/// W3C Trace Context; `traceparent` is empty when there is no trace. A `tracestate` that is not printable,
/// out of a damaged database, is left out: it must not become a line of its own.
void append_trace_fields(std::string& out, std::string_view traceparent, std::string_view tracestate);

/// `Basic` and the base64 of user and password (RFC 7617). The caller wipes it.
std::string basic_credentials(std::string_view user, std::string_view password);

/// Appends one character as `%XX`.
void append_percent(std::string& out, char c);

}  // namespace pollhook::sink
