#include "pollhook/base/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace pollhook::base {

TokenBucket::TokenBucket(double rate, double burst, SteadyPoint now)
    : rate_(rate),
      burst_(std::max(burst, 1.0)),
      tokens_(burst_),
      filled_at_(now)
{
}

bool TokenBucket::ready(SteadyPoint now)
{
    refill(now);
    // Tokens are sums of fractions: what is a hair under one is one.
    constexpr double tolerance = 1e-6;
    return tokens_ >= 1.0 - tolerance;
}

void TokenBucket::take(double count, SteadyPoint now)
{
    refill(now);
    tokens_ -= count;
}

SteadyPoint TokenBucket::next(SteadyPoint now)
{
    if (ready(now))
        return now;
    return now + Duration(static_cast<std::int64_t>(std::ceil((1.0 - tokens_) / rate_ * 1000.0)));
}

void TokenBucket::set_rate(double rate, SteadyPoint now)
{
    refill(now);
    rate_ = rate;
}

void TokenBucket::set_limits(double rate, double burst, SteadyPoint now)
{
    set_rate(rate, now);
    burst_ = burst;
    tokens_ = std::min(tokens_, burst_);
}

void TokenBucket::refill(SteadyPoint now)
{
    if (now <= filled_at_)
        return;
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * rate_);
    filled_at_ = now;
}

}  // namespace pollhook::base
