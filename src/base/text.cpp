#include "pollhook/base/text.hpp"

#include <algorithm>
#include <cstdint>

namespace pollhook::base {
namespace {

constexpr char ascii_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Length of the well-formed UTF-8 sequence that `text` starts with, 0 when it starts with none (RFC 3629).
std::size_t sequence_length(std::string_view text) noexcept
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80)
            return 0;
    if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF0 && byte(1) < 0x90) ||
        (lead == 0xF4 && byte(1) > 0x8F))
        return 0;
    return length;
}

void append_escaped(std::string& out, char c)
{
    constexpr std::string_view digits = "0123456789abcdef";
    switch (c) {
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        case '\\': out += "\\\\"; return;
        case '"': out += "\\\""; return;
        default: break;
    }
    const auto value = static_cast<std::uint8_t>(c);
    out += "\\x";
    out += digits[value >> 4U];
    out += digits[value & 0xFU];
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    out.reserve(std::min(text.size(), limit) + 8);
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        // U+0080 to U+009F are control characters too; a terminal may obey them.
        const bool control = length == 2 && static_cast<std::uint8_t>(text[0]) == 0xC2 && static_cast<std::uint8_t>(text[1]) < 0xA0;
        const char c = text[0];
        const bool plain = length > 1 ? !control : length == 1 && c >= ' ' && c != '\x7f' && c != '\\' && c != '"';
        if (out.size() + std::max<std::size_t>(length, 1) > limit) {
            out += "…";
            break;
        }
        if (plain) {
            out += text.substr(0, length);
            text.remove_prefix(length);
        } else {
            append_escaped(out, c);
            text.remove_prefix(1);
        }
    }
    return out;
}

std::string to_lower(std::string_view text)
{
    std::string out(text);
    std::ranges::transform(out, out.begin(), ascii_lower);
    return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

std::string_view trim(std::string_view text) noexcept
{
    constexpr std::string_view space = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace pollhook::base
