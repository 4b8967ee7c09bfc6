#include "pollhook/base/system_clock.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pollhook::base {
namespace {

namespace asio = boost::asio;

class SystemTimer final : public Timer {
public:
    explicit SystemTimer(asio::io_context& loop) : timer_(loop) {}

    asio::awaitable<bool> wait_until(SteadyPoint when) override
    {
        timer_.expires_at(when);
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
