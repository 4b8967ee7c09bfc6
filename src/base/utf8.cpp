#include "utf8.hpp"

#include <cstdint>

namespace pollhook::base {

std::size_t sequence_length(std::string_view text) noexcept
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80)
            return 0;
    if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) ||
        (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F))
        return 0;
    return length;
}

bool is_control(std::string_view text, std::size_t length) noexcept
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (length == 1)
        return byte(0) < 0x20 || byte(0) == 0x7F;
    if (length == 2)  // U+0080 to U+009F; U+061C: the Arabic letter mark
        return (byte(0) == 0xC2 && byte(1) < 0xA0) || (byte(0) == 0xD8 && byte(1) == 0x9C);
    if (length == 3 && byte(0) == 0xE2)
        // U+200E, U+200F: marks of direction; U+2028 to U+202E: line breaks and embeddings of direction;
        // U+2066 to U+2069: its isolates.
        return (byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F)) ||
               (byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE) ||
               (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9);
    return false;
}

}  // namespace pollhook::base
