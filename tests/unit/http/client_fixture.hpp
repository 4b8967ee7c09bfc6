#pragma once

#include "pollhook/base/system_clock.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/net_connector.hpp"
#include "support/raw_peer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>

namespace pollhook::http {

/// A client and a scripted peer on one loop, which runs while the test waits for something.
class ClientFixture : public testing::Test {
protected:
    ClientFixture() : client_(std::make_unique<Client>(loop_, clock_, ClientOptions())) {}
    /// Trusts the authorities of `ca_file` only, and takes its look-ups from `ask`.
    ClientFixture(const std::string& ca_file, const Resolver::Ask& ask)
        : client_(std::make_unique<Client>(
              loop_, clock_, ClientOptions(), std::make_unique<NetConnector>(loop_, clock_, ca_file, ask)
          ))
    {
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

    void TearDown() override
    {
        run(client_->close());
        run(peer_.stop());
    }

    Request post(const Origin& origin, std::string_view body = "{}") const
    {
        Request request;
        request.method = "POST";
        request.origin = &origin;
        request.target = "/hook?x=1";
        request.fields = "Content-Type: application/json\r\n";
        request.body = body;
        return request;
    }

    Exchange send(const Request& request) { return run(client_->send(request)); }
    Exchange send() { return send(post(origin_)); }

    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    test::RawPeer peer_{loop_};
    Origin origin_ = peer_.origin();
    std::unique_ptr<Client> client_;
};

inline std::string answer(std::string_view body, std::string_view fields = {})
{
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

}  // namespace pollhook::http
