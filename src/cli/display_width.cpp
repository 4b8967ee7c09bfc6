#include "display_width.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace pollhook::cli {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr std::array<Range, 9> without_width{{
    {0x0300, 0x036F},
    {0x0483, 0x0489},
    {0x0591, 0x05BD},
    {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},
    {0x200B, 0x200F},
    {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F},
}};

constexpr std::array<Range, 11> wide{{
    {0x1100, 0x115F},
    {0x2E80, 0x303E},
    {0x3041, 0xA4CF},
    {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},
    {0x1F300, 0x1FAFF},
    {0x20000, 0x3FFFD},
}};

bool is_in(std::span<const Range> ranges, char32_t point) noexcept
{
    return std::ranges::any_of(ranges, [point](const Range& range) {
        return point >= range.first && point <= range.last;
    });
}

/// Takes the first character off `text`, which is not empty.
char32_t next(std::string_view& text) noexcept
{
    const auto lead = static_cast<std::uint8_t>(text.front());
    const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < std::min(length, text.size()); ++i)
        point = (point << 6U) | (static_cast<std::uint8_t>(text[i]) & 0x3FU);
    text.remove_prefix(std::min(length, text.size()));
    return point;
}

std::size_t width_of(char32_t point) noexcept
{
    if (is_in(without_width, point))
        return 0;
    return is_in(wide, point) ? 2 : 1;
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept
{
    std::size_t width = 0;
    while (!text.empty())
        width += width_of(next(text));
    return width;
}

std::string_view fitting(std::string_view text, std::size_t columns) noexcept
{
    std::string_view rest = text;
    std::size_t width = 0;
    while (!rest.empty()) {
        std::string_view behind = rest;
        width += width_of(next(behind));
        if (width > columns)
            break;
        rest = behind;
    }
    return text.substr(0, text.size() - rest.size());
}

}  // namespace pollhook::cli
