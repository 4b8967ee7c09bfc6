#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/delivery/origin_pace.hpp"
#include "pollhook/sink/sink.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pollhook::delivery {

/// What happens to a delivery after an attempt.
struct Decision {
    enum class Kind : std::uint8_t {
        delivered,
        retry,  ///< after `pause`
        dead,   ///< no attempt is left
        gone,   ///< 410: the receiver wants nothing more at this URL, ever
    };
    Kind kind = Kind::retry;
    base::Duration pause{};
    std::string text;  ///< for people, kept with the attempt: `retry in 5s: HTTP 503`, `dead: HTTP 410 Gone`
};

/// The pause before each further attempt; the attempt after the last pause is the last.
struct RetrySchedules {
    std::vector<base::Duration> standard;
    std::vector<base::Duration> rejected;  ///< after an answer that is_rejection()
};

/// The attempts of a delivery, from its last re-opening on, with the one that just ended.
struct Spent {
    std::uint32_t attempts = 0;
    std::uint32_t rejected = 0;  ///< of these
};

/// An answer that will not change by itself: 400, 401, 403, 404, 405, 413, 415, 422.
bool is_rejection(const sink::Outcome& outcome) noexcept;

/// Decides as Standard Webhooks asks: 2xx is delivered, 410 ends a URL, and everything else is tried again
/// along its schedule, with jitter only upward, no earlier than Retry-After asks (a lower bound, capped at
/// 24 h). Rejections go along their own schedule and are counted for themselves, so that an outage before one
/// does not end the delivery; the standard schedule counts every attempt. Pure.
Decision decide(
    const sink::Outcome& outcome, const Spent& spent, const RetrySchedules& schedules, base::Random& random
);

/// What an attempt says about the origin it went to.
Condition condition_of(const sink::Outcome& outcome) noexcept;

}  // namespace pollhook::delivery
