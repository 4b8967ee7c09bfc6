#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::http {

using FormFields = std::vector<std::pair<std::string, std::string>>;

/// Undoes percent-encoding (RFC 3986, 2.1). Empty when an escape is not `%` and two hex digits, or when the
/// result would hold a NUL.
std::optional<std::string> percent_decode(std::string_view text);

/// Reads `a=1&b=%20x+y`: a query, or a body of application/x-www-form-urlencoded (WHATWG URL, 5.1), in its
/// order. A `+` is a space; empty pieces are skipped. Empty when an escape is bad.
std::optional<FormFields> parse_form(std::string_view text);

}  // namespace pollhook::http
