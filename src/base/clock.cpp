#include "pollhook/base/clock.hpp"

#include <memory>

namespace pollhook::base {

boost::asio::awaitable<bool> Clock::sleep_for(Duration pause)
{
    const std::unique_ptr<Timer> timer = make_timer();
    const SteadyPoint now = steady_now();
    const SteadyPoint end = pause < SteadyPoint::max() - now ? now + pause : SteadyPoint::max();
    co_return co_await timer->wait_until(end);
}

}  // namespace pollhook::base
