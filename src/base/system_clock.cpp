#include "pollhook/base/system_clock.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

namespace pollhook::base {
namespace {

namespace asio = boost::asio;

/// From what a busy loop takes for one turn to what a person notices.
constexpr std::array lateness_bounds{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5
};

/// The timer counts finer than we do, so SteadyPoint::max() would wrap into the past.
asio::steady_timer::time_point in_timer_ticks(SteadyPoint when)
{
    using Ticks = asio::steady_timer::time_point;
    constexpr auto latest = std::chrono::time_point_cast<Duration>(Ticks::max());
    constexpr auto earliest = std::chrono::time_point_cast<Duration>(Ticks::min());
    return when >= latest ? Ticks::max() : Ticks(std::max(when, earliest));
}

class SystemTimer final : public Timer {
public:
    SystemTimer(asio::io_context& loop, Histogram& lateness) : timer_(loop), lateness_(lateness) {}

    asio::awaitable<bool> wait_until(SteadyPoint when) override
    {
        // A moment that is past already says nothing about the loop.
        const bool lies_ahead = in_timer_ticks(when) > std::chrono::steady_clock::now();
        timer_.expires_at(in_timer_ticks(when));
        boost::system::error_code ec;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if (!ec && lies_ahead)
            lateness_.observe(std::chrono::steady_clock::now() - timer_.expiry());
        co_return !ec;
    }

    void wake() override { timer_.cancel(); }

private:
    asio::steady_timer timer_;
    Histogram& lateness_;
};

}  // namespace

SystemClock::SystemClock(asio::io_context& loop) : loop_(loop), lateness_(lateness_bounds) {}

TimePoint SystemClock::now() const
{
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyPoint SystemClock::steady_now() const
{
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

std::unique_ptr<Timer> SystemClock::make_timer()
{
    return std::make_unique<SystemTimer>(loop_, lateness_);
}

}  // namespace pollhook::base
