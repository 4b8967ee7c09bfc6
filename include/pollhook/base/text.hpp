#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pollhook::base {

/// `text` made safe for one line of a log or a terminal: control characters, line breaks and marks of
/// direction of Unicode, backslash and the double quote are escaped (`\n`, `\x1b`, …), bytes that are not
/// UTF-8 too. What is longer than `limit` bytes is cut there, between characters, and ends in `…`. Everything
/// that came from outside passes through here before it is logged or shown.
std::string printable(std::string_view text, std::size_t limit = 200);

/// Free text with the URLs in it shown without user name, password and query, any of which may be secret.
std::string without_url_secrets(std::string_view text);

/// Whether every byte belongs to a well-formed UTF-8 sequence (RFC 3629).
bool is_utf8(std::string_view text) noexcept;

/// ASCII only, whatever the locale.
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Without leading and trailing ASCII white space.
std::string_view trim(std::string_view text) noexcept;

}  // namespace pollhook::base
