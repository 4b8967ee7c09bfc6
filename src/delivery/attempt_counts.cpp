#include "pollhook/delivery/attempt_counts.hpp"

#include <algorithm>

namespace pollhook::delivery {
namespace {

constexpr std::array<std::string_view, attempt_result_count> names{
    "delivered",
    "http_3xx",
    "http_4xx",
    "http_5xx",
    "dns",
    "blocked_address",
    "refused",
    "tls",
    "timeout",
    "reset",
    "protocol",
    "handshake",
    "auth",
    "io",
};

// In seconds: from one commit to a day of retries.
constexpr std::array latency_bounds{
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0
};

}  // namespace

std::string_view name(AttemptResult result) noexcept
{
    return names.at(static_cast<std::size_t>(result));
}

AttemptResult result_of(const sink::Outcome& outcome) noexcept
{
    if (outcome.delivered)
        return AttemptResult::delivered;
    if (outcome.error_class != "http") {
        const auto* const known = std::ranges::find(names, outcome.error_class);
        return known == names.end() ? AttemptResult::protocol
                                    : AttemptResult{static_cast<std::uint8_t>(known - names.begin())};
    }
    switch (outcome.http_status / 100) {
        case 3: return AttemptResult::http_3xx;
        case 4: return AttemptResult::http_4xx;
        case 5: return AttemptResult::http_5xx;
        default: return AttemptResult::protocol;
    }
}

AttemptCounts::AttemptCounts() : latency(latency_bounds) {}

}  // namespace pollhook::delivery
