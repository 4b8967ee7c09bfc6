#include "pollhook/poll/provider_health.hpp"

#include <algorithm>
#include <utility>

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration longest_pause = 5min;
constexpr base::Duration first_key_pause = 1min;
constexpr base::Duration longest_key_pause = 15min;
/// A relay may ask for more patience than our own back-off has, but not for ever.
constexpr base::Duration longest_retry_after = 1h;

base::Backoff backoff_after(base::Duration poll_interval)
{
    return {std::max<base::Duration>(poll_interval, 100ms), std::max(poll_interval, longest_pause)};
}

}  // namespace

ProviderHealth::ProviderHealth(base::Duration poll_interval)
    : backoff_(backoff_after(poll_interval)),
      key_backoff_(first_key_pause, longest_key_pause)
{
}

ProviderHealth::Step ProviderHealth::succeeded(base::SteadyPoint now, base::TimePoint wall_now)
{
    last_success_ = wall_now;
    if (now < blocked_until_)
        return Step::none;
    blocked_until_ = {};
    backoff_.reset();
    key_backoff_.reset();
    key_refused_ = false;
    last_error_.clear();
    return std::exchange(failures_, 0) > 0 ? Step::recovered : Step::none;
}

ProviderHealth::Step ProviderHealth::failed(
    const provider::LookFailure& failure, base::SteadyPoint now, base::Random& random
)
{
    const bool key = make_error_code(failure.kind) == provider::Failure::key_refused;
    const bool is_news = now >= blocked_until_ || (key && !key_refused_);
    base::Duration pause{};
    if (is_news)
        pause = key ? key_backoff_.next(random) : backoff_.next(random);
    if (failure.retry_after)
        pause = std::max(pause, std::min(*failure.retry_after, longest_retry_after));
    // None of them shortens the pause.
    blocked_until_ = std::max(blocked_until_, now + pause);
    last_error_ = failure.detail;
    const bool first = failures_++ == 0;
    if (key && !std::exchange(key_refused_, true))
        return Step::key_refused;
    return first ? Step::first_failure : Step::none;
}

void ProviderHealth::set_poll_interval(base::Duration poll_interval)
{
    backoff_ = backoff_after(poll_interval);
}

void ProviderHealth::forgive()
{
    blocked_until_ = {};
    backoff_.reset();
    key_backoff_.reset();
    key_refused_ = false;
}

}  // namespace pollhook::poll
