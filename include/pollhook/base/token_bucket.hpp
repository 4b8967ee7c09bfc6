#pragma once

#include "pollhook/base/time.hpp"

namespace pollhook::base {

/// A rate limit: `rate` tokens a second flow into a bucket that holds at most `burst`. Pure: the caller
/// brings the time.
class TokenBucket {
public:
    /// `rate` > 0, `burst` >= 1. It starts full.
    TokenBucket(double rate, double burst, SteadyPoint now);

    /// Whether a whole token is there.
    [[nodiscard]] bool ready(SteadyPoint now);
    /// Takes `count` tokens, also more than there are: a batch that cost several requests is paid back by
    /// waiting.
    void take(double count, SteadyPoint now);
    /// When the next whole token is there; `now` or earlier when it is already.
    [[nodiscard]] SteadyPoint next(SteadyPoint now);
    /// From now on; `rate` > 0.
    void set_rate(double rate, SteadyPoint now);
    /// The same with another size; what is in it stays, as far as it fits.
    void set_limits(double rate, double burst, SteadyPoint now);

private:
    void refill(SteadyPoint now);

    double rate_;
    double burst_;
    double tokens_;
    SteadyPoint filled_at_;
};

}  // namespace pollhook::base
