#include "pollhook/delivery/retry_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration longest_retry_after = 24h;
/// A tenth of the pause spreads receivers' retries without moving the schedule.
constexpr std::int64_t jitter_divisor = 10;
constexpr int http_gone = 410;
constexpr std::array overloaded_answers{429, 502, 503, 504};
constexpr std::array lasting_answers{400, 401, 403, 404, 405, 413, 415, 422};

}  // namespace

bool is_rejection(const sink::Outcome& outcome) noexcept
{
    return std::ranges::find(lasting_answers, outcome.http_status) != lasting_answers.end();
}

Decision decide(
    const sink::Outcome& outcome, const Spent& spent, const RetrySchedules& schedules, base::Random& random
)
{
    using Kind = Decision::Kind;
    if (outcome.delivered)
        return {.kind = Kind::delivered, .pause = {}, .text = "delivered"};
    if (outcome.http_status == http_gone)
        return {.kind = Kind::gone, .pause = {}, .text = "dead: HTTP 410 Gone"};
    const bool rejected = is_rejection(outcome);
    const std::span<const base::Duration> schedule = rejected ? schedules.rejected : schedules.standard;
    const std::uint32_t counted = rejected ? spent.rejected : spent.attempts;
    if (counted > schedule.size())
        return {
            .kind = Kind::dead,
            .pause = {},
            .text = fmt::format("dead: {} attempts failed, last: {}", spent.attempts, outcome.detail),
        };

    base::Duration pause = schedule[counted - 1];
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

Condition condition_of(const sink::Outcome& outcome) noexcept
{
    // A token endpoint that is down, or a receiver that does not consent, is no trouble of the origin.
    constexpr std::array<std::string_view, 3> own{"blocked_address", "auth", "handshake"};
    if (outcome.cancelled || std::ranges::find(own, outcome.error_class) != own.end())
        return Condition::not_reached;
    const bool overloaded =
        std::ranges::find(overloaded_answers, outcome.http_status) != overloaded_answers.end();
    const bool is_answer = outcome.http_status > 0 && outcome.http_status < 500;
    const bool works = outcome.delivered || (is_answer && !overloaded);
    // One request is one word about the receiver, however many deliveries it carried.
    if (outcome.carried)
        return works ? Condition::carried : Condition::not_reached;
    if (overloaded)
        return Condition::overloaded;
    return works ? Condition::working : Condition::failing;
}

}  // namespace pollhook::delivery
