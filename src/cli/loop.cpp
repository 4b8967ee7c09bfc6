#include "loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <utility>

namespace pollhook::cli {

namespace asio = boost::asio;

void run_to_end(asio::io_context& loop, asio::awaitable<void> work)
{
    std::exception_ptr failure;
    asio::co_spawn(loop, std::move(work), [&failure](std::exception_ptr thrown) { failure = thrown; });
    loop.run();
    if (failure)
        std::rethrow_exception(failure);
}

namespace {

asio::awaitable<void> watch_signals(SignalActions actions)
{
    asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM, SIGHUP);
    bool is_stopping = false;
    for (;;) {
        boost::system::error_code ec;
        const int number = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            co_return;
        if (number == SIGHUP && actions.hang_up) {
            actions.hang_up();
        } else if (!is_stopping) {
            is_stopping = true;
            actions.stop();
        } else {
            spdlog::error("process.killed: reason=\"a second signal asked to stop\" signal={}", number);
            ::_exit(1);
        }
    }
}

}  // namespace

asio::awaitable<void> with_signals(asio::awaitable<void> work, SignalActions actions)
{
    base::TaskGroup watchers(co_await asio::this_coro::executor);
    watchers.spawn(watch_signals(std::move(actions)));
    std::exception_ptr failure;
    try {
        co_await std::move(work);
    } catch (...) {
        failure = std::current_exception();
    }
    watchers.cancel();
    co_await watchers.join();
    if (failure)
        std::rethrow_exception(failure);
}

}  // namespace pollhook::cli
