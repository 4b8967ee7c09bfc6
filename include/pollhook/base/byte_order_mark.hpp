#pragma once

#include <string_view>

namespace pollhook::base {

/// `text` without the byte order mark that programs on Windows put before UTF-8.
constexpr std::string_view without_byte_order_mark(std::string_view text) noexcept
{
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

}  // namespace pollhook::base
