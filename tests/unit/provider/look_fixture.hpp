#pragma once

#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/provider/factory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::provider {

inline constexpr std::string_view test_key = "sk-canary-4f1d77";

inline http::ServerResponse json_answer(std::string body, int status = 200)
{
    http::ServerResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

inline std::vector<std::string> observed_ids(const LookResult& result)
{
    std::vector<std::string> ids;
    for (const task::Observation& seen : result.answer.observations)
        ids.emplace_back(seen.id);
    return ids;
}

/// The one observation of `id`; fails the test when there is none.
inline task::Observation observed(const LookResult& result, std::string_view id)
{
    for (const task::Observation& seen : result.answer.observations)
        if (seen.id == id)
            return seen;
    ADD_FAILURE() << "no observation of " << id;
    return {};
}

inline std::vector<std::string> ids_from(std::size_t first, std::size_t count)
{
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < count; ++i)
        ids.push_back(std::to_string(first + i));
    return ids;
}

/// A provider that asks a scripted relay over real sockets, all on one loop.
class LookFixture : public testing::Test {
protected:
    using Script = std::function<http::ServerResponse(const http::ServerRequest&)>;

    LookFixture()
    {
        settings_.name = "relay";
        settings_.api_key = config::Secret(test_key);
        settings_.request_timeout = std::chrono::seconds(10);
    }

    void SetUp() override
    {
        server_.open();
        settings_.base_url = "http://127.0.0.1:" + std::to_string(server_.endpoints().front().port());
        serving_.spawn(server_.run());
    }

    void TearDown() override
    {
        run(client_.close());
        serving_.cancel();
        run(serving_.join());
    }

    template <class T>
    T run(boost::asio::awaitable<T> task)
    {
        std::future<T> result = boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future);
        loop_.restart();
        while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
            loop_.run_one();
        return result.get();
    }

    Provider& provider()
    {
        if (!provider_)
            provider_ = make_provider(settings_, clock_, client_);
        return *provider_;
    }

    LookResult look(const std::vector<std::string>& ids)
    {
        requests_.clear();
        return run(provider().look(ids));
    }

    LookResult discover()
    {
        requests_.clear();
        return run(provider().discover());
    }

    /// A look that gets `response` to each of its requests.
    LookResult look_at(http::ServerResponse response, const std::vector<std::string>& ids)
    {
        script_ = [&](const http::ServerRequest&) { return response; };
        return look(ids);
    }

    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    http::Client client_{loop_, clock_, http::ClientOptions()};
    config::Provider settings_;
    Script script_;
    std::vector<http::ServerRequest> requests_;

private:
    static http::ServerOptions options()
    {
        http::ServerOptions options;
        options.listen.emplace_back("127.0.0.1:0");
        return options;
    }

    /// `fixture` lives longer than its server.
    static boost::asio::awaitable<http::ServerResponse> respond(
        LookFixture& fixture, const http::ServerRequest& request
    )
    {
        fixture.requests_.push_back(request);
        http::ServerResponse response = fixture.script_(request);
        co_return response;
    }

    http::Server server_{loop_, clock_, options(), [this](const http::ServerRequest& request) {
                             return respond(*this, request);
                         }};
    base::TaskGroup serving_{loop_.get_executor()};
    std::unique_ptr<Provider> provider_;
};

}  // namespace pollhook::provider
