#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"

#include <cstdint>

namespace pollhook::base {

/// Exponential back-off with jitter: the n-th pause lies between a half and the whole of `first` doubled n-1
/// times, at most `max`.
class Backoff {
public:
    /// `first` > 0, `max` >= `first`.
    Backoff(Duration first, Duration max) : first_(first), max_(max) {}

    /// The pause after one more failure in a row.
    Duration next(Random& random);
    void reset() noexcept { failures_ = 0; }
    [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }

private:
    Duration first_;
    Duration max_;
    std::uint32_t failures_ = 0;
};

}  // namespace pollhook::base
