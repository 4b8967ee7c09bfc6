#include "plain_text.hpp"

#include "pollhook/base/text.hpp"

namespace pollhook::cli {

std::string plain_text(std::string_view text, std::size_t limit)
{
    const std::string escaped = base::printable(text, limit);
    std::string out;
    out.reserve(escaped.size());
    for (std::size_t i = 0; i < escaped.size(); ++i) {
        const bool escapes = escaped[i] == '\\' && i + 1 < escaped.size();
        if (!escapes || escaped[i + 1] != '"')
            out += escaped[i];
        if (escapes)
            out += escaped[++i];
    }
    return out;
}

}  // namespace pollhook::cli
