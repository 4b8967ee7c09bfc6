#include "pollhook/base/clock.hpp"

namespace pollhook::base {

boost::asio::awaitable<bool> Clock::sleep_for(Duration pause)
{
    const std::unique_ptr<Timer> timer = make_timer();
    co_return co_await timer->wait_until(steady_now() + pause);
}

}  // namespace pollhook::base
