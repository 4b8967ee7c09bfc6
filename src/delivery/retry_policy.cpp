#include "pollhook/delivery/retry_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration longest_retry_after = 24h;
/// A tenth of the pause spreads receivers' retries without moving the schedule.
constexpr std::int64_t jitter_divisor = 10;
constexpr int http_gone = 410;

}  // namespace

Decision decide(
    const sink::Outcome& outcome,
    std::uint32_t attempts,
    std::span<const base::Duration> schedule,
    base::Random& random
)
{
    using Kind = Decision::Kind;
    if (outcome.delivered)
        return {.kind = Kind::delivered, .pause = {}, .text = "delivered"};
    if (outcome.http_status == http_gone)
        return {.kind = Kind::gone, .pause = {}, .text = "dead: HTTP 410 Gone"};
    if (attempts > schedule.size())
        return {
            .kind = Kind::dead,
            .pause = {},
            .text = fmt::format("dead: {} attempts failed, last: {}", attempts, outcome.detail),
        };

    base::Duration pause = schedule[attempts - 1];
    pause += base::Duration(random.between(0, pause.count() / jitter_divisor));
    if (outcome.retry_after)
        pause = std::max(pause, std::min(*outcome.retry_after, longest_retry_after));
    const auto shown = pause >= 1s ? std::chrono::floor<std::chrono::seconds>(pause) : pause;
    return {
        .kind = Kind::retry,
        .pause = pause,
        .text = fmt::format("retry in {}: {}", base::format_duration(shown), outcome.detail),
    };
}

}  // namespace pollhook::delivery
