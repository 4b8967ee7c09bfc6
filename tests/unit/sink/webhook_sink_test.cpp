#include "pollhook/config/secret.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/sink/factory.hpp"
#include "pollhook/sink/signature.hpp"
#include "webhook_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>

namespace pollhook::sink {
namespace {

namespace asio = boost::asio;

using WebhookSinkTest = WebhookTest;

TEST_F(WebhookSinkTest, DeliversWithA200)
{
    config_.secret = config::Secret(secret);
    const std::string_view other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    config_.previous_secrets.emplace_back(other);
    config::Header header;
    header.name = "X-Env";
    header.value = config::Secret("prod");
    config_.headers.push_back(header);

    const Outcome outcome = deliver_to(answer("200 OK", "Retry-After: 5\r\n", "thanks"));

    EXPECT_TRUE(outcome.delivered);
    EXPECT_FALSE(outcome.cancelled);
    EXPECT_EQ(outcome.http_status, 200);
    EXPECT_EQ(outcome.error_class, "");
    EXPECT_EQ(outcome.retry_after, std::nullopt);
    EXPECT_EQ(outcome.response_head, "thanks");
    EXPECT_EQ(outcome.peer, "127.0.0.1:" + std::to_string(peer_.port()));

    ASSERT_EQ(peer_.requests().size(), 1U);
    const std::string& request = peer_.requests().front();
    EXPECT_TRUE(request.starts_with("POST /hook?token=1 HTTP/1.1\r\n")) << request;
    EXPECT_EQ(body_of(request), standard_body);
    EXPECT_EQ(field(request, "Content-Type"), "application/json");
    EXPECT_EQ(field(request, "X-Env"), "prod");
    EXPECT_EQ(field(request, "pollhook-attempt"), "2");
    for (const std::string_view one : {secret, other}) {
        const std::array secrets{one};
        EXPECT_TRUE(verify(
            secrets,
            field(request, "webhook-id"),
            field(request, "webhook-timestamp"),
            body_of(request),
            field(request, "webhook-signature")
        ));
    }
}

TEST_F(WebhookSinkTest, DeliversWithA204)
{
    const Outcome outcome = deliver_to("HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_TRUE(outcome.delivered);
    EXPECT_EQ(outcome.http_status, 204);
}

TEST_F(WebhookSinkTest, SendsTheConfiguredFormat)
{
    config_.format = config::Format::cloudevents;
    const Outcome outcome = deliver_to(answer("200 OK"));
    EXPECT_TRUE(outcome.delivered);
    const std::string& request = peer_.requests().front();
    EXPECT_EQ(field(request, "Content-Type"), "application/cloudevents+json; charset=utf-8");
    EXPECT_TRUE(body_of(request).starts_with(R"({"specversion":"1.0",)"));
    EXPECT_EQ(field(request, "webhook-signature"), "");
}

TEST_F(WebhookSinkTest, FollowsNoRedirect)
{
    const Outcome outcome = deliver_to(answer("302 Found", "Location: /elsewhere\r\n"));
    EXPECT_FALSE(outcome.delivered);
    EXPECT_EQ(outcome.http_status, 302);
    EXPECT_EQ(outcome.error_class, "http");
    EXPECT_EQ(outcome.detail, "HTTP 302 (redirects are not followed)");
    EXPECT_EQ(peer_.requests().size(), 1U);
}

TEST_F(WebhookSinkTest, TellsThatTheReceiverIsGone)
{
    const Outcome outcome = deliver_to(answer("410 Gone"));
    EXPECT_FALSE(outcome.delivered);
    EXPECT_EQ(outcome.http_status, 410);
    EXPECT_EQ(outcome.error_class, "http");
}

TEST_F(WebhookSinkTest, KeepsTheReasonOfAServerError)
{
    const Outcome outcome = deliver_to(answer("500 Oops", "Retry-After: 120\r\n", R"({"error":"database"})"));
    EXPECT_FALSE(outcome.delivered);
    EXPECT_EQ(outcome.http_status, 500);
    EXPECT_EQ(outcome.error_class, "http");
    EXPECT_EQ(outcome.detail, "HTTP 500");
    EXPECT_EQ(outcome.response_head, R"({"error":"database"})");
    EXPECT_EQ(outcome.retry_after, std::chrono::minutes(2));
}

TEST_F(WebhookSinkTest, ReadsARetryDateFromTheTimeOfTheAttempt)
{
    const Outcome outcome = deliver_to(answer("503 Later", "Retry-After: Sat, 21 Nov 2026 03:19:44 GMT\r\n"));
    EXPECT_EQ(outcome.retry_after, base::Duration(59'877));
}

TEST_F(WebhookSinkTest, ReadsNoMoreOfALargeAnswerThanItsLimit)
{
    delivery_.response_limit = 64 * 1024;
    const Outcome outcome = deliver_to(answer("200 OK", "", std::string(8 * 1024 * 1024, 'x')));
    EXPECT_TRUE(outcome.delivered);
    EXPECT_EQ(outcome.response_head, std::string(4096, 'x'));
}

TEST_F(WebhookSinkTest, GivesUpAHangingReceiverAtTheTimeout)
{
    config_.attempt_timeout = std::chrono::seconds(7);
    peer_.expect_connection({test::read_request(), test::hang()});
    const Message message = progress_message();
    std::optional<Outcome> outcome;
    asio::co_spawn(loop_, sink().deliver(message), [&](std::exception_ptr, Outcome result) {
        outcome = std::move(result);
    });
    wait_for_request();
    clock_.advance(std::chrono::milliseconds(6'999));
    EXPECT_FALSE(outcome);
    clock_.advance(std::chrono::milliseconds(1));
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->delivered);
    EXPECT_EQ(outcome->http_status, 0);
    EXPECT_EQ(outcome->error_class, "timeout");
    EXPECT_EQ(outcome->total, std::chrono::seconds(7));
}

TEST_F(WebhookSinkTest, TellsAResetConnection)
{
    peer_.expect_connection({test::read_request(), test::reset_connection()});
    const Outcome outcome = deliver(progress_message());
    EXPECT_FALSE(outcome.delivered);
    EXPECT_EQ(outcome.error_class, "reset");
    EXPECT_NE(outcome.detail, "");
}

TEST_F(WebhookSinkTest, ACancelledAttemptIsNoAttempt)
{
    peer_.expect_connection({test::read_request(), test::hang()});
    const Message message = progress_message();
    asio::cancellation_signal stop;
    std::optional<Outcome> outcome;
    std::exception_ptr failure;
    asio::co_spawn(
        loop_,
        sink().deliver(message),
        asio::bind_cancellation_slot(
            stop.slot(),
            [&](std::exception_ptr error, Outcome result) {
                failure = error;
                outcome = std::move(result);
            }
        )
    );
    wait_for_request();
    stop.emit(asio::cancellation_type::terminal);
    while (!outcome)
        loop_.run_one();
    EXPECT_FALSE(failure);
    EXPECT_TRUE(outcome->cancelled);
    EXPECT_FALSE(outcome->delivered);
}

TEST_F(WebhookSinkTest, AClosingClientCancels)
{
    run_until_done(loop_, client_.close());
    EXPECT_TRUE(deliver(progress_message()).cancelled);
}

TEST_F(WebhookSinkTest, RefusesAConfigurationThatCannotBeUsed)
{
    config_.url = "https://host:99999/";
    EXPECT_THROW(sink(), std::invalid_argument);
    config_.url = "https://host/";
    config_.secret = config::Secret("whsec_short");
    EXPECT_THROW(sink(), std::invalid_argument);
}

class TaskWebhookTest : public WebhookTest {
protected:
    Outcome deliver_to_url(std::string_view url, const http::AddressGuard& guard)
    {
        sink_ = make_task_webhooks(task_webhooks_, delivery_, guard, surroundings_);
        Message message = progress_message();
        message.url = url;
        return deliver(message);
    }

    const http::AddressGuard strict_{{}, {}, false};
    const http::AddressGuard open_{{*http::parse_network("127.0.0.0/8")}, {}, true};
    config::TaskWebhooks task_webhooks_;
};

TEST_F(TaskWebhookTest, PostsToTheTasksOwnUrl)
{
    task_webhooks_.signing_secret = config::Secret(secret);
    task_webhooks_.format = config::Format::bare;
    peer_.expect_connection({test::read_request(), test::send_bytes(answer("202 Accepted"))});
    const Outcome outcome = deliver_to_url(peer_.origin().text() + "/tasks/1?key=k", open_);
    EXPECT_TRUE(outcome.delivered) << outcome.detail;
    const std::string& request = peer_.requests().front();
    EXPECT_TRUE(request.starts_with("POST /tasks/1?key=k HTTP/1.1\r\n"));
    EXPECT_EQ(body_of(request), bare_body);
    EXPECT_TRUE(field(request, "webhook-signature").starts_with("v1,"));
}

TEST_F(TaskWebhookTest, ConnectsToNoBlockedAddress)
{
    const std::string port = std::to_string(peer_.port());
    for (const std::string& url :
         {"https://127.0.0.1:" + port + "/", "https://localhost:" + port + "/", std::string("https://[::1]/")
         }) {
        const Outcome outcome = deliver_to_url(url, strict_);
        EXPECT_FALSE(outcome.delivered);
        EXPECT_FALSE(outcome.cancelled);
        EXPECT_EQ(outcome.error_class, "blocked_address") << url;
        EXPECT_NE(outcome.detail, "");
    }
    EXPECT_EQ(peer_.connections(), 0U);
}

TEST_F(TaskWebhookTest, RefusesPlainHttpWhenItIsOff)
{
    const Outcome outcome = deliver_to_url(peer_.origin().text() + "/", strict_);
    EXPECT_EQ(outcome.error_class, "blocked_address");
    EXPECT_EQ(peer_.connections(), 0U);
}

TEST_F(TaskWebhookTest, RefusesWhatIsNoUrl)
{
    for (const std::string_view url :
         {"", "ftp://example.com/", "https://user:pw@example.com/", "https://h:0/"}) {
        const Outcome outcome = deliver_to_url(url, open_);
        EXPECT_FALSE(outcome.delivered);
        EXPECT_EQ(outcome.error_class, "protocol") << url;
        EXPECT_NE(outcome.detail, "");
    }
}

}  // namespace
}  // namespace pollhook::sink
