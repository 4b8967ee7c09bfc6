#pragma once

#include "pollhook/base/system_clock.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/provider/factory.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::provider {

/// A provider and a scripted relay on one loop, which runs while the test waits for something.
class RelayFixture : public testing::Test {
protected:
    using Answering = std::function<http::ServerResponse(const http::ServerRequest&)>;

    RelayFixture()
    {
        server_.open();
        served_ = boost::asio::co_spawn(loop_, server_.run(), boost::asio::use_future);
        settings_.name = "relay";
        settings_.base_url = "http://127.0.0.1:" + std::to_string(server_.endpoints().at(0).port());
        settings_.api_key = config::Secret("sk-0123456789abcdef");
        settings_.request_timeout = std::chrono::seconds(5);
    }

    void TearDown() override
    {
        run(client_.close());
        run(server_.stop(base::Duration(0)));
        wait_for(served_);
    }

    template <class T>
    T wait_for(std::future<T>& result)
    {
        loop_.restart();
        while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
            loop_.run_one();
        return result.get();
    }

    template <class T>
    T run(boost::asio::awaitable<T> task)
    {
        std::future<T> result = boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future);
        return wait_for(result);
    }

    [[nodiscard]] Provider& provider()
    {
        if (!provider_)
            provider_ = make_provider(settings_, clock_, client_);
        return *provider_;
    }

    LookResult look(const std::vector<std::string>& ids)
    {
        asked_.clear();
        return run(provider().look(ids));
    }

    /// What every request gets from now on.
    void answer(int status, std::string body, std::string content_type = "application/json")
    {
        http::ServerResponse response;
        response.status = status;
        response.body = std::move(body);
        response.content_type = std::move(content_type);
        answering_ = [response](const http::ServerRequest&) { return response; };
    }

    boost::asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request)
    {
        asked_.push_back(request);
        co_return answering_(request);
    }

    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    config::Provider settings_;
    Answering answering_;
    std::vector<http::ServerRequest> asked_;  ///< by the last look
    http::Server server_{
        loop_,
        clock_,
        [] {
            http::ServerOptions options;
            options.listen = {"127.0.0.1:0"};
            return options;
        }(),
        [this](const http::ServerRequest& request) { return respond(request); }
    };
    http::Client client_{loop_, clock_, http::ClientOptions()};
    std::unique_ptr<Provider> provider_;
    std::future<void> served_;
};

inline http::ServerResponse json_answer(std::string body, int status = 200)
{
    http::ServerResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

/// The ids of an answer's observations, in their order.
inline std::vector<std::string> seen(const LookResult& result)
{
    std::vector<std::string> ids;
    for (const task::Observation& observation : result.answer.observations)
        ids.emplace_back(observation.id);
    return ids;
}

}  // namespace pollhook::provider
