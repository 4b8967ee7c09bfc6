#include "pollhook/config/events.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace pollhook::config {
namespace {

constexpr std::array<std::string_view, 18> types{
    "task.queued",
    "task.running",
    "task.progress",
    "task.waiting",
    "task.succeeded",
    "task.failed",
    "task.cancelled",
    "task.lost",
    "task.expired",
    "task.stalled",
    "task.updated",
    "task.unknown",
    "sink.failing",
    "sink.recovered",
    "sink.paused",
    "delivery.dead",
    "provider.failing",
    "provider.recovered"
};

bool selects(std::string_view pattern, std::string_view type) noexcept
{
    if (pattern == "*")
        return true;
    if (pattern.ends_with(".*"))
        return type.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == type;
}

}  // namespace

std::span<const std::string_view> event_types() noexcept
{
    return types;
}

bool event_matches(std::span<const std::string> patterns, std::string_view type) noexcept
{
    return std::ranges::any_of(patterns, [&](const std::string& pattern) { return selects(pattern, type); });
}

std::vector<std::string> event_patterns()
{
    std::vector<std::string> patterns(types.begin(), types.end());
    patterns.insert(patterns.end(), {"*", "task.*", "sink.*", "delivery.*", "provider.*"});
    return patterns;
}

std::vector<std::string_view> event_types_of(const std::string& pattern)
{
    std::vector<std::string_view> selected;
    std::ranges::copy_if(types, std::back_inserter(selected), [&](std::string_view type) {
        return selects(pattern, type);
    });
    return selected;
}

}  // namespace pollhook::config
