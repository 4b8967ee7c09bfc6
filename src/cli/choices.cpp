#include "choices.hpp"

#include "pollhook/base/suggestion.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/config/events.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pollhook::cli {

std::vector<std::string> choices_of(std::string_view command, std::string_view option)
{
    if (option == "--output")
        return {"table", "json", "ndjson"};
    if (option == "--color")
        return {"auto", "always", "never"};
    if (option == "--order")
        return {"desc", "asc"};
    if (option == "SHELL")
        return {"bash", "zsh", "fish"};
    if (option == "SECTION")
        return {"5", "8"};
    if (option == "KIND")
        return {"sinks", "providers"};
    if (option == "--auth")
        return {"bearer", "raw", "mj-api-secret"};
    if (option == "--status")
        return {
            "queued", "running", "waiting", "succeeded", "failed", "cancelled", "lost", "expired", "unknown"
        };
    if (option == "--state" && command == "retry")
        return {"dead", "cancelled", "superseded", "delivered"};
    if (option == "--state")
        return {"pending", "inFlight", "delivered", "dead", "superseded", "cancelled"};
    if (option == "--type") {
        const auto types = config::event_types();
        return {types.begin(), types.end()};
    }
    return {};
}

std::vector<std::string> accepted_by(std::string_view command, std::string_view option)
{
    return option == "--type" ? config::event_patterns() : choices_of(command, option);
}

std::string unknown_choice(std::string_view word, std::span<const std::string> choices)
{
    if (std::ranges::find(choices, word) != choices.end())
        return {};
    return fmt::format(
        "\"{}\" must be one of {}{}",
        base::printable(word, 60),
        fmt::join(choices, ", "),
        base::did_you_mean(word, choices)
    );
}

}  // namespace pollhook::cli
