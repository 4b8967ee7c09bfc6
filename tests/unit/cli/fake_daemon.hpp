#pragma once

#include "commands.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pollhook::test {

/// Answers the client commands as the test says, on a thread of its own, and remembers what was asked.
class FakeDaemon {
public:
    using Answer = std::function<http::ServerResponse(const http::ServerRequest&)>;

    /// `answer` is called on the daemon's thread.
    explicit FakeDaemon(Answer answer, const std::string& listen = "127.0.0.1:0")
        : answer_(std::move(answer)),
          server_(loop_, clock_, options(listen), [this](const http::ServerRequest& request) {
              return respond(request);
          })
    {
        server_.open();
        done_ = boost::asio::co_spawn(loop_, server_.run(), boost::asio::use_future);
        thread_ = std::thread([this] { loop_.run(); });
    }
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;
    ~FakeDaemon() { stop(); }

    /// What was asked is read afterwards.
    void stop()
    {
        if (!thread_.joinable())
            return;
        boost::asio::co_spawn(loop_, server_.stop(base::Duration(0)), boost::asio::use_future).get();
        done_.get();
        work_.reset();
        thread_.join();
    }

    [[nodiscard]] cli::ClientOptions client() const
    {
        cli::ClientOptions options;
        options.admin = "http://127.0.0.1:" + std::to_string(server_.endpoints().front().port());
        options.color = cli::ColorMode::never;
        return options;
    }
    [[nodiscard]] const std::vector<http::ServerRequest>& requests() const noexcept { return requests_; }

private:
    static http::ServerOptions options(const std::string& listen)
    {
        http::ServerOptions options;
        options.listen = {listen};
        return options;
    }

    boost::asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request)
    {
        requests_.push_back(request);
        co_return answer_(request);
    }

    Answer answer_;
    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    http::Server server_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
    std::future<void> done_;
    std::thread thread_;
    std::vector<http::ServerRequest> requests_;
};

inline http::ServerResponse json_answer(std::string body, int status = 200)
{
    http::ServerResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

}  // namespace pollhook::test
