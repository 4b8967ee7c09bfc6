#include "pollhook/base/system_clock.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

namespace pollhook::base {
namespace {

namespace asio = boost::asio;

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
    explicit SystemTimer(asio::io_context& loop) : timer_(loop) {}

    asio::awaitable<bool> wait_until(SteadyPoint when) override
    {
        timer_.expires_at(in_timer_ticks(when));
        boost::system::error_code ec;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        co_return !ec;
    }

    void wake() override { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

}  // namespace

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
    return std::make_unique<SystemTimer>(loop_);
}

}  // namespace pollhook::base
