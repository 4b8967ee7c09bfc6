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
        return fmt::format(
            "unknown member \"{}\"{}", base::printable(name, 60), base::did_you_mean(name, known)
        );
    }
    return {};
}

std::string no_such(std::string_view what, std::string_view name, std::span<const std::string> known)
{
    return fmt::format(
        "no {} is called \"{}\"{}", what, base::printable(name, 60), base::did_you_mean(name, known)
    );
}

}  // namespace pollhook::admin
