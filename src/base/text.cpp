#include "pollhook/base/text.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pollhook::base {
namespace {

constexpr char ascii_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The escape for one byte, four characters at most.
std::string escaped(char c)
{
    switch (c) {
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        case '\\': return "\\\\";
        case '"': return "\\\"";
        default: break;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    const auto value = static_cast<std::uint8_t>(c);
    return {'\\', 'x', digits[value >> 4U], digits[value & 0xFU]};
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    out.reserve(std::min(text.size(), limit) + 8);
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const bool plain = length > 0 && !is_control(text, length) && text[0] != '\\' && text[0] != '"';
        const std::string escape = plain ? std::string() : escaped(text[0]);
        const std::string_view piece = plain ? text.substr(0, length) : std::string_view(escape);
        if (piece.size() > limit - out.size()) {
            out += "…";
            break;
        }
        out += piece;
        text.remove_prefix(plain ? length : 1);
    }
    return out;
}

std::string without_url_secrets(std::string_view text)
{
    constexpr std::string_view before = "://";
    constexpr std::string_view after = " \t\r\n\"'<>,;)]}";
    std::string out;
    for (;;) {
        const auto found = text.find(before);
        if (found == std::string_view::npos)
            return out.append(text);
        out += text.substr(0, found + before.size());
        text.remove_prefix(found + before.size());
        std::string_view url = text.substr(0, text.find_first_of(after));
        text.remove_prefix(url.size());
        const auto host_end = url.find_first_of("/?#");
        if (const auto at = url.substr(0, host_end).rfind('@'); at != std::string_view::npos) {
            out += "***";
            url.remove_prefix(at);
        }
        const auto query = url.find('?');
        out += url.substr(0, query);
        if (query != std::string_view::npos)
            out += "?***";
    }
}

bool is_utf8(std::string_view text) noexcept
{
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
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
