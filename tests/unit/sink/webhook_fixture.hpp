#pragma once

#include "fixture.hpp"
#include "pollhook/config/secret.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/sink/factory.hpp"
#include "support/manual_clock.hpp"
#include "support/raw_peer.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::sink {

inline constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

inline std::string answer(std::string_view status, std::string_view fields = {}, std::string_view body = {})
{
    return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// The value of a field of a request as it came.
inline std::string field(const std::string& request, const std::string& name)
{
    const std::string start = "\r\n" + name + ": ";
    const std::size_t at = request.find(start);
    if (at == std::string::npos)
        return {};
    const std::size_t from = at + start.size();
    return request.substr(from, request.find("\r\n", from) - from);
}

inline std::string body_of(const std::string& request)
{
    return request.substr(request.find("\r\n\r\n") + 4);
}

/// A webhook sink, its receiver, and time by hand.
class WebhookTest : public testing::Test {
protected:
    WebhookTest()
    {
        surroundings_.clock = &clock_;
        surroundings_.client = &client_;
        surroundings_.loop = loop_.get_executor();
        surroundings_.file_writer = loop_.get_executor();
        config_.name = "ops";
        config_.url = peer_.origin().text() + "/hook?token=1";
    }

    void TearDown() override
    {
        sink_.reset();
        run_until_done(loop_, client_.close());
        run_until_done(loop_, peer_.stop());
    }

    Sink& sink()
    {
        if (!sink_)
            sink_ = make_sink(config_, delivery_, surroundings_);
        return *sink_;
    }

    Outcome deliver(const Message& message) { return run_until_done(loop_, sink().deliver(message)); }

    Outcome deliver_to(std::string reply)
    {
        peer_.expect_connection({test::read_request(), test::send_bytes(std::move(reply))});
        return deliver(progress_message());
    }

    void wait_for_request() { wait_for_requests(peer_, 1); }

    void wait_for_requests(const test::RawPeer& peer, std::size_t count)
    {
        run_until([&] { return peer.requests().size() >= count; });
    }

    template <class Condition>
    void run_until(const Condition& holds)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        loop_.restart();
        while (!holds())
            if (loop_.run_one_until(deadline) == 0)
                throw std::runtime_error("what was waited for never happened");
    }

    /// A delivery under way; it can be called back.
    struct Delivery {
        Message message;
        std::optional<Outcome> outcome;
        boost::asio::cancellation_signal stop;
    };

    /// Begins when the loop runs next, so that several can begin together.
    std::unique_ptr<Delivery> start(const Message& message)
    {
        auto delivery = std::make_unique<Delivery>();
        delivery->message = message;
        boost::asio::co_spawn(
            loop_,
            sink().deliver(delivery->message),
            boost::asio::bind_cancellation_slot(
                delivery->stop.slot(),
                [raw = delivery.get()](std::exception_ptr, Outcome outcome) {
                    raw->outcome = std::move(outcome);
                }
            )
        );
        return delivery;
    }

    /// On the loop, where a coroutine's cancellation has to come from.
    void call_back(const std::unique_ptr<Delivery>& delivery)
    {
        boost::asio::post(loop_, [raw = delivery.get()] {
            raw->stop.emit(boost::asio::cancellation_type::terminal);
        });
        clock_.drain();
    }

    const Outcome& outcome_of(const std::unique_ptr<Delivery>& delivery)
    {
        run_until([&] { return delivery->outcome.has_value(); });
        return *delivery->outcome;
    }

    boost::asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    test::RawPeer peer_{loop_};
    http::Client client_{loop_, clock_, http::ClientOptions()};
    Surroundings surroundings_;
    config::Sink config_;
    config::Delivery delivery_;
    std::unique_ptr<Sink> sink_;
};

}  // namespace pollhook::sink
