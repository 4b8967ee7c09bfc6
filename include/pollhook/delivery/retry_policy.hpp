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
    /// After an answer that will not change by itself: 400, 401, 403, 404, 405, 413, 415, 422.
    std::vector<base::Duration> rejected;
};

/// Decides as Standard Webhooks asks: 2xx is delivered, 410 ends a URL, and everything else is tried again
/// along its schedule, with jitter only upward, no earlier than Retry-After asks (a lower bound, capped at
/// 24 h). Pure.
///
/// `attempts` counts the one that just ended, from the last re-opening on.
Decision decide(
    const sink::Outcome& outcome,
    std::uint32_t attempts,
    const RetrySchedules& schedules,
    base::Random& random
);

/// What an attempt says about the origin it went to.
Condition condition_of(const sink::Outcome& outcome) noexcept;

}  // namespace pollhook::delivery
