#include "pollhook/config/events.hpp"

#include <algorithm>
#include <array>

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

}  // namespace pollhook::config
