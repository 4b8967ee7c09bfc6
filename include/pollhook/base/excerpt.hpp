#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pollhook::base {

/// The beginning of `text` as one line of well-formed UTF-8, for text from outside that becomes a part of a
/// message: control characters and marks of direction are spaces, and what is not UTF-8 is U+FFFD. What is
/// longer than `limit` bytes is cut there, between characters, and ends in `…`. Nothing is escaped: that is
/// done once, by printable(), where the message is shown.
std::string excerpt(std::string_view text, std::size_t limit = 200);

}  // namespace pollhook::base
