#include "pollhook/base/excerpt.hpp"

#include "utf8.hpp"

#include <algorithm>

namespace pollhook::base {

std::string excerpt(std::string_view text, std::size_t limit)
{
    constexpr std::string_view replacement = "\uFFFD";
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        std::string_view piece = text.substr(0, length);
        if (length == 0)
            piece = replacement;
        else if (is_control(text, length))
            piece = " ";
        if (piece.size() > limit - out.size()) {
            out += "…";
            break;
        }
        out += piece;
        text.remove_prefix(std::max<std::size_t>(1, length));
    }
    return out;
}

}  // namespace pollhook::base
