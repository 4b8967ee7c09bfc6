#include "pollhook/delivery/circuit_breaker.hpp"

#include <algorithm>

namespace pollhook::delivery {

CircuitBreaker::State CircuitBreaker::state(base::SteadyPoint now) const noexcept
{
    if (!open_until_)
        return State::closed;
    return now < *open_until_ ? State::open : State::half_open;
}

void CircuitBreaker::restart_trouble(base::SteadyPoint now) noexcept
{
    if (opened_at_)
        opened_at_ = now;
}

void CircuitBreaker::hurry(base::SteadyPoint now) noexcept
{
    if (open_until_)
        open_until_ = std::min(*open_until_, now);
}

void CircuitBreaker::succeeded() noexcept
{
    failures_ = 0;
    open_until_.reset();
    opened_at_.reset();
    pause_.reset();
}

bool CircuitBreaker::failed(base::SteadyPoint started_at, base::SteadyPoint now, base::Random& random)
{
    if (open_until_ && started_at < *open_until_)
        return false;
    if (!open_until_ && ++failures_ < failures_to_open)
        return false;
    open_until_ = now + pause_.next(random);
    if (!opened_at_)
        opened_at_ = now;
    return true;
}

}  // namespace pollhook::delivery
