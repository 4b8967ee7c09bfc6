#include "members.hpp"

#include "pollhook/base/suggestion.hpp"
#include "pollhook/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pollhook::admin {

std::string unknown_member(const boost::json::object& object, std::span<const std::string> known)
{
    for (const auto& member : object) {
        const std::string name(member.key().data(), member.key().size());
        if (std::ranges::find(known, name) != known.end())
            continue;
        const std::string meant = base::suggestion(name, known);
        return fmt::format(
            "unknown member \"{}\"{}",
            base::printable(name, 60),
            meant.empty() ? "" : ", did you mean \"" + meant + "\"?"
        );
    }
    return {};
}

}  // namespace pollhook::admin
