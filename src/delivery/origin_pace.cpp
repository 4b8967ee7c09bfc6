#include "pollhook/delivery/origin_pace.hpp"

#include <algorithm>
#include <chrono>

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;

constexpr double first_window = 2;
constexpr double slowest_rate = 1;
/// Below it a receiver is not overloaded by us, and the window and the breaker do enough.
constexpr double least_slowed_rate = 10;
/// The part of the answers from which on it is our pace, and not a hiccup.
constexpr double much_overload = 0.25;
/// Between two reductions, so that the first one can show its effect.
constexpr base::Duration least_slow_time = 1s;

double seconds(base::Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

OriginPace::OriginPace(std::size_t most, std::optional<double> rate, BreakerPauses pauses)
    : most_(std::max<std::size_t>(most, 1)),
      window_(std::min(first_window, static_cast<double>(most_))),
      steady_from_(static_cast<double>(most_)),
      limit_(rate),
      breaker_(pauses)
{
    if (limit_)
        bucket_.emplace(*limit_, std::max(*limit_, 1.0), base::SteadyPoint());
}

void OriginPace::allow(std::size_t most) noexcept
{
    if (most <= most_)
        return;
    if (steady_from_ >= static_cast<double>(most_))
        steady_from_ = static_cast<double>(most);
    most_ = most;
}

void OriginPace::set_limits(
    std::size_t most, std::optional<double> rate, BreakerPauses pauses, base::SteadyPoint now
)
{
    most = std::max<std::size_t>(most, 1);
    allow(most);
    most_ = most;
    window_ = std::min(window_, static_cast<double>(most_));
    steady_from_ = std::min(steady_from_, static_cast<double>(most_));
    breaker_.set_pauses(pauses);
    limit_ = rate;
    if (!rate)
        bucket_.reset();
    else if (bucket_)
        bucket_->set_limits(*rate, std::max(*rate, 1.0), now);
    else
        bucket_.emplace(*rate, std::max(*rate, 1.0), now);
}

bool OriginPace::has_slot(base::SteadyPoint now) const noexcept
{
    switch (breaker_.state(now)) {
        case CircuitBreaker::State::closed: return in_flight_ < window();
        case CircuitBreaker::State::half_open: return in_flight_ == 0;
        case CircuitBreaker::State::open: return false;
    }
    return false;
}

bool OriginPace::permits(base::SteadyPoint now)
{
    return has_slot(now) && (!bucket_ || bucket_->ready(now)) && (!learned_ || learned_->bucket.ready(now));
}

base::SteadyPoint OriginPace::next(base::SteadyPoint now)
{
    base::SteadyPoint next = breaker_.probe_at().value_or(now);
    if (bucket_)
        next = std::max(next, bucket_->next(now));
    if (learned_)
        next = std::max(next, learned_->bucket.next(now));
    return next;
}

void OriginPace::started(base::SteadyPoint now)
{
    ++in_flight_;
    count_start(now);
    if (bucket_)
        bucket_->take(1, now);
    if (learned_)
        learned_->bucket.take(1, now);
}

bool OriginPace::finished(
    Condition condition, base::SteadyPoint started_at, base::SteadyPoint now, base::Random& random
)
{
    if (in_flight_ > 0)  // it may have been forgotten and made anew since
        --in_flight_;
    switch (condition) {
        case Condition::not_reached: return false;
        case Condition::carried: grow(); return false;
        case Condition::working:
            breaker_.succeeded();
            note_overload(false);
            grow();
            speed_up(now);
            return false;
        case Condition::overloaded:
            note_overload(true);
            slow_down(now);
            [[fallthrough]];
        case Condition::failing:
            if (started_at >= shrunk_at_)
                shrink(now);
            return breaker_.failed(started_at, now, random);
    }
    return false;
}

std::size_t OriginPace::window() const noexcept
{
    return static_cast<std::size_t>(window_);
}

std::optional<double> OriginPace::rate() const noexcept
{
    if (!learned_)
        return limit_;
    return limit_ ? std::min(*limit_, learned_->rate) : learned_->rate;
}

bool OriginPace::is_plain() const noexcept
{
    return in_flight_ == 0 && !learned_ && !limit_ && breaker_.is_calm() &&
           window_ >= std::min(first_window, static_cast<double>(most_));
}

void OriginPace::grow()
{
    window_ += window_ < steady_from_ ? 1.0 : 1.0 / window_;
    window_ = std::min(window_, static_cast<double>(most_));
}

void OriginPace::shrink(base::SteadyPoint now)
{
    shrunk_at_ = now;
    window_ = std::max(1.0, window_ / 2);
    steady_from_ = window_;
}

void OriginPace::note_overload(bool overloaded)
{
    // A moving average over the last answers.
    overload_ += ((overloaded ? 1.0 : 0.0) - overload_) / 16;
}

void OriginPace::slow_down(base::SteadyPoint now)
{
    if (overload_ < much_overload || now < slowed_at_ + least_slow_time)
        return;
    const double before = learned_ ? learned_->rate : recent_rate(now);
    if (!learned_ && before < least_slowed_rate)
        return;
    slowed_at_ = now;
    const double rate = std::max(before / 2, slowest_rate);
    // From the bottom it takes two minutes at the most to be as fast as before.
    if (learned_) {
        learned_->rate = rate;
        learned_->slope = std::max(rate / 4, learned_->lift_at / 120);
        learned_->raised_at = now;
        learned_->bucket.set_rate(rate, now);
        return;
    }
    learned_.emplace(Learned{
        .rate = rate,
        .slope = rate / 4,
        .lift_at = 2 * before,
        .raised_at = now,
        .bucket = base::TokenBucket(rate, 1, now),
    });
    learned_->bucket.take(1, now);
}

void OriginPace::speed_up(base::SteadyPoint now)
{
    constexpr base::Duration step = 100ms;
    if (!learned_ || now < learned_->raised_at + step)
        return;
    const double rate = learned_->rate + (learned_->slope * seconds(now - learned_->raised_at));
    if (rate >= learned_->lift_at) {
        learned_.reset();
        return;
    }
    learned_->rate = rate;
    learned_->raised_at = now;
    learned_->bucket.set_rate(rate, now);
}

void OriginPace::count_start(base::SteadyPoint now)
{
    if (const base::Duration passed = now - second_; passed >= 1s) {
        starts_before_ = passed < 2s ? starts_ : 0;
        starts_ = 0;
        second_ += std::chrono::floor<std::chrono::seconds>(passed);
    }
    ++starts_;
}

double OriginPace::recent_rate(base::SteadyPoint now)
{
    const bool is_current = now - second_ < 2s;
    return is_current ? std::max(starts_, starts_before_) : 0;
}

}  // namespace pollhook::delivery
