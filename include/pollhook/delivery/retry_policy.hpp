#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"
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

/// Decides by the rules of delivery.md section 1: 2xx is delivered, 410 ends a URL, and everything else is
/// tried again along the schedule, with jitter only upward, no earlier than Retry-After asks (a lower bound,
/// capped at 24 h). Pure.
///
/// `attempts` counts the one that just ended; `schedule` holds the pause before each further attempt.
Decision decide(
    const sink::Outcome& outcome,
    std::uint32_t attempts,
    std::span<const base::Duration> schedule,
    base::Random& random
);

}  // namespace pollhook::delivery
