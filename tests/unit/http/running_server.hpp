#pragma once

#include "pollhook/base/system_clock.hpp"
#include "pollhook/http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <thread>
#include <utility>

namespace pollhook::http {

namespace asio = boost::asio;

/// A server on a thread of its own, for blocking clients.
class Running {
public:
    explicit Running(ServerOptions options, Server::Respond answer)
        : clock_(loop_),
          server_(loop_, clock_, std::move(options), std::move(answer))
    {
        server_.open();
        done_ = asio::co_spawn(loop_, server_.run(), asio::use_future);
        thread_ = std::thread([this] { loop_.run(); });
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running()
    {
        stop(base::Duration(0));
        work_.reset();
        thread_.join();
    }

    void stop(base::Duration grace)
    {
        if (stopped_)
            return;
        stopped_ = true;
        asio::co_spawn(loop_, server_.stop(grace), asio::use_future).get();
        done_.get();
    }

    asio::ip::tcp::endpoint endpoint() const { return server_.endpoints().at(0); }
    asio::io_context& loop() { return loop_; }
    base::Clock& clock() { return clock_; }

private:
    asio::io_context loop_{1};
    base::SystemClock clock_;
    Server server_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
    std::future<void> done_;
    std::thread thread_;
    bool stopped_ = false;
};

inline ServerOptions loopback()
{
    ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    return options;
}

}  // namespace pollhook::http
