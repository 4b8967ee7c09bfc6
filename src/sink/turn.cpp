#include "turn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pollhook::sink {

namespace asio = boost::asio;

struct Turn::Waiter {
    explicit Waiter(const asio::any_io_executor& loop) : wake(loop, asio::steady_timer::time_point::max()) {}

    asio::steady_timer wake;  // a condition variable: cancelled when there is something to look at
    bool is_next = false;
};

asio::awaitable<bool> Turn::take()
{
    if (!taken_) {
        taken_ = true;
        co_return true;
    }
    const asio::any_io_executor loop = co_await asio::this_coro::executor;
    Waiter waiter(loop);
    waiting_.push_back(&waiter);
    for (;;) {
        boost::system::error_code ignored;
        co_await waiter.wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        const bool cancelled = state.cancelled() != asio::cancellation_type::none;
        if (cancelled && waiter.is_next)
            pass_on();
        else if (cancelled)
            waiting_.remove(&waiter);
        if (cancelled || waiter.is_next)
            co_return !cancelled;
    }
}

void Turn::pass_on()
{
    if (waiting_.empty()) {
        taken_ = false;
        return;
    }
    Waiter& next = *waiting_.front();
    waiting_.pop_front();
    next.is_next = true;
    next.wake.cancel();
}

}  // namespace pollhook::sink
