#pragma once

#include "pollhook/base/system_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <thread>
#include <utility>

namespace pollhook::test {

/// Runs a Relay or a Receiver on a thread of its own, so that a test can speak to it with blocking sockets.
template <class Served, class Options>
class ServerThread {
public:
    explicit ServerThread(Options options) : clock_(loop_), served_(loop_, clock_, std::move(options))
    {
        served_.open();
        endpoint_ = served_.endpoint();
        done_ = boost::asio::co_spawn(loop_, served_.run(), boost::asio::use_future);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ServerThread(const ServerThread&) = delete;
    ServerThread& operator=(const ServerThread&) = delete;
    ~ServerThread()
    {
        boost::asio::co_spawn(loop_, served_.stop(base::Duration(0)), boost::asio::use_future).get();
        done_.get();
        work_.reset();
        thread_.join();
    }

    [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const { return endpoint_; }

    /// Calls `act` with the served object on its loop, and gives what that returned.
    template <class Act>
    auto on_loop(Act act)
    {
        std::packaged_task<decltype(act(std::declval<Served&>()))()> task([this, &act] {
            return act(served_);
        });
        auto result = task.get_future();
        boost::asio::post(loop_, [&task] { task(); });
        return result.get();
    }

private:
    boost::asio::io_context loop_{1};
    base::SystemClock clock_;
    Served served_;
    boost::asio::ip::tcp::endpoint endpoint_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
    std::future<void> done_;
    std::thread thread_;
};

}  // namespace pollhook::test
