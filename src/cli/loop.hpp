#pragma once

#include "pollhook/base/task_group.hpp"
#include "pollhook/base/time.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <functional>
#include <utility>

namespace pollhook::cli {

/// Runs the loop until `work` and everything else on it have ended; rethrows what `work` throws.
void run_to_end(boost::asio::io_context& loop, boost::asio::awaitable<void> work);

/// What signals mean. SIGINT and SIGTERM: stop. With an empty `hang_up` SIGHUP stops too.
struct SignalActions {
    std::function<void()> stop;
    std::function<void()> hang_up;
};

/// Runs `work` to its end and acts on signals meanwhile. The second one that asks to stop ends the process at
/// once, with exit code 1.
boost::asio::awaitable<void> with_signals(boost::asio::awaitable<void> work, SignalActions actions);

/// Runs a simulator::Relay or Receiver until a signal stops it. `server` must outlive the operation.
template <class Server>
boost::asio::awaitable<void> serve_until_signal(Server& server)
{
    base::TaskGroup stopping(co_await boost::asio::this_coro::executor);
    SignalActions actions;
    actions.stop = [&server, &stopping] { stopping.spawn(server.stop(std::chrono::seconds(1))); };
    auto work = server.run();
    co_await with_signals(std::move(work), std::move(actions));
    co_await stopping.join();
}

}  // namespace pollhook::cli
