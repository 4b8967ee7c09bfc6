#include "token_answer.hpp"
#include "webhook_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pollhook::sink {
namespace {

std::string token_reply(std::string_view token, std::string_view rest = R"(,"expires_in":3600)")
{
    return answer(
        "200 OK",
        "Content-Type: application/json\r\n",
        R"({"token_type":"Bearer","access_token":")" + std::string(token) + "\"" + std::string(rest) + "}"
    );
}

class TokenTest : public WebhookTest {
protected:
    TokenTest()
    {
        config_.auth.method = config::AuthMethod::oauth2;
        config_.auth.token_url = issuer_.origin().text() + "/token?tenant=1";
        config_.auth.client_id = "me & you";
        config_.auth.client_secret = config::Secret("key:with/signs");
    }

    void TearDown() override
    {
        WebhookTest::TearDown();
        run_until_done(loop_, issuer_.stop());
    }

    /// One connection for each reply, since time passes between them.
    void expect(test::RawPeer& peer, const std::vector<std::string>& replies)
    {
        for (const std::string& reply : replies)
            peer.expect_connection({test::read_request(), test::send_bytes(reply), test::close_connection()});
    }

    [[nodiscard]] std::string authorization(std::size_t request) const
    {
        return field(peer_.requests().at(request), "Authorization");
    }

    test::RawPeer issuer_{loop_};
};

TEST_F(TokenTest, AsksForATokenAndKeepsIt)
{
    config_.auth.scope = "events.write all";
    config_.auth.audience = "https://them/";
    expect(issuer_, {token_reply("t1")});
    expect(peer_, {answer("200 OK"), answer("200 OK")});
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_EQ(authorization(0), "Bearer t1");
    EXPECT_EQ(authorization(1), "Bearer t1");

    ASSERT_EQ(issuer_.requests().size(), 1U);
    const std::string& request = issuer_.requests().front();
    EXPECT_TRUE(request.starts_with("POST /token?tenant=1 HTTP/1.1\r\n"));
    EXPECT_EQ(field(request, "Content-Type"), "application/x-www-form-urlencoded");
    // printf 'me+%%26+you:key%%3Awith%%2Fsigns' | base64
    EXPECT_EQ(field(request, "Authorization"), "Basic bWUrJTI2K3lvdTprZXklM0F3aXRoJTJGc2lnbnM=");
    EXPECT_EQ(
        body_of(request),
        "grant_type=client_credentials&scope=events.write+all&audience=https%3A%2F%2Fthem%2F"
    );
}

TEST_F(TokenTest, RenewsATokenBeforeItEnds)
{
    expect(issuer_, {token_reply("t1", R"(,"expires_in":100)"), token_reply("t2", R"(,"expires_in":3600)")});
    expect(peer_, {answer("200 OK"), answer("200 OK"), answer("200 OK"), answer("200 OK")});
    EXPECT_TRUE(deliver(progress_message()).delivered);
    clock_.advance(std::chrono::milliseconds(79'999));
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_EQ(authorization(1), "Bearer t1");
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_EQ(authorization(2), "Bearer t2");
    clock_.advance(std::chrono::seconds(3539));
    EXPECT_TRUE(deliver(progress_message()).delivered) << "a minute is early enough";
    EXPECT_EQ(issuer_.requests().size(), 2U);
}

TEST_F(TokenTest, UsesTheOldTokenWhileItsRenewalFailsOrIsUnderWay)
{
    expect(issuer_, {token_reply("t1", R"(,"expires_in":100)"), answer("500 Oops")});
    expect(peer_, {answer("200 OK"), answer("200 OK"), answer("200 OK")});
    EXPECT_TRUE(deliver(progress_message()).delivered);
    clock_.advance(std::chrono::seconds(85));
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_EQ(authorization(1), "Bearer t1");
    EXPECT_EQ(issuer_.requests().size(), 2U);

    issuer_.expect_connection({test::read_request(), test::hang()});
    clock_.advance(std::chrono::seconds(5));
    const auto renews = start(progress_message());
    wait_for_requests(issuer_, 3);
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_EQ(authorization(2), "Bearer t1");
    call_back(renews);
    EXPECT_TRUE(outcome_of(renews).cancelled);
}

TEST_F(TokenTest, ReplacesARefusedTokenOnceWithinTheAttempt)
{
    expect(issuer_, {token_reply("t1"), token_reply("t2"), token_reply("t3")});
    expect(peer_, {answer("401 Who"), answer("200 OK")});
    const Outcome outcome = deliver(progress_message());
    EXPECT_TRUE(outcome.delivered);
    EXPECT_EQ(outcome.http_status, 200);
    EXPECT_EQ(authorization(0), "Bearer t1");
    EXPECT_EQ(authorization(1), "Bearer t2");
    EXPECT_EQ(body_of(peer_.requests()[0]), body_of(peer_.requests()[1]));

    expect(peer_, {answer("401 Who"), answer("401 Who")});
    EXPECT_EQ(deliver(progress_message()).http_status, 401);
    EXPECT_EQ(issuer_.requests().size(), 3U);
    EXPECT_EQ(peer_.requests().size(), 4U);
}

TEST_F(TokenTest, AsksOnceForAllThatWait)
{
    expect(issuer_, {token_reply("t1")});
    expect(peer_, {answer("200 OK"), answer("200 OK"), answer("200 OK")});
    const auto first = start(progress_message());
    const auto second = start(progress_message());
    const auto third = start(progress_message());
    for (const auto* each : {&first, &second, &third})
        EXPECT_TRUE(outcome_of(*each).delivered);
    EXPECT_EQ(issuer_.requests().size(), 1U);
}

TEST_F(TokenTest, SharesAFailureAndForgetsItAfterASecond)
{
    expect(issuer_, {answer("503 Later", "Retry-After: 8\r\n")});
    const auto first = start(progress_message());
    const auto second = start(progress_message());
    for (const auto* each : {&first, &second}) {
        EXPECT_EQ(outcome_of(*each).error_class, "auth");
        EXPECT_EQ(outcome_of(*each).retry_after, std::chrono::seconds(8));
    }
    clock_.advance(std::chrono::milliseconds(999));
    EXPECT_EQ(deliver(progress_message()).error_class, "auth");
    EXPECT_EQ(issuer_.requests().size(), 1U);
    clock_.advance(std::chrono::milliseconds(1));
    expect(issuer_, {token_reply("t1")});
    expect(peer_, {answer("200 OK")});
    EXPECT_TRUE(deliver(progress_message()).delivered);
}

TEST_F(TokenTest, LeavesTheRequestToTheNextWhenTheAskerIsCalledBack)
{
    issuer_.expect_connection({test::read_request(), test::hang()});
    const auto first = start(progress_message());
    const auto second = start(progress_message());
    wait_for_requests(issuer_, 1);
    expect(issuer_, {token_reply("t1")});
    expect(peer_, {answer("200 OK")});
    call_back(first);
    EXPECT_TRUE(outcome_of(first).cancelled);
    EXPECT_TRUE(outcome_of(second).delivered);
}

TEST_F(TokenTest, DoesNotWaitForAHangingEndpointBeyondTheAttempt)
{
    config_.attempt_timeout = std::chrono::seconds(4);
    issuer_.expect_connection({test::read_request(), test::hang()});
    const auto delivery = start(progress_message());
    wait_for_requests(issuer_, 1);
    clock_.advance(std::chrono::seconds(4));
    EXPECT_EQ(outcome_of(delivery).error_class, "auth");
    EXPECT_EQ(delivery->outcome->total, std::chrono::seconds(4));
    EXPECT_EQ(peer_.connections(), 0U);
}

TEST_F(TokenTest, TellsWhyThereIsNone)
{
    const std::vector<std::pair<std::string, std::string>> answers{
        {answer("400 Bad", "", R"({"error":"invalid_client","access_token":"leak"})"),
         "the token endpoint answered HTTP 400: invalid_client"},
        {answer("302 Found", "Location: /elsewhere\r\n"),
         "the token endpoint answered HTTP 302 (redirects are not followed)"},
        {answer("200 OK", "", "token=t1"), "the token endpoint's answer is not a JSON object"},
        {answer("200 OK", "", "[]"), "the token endpoint's answer is not a JSON object"},
        {answer("200 OK", "", "{}"), "the token endpoint's answer holds no usable access_token"},
        {answer("200 OK", "", R"({"access_token":"a\r\nX: y"})"),
         "the token endpoint's answer holds no usable access_token"},
        {answer("200 OK", "", R"({"access_token":"t","token_type":"mac"})"),
         "the token endpoint gives tokens of type mac, not bearer"}
    };
    for (const auto& [reply, reason] : answers) {
        expect(issuer_, {reply});
        const Outcome outcome = deliver(progress_message());
        EXPECT_FALSE(outcome.delivered);
        EXPECT_EQ(outcome.error_class, "auth");
        EXPECT_EQ(outcome.http_status, 0);
        EXPECT_EQ(outcome.detail, reason);
        EXPECT_EQ(outcome.response_head, "");
        clock_.advance(std::chrono::seconds(1));
    }
    expect(issuer_, {token_reply("t1", ",\"x\":\"" + std::string(70'000, 'x') + "\"")});
    EXPECT_EQ(deliver(progress_message()).error_class, "auth");
    clock_.advance(std::chrono::seconds(1));
    EXPECT_TRUE(deliver(progress_message()).detail.starts_with("the token endpoint cannot be asked: "));
    EXPECT_EQ(peer_.connections(), 0U);
}

base::Duration lifetime(std::string_view expires_in)
{
    http::Response response;
    response.status = 200;
    response.body = R"({"access_token":"t")" + std::string(expires_in) + "}";
    const TokenAnswer read = read_token(response);
    EXPECT_EQ(read.token.reveal(), "t");
    return read.lifetime;
}

TEST(TokenAnswerTest, MakesSenseOfAbsurdLifetimes)
{
    EXPECT_EQ(lifetime(R"(,"expires_in":10)"), std::chrono::seconds(10));
    EXPECT_EQ(lifetime(R"(,"expires_in":10.5)"), base::Duration(10'500));
    EXPECT_EQ(lifetime(R"(,"expires_in":"10")"), std::chrono::seconds(10));
    EXPECT_EQ(lifetime(""), std::chrono::minutes(1));
    EXPECT_EQ(lifetime(R"(,"expires_in":null)"), std::chrono::minutes(1));
    EXPECT_EQ(lifetime(R"(,"expires_in":"soon")"), std::chrono::minutes(1));
    EXPECT_EQ(lifetime(R"(,"expires_in":-1)"), base::Duration(0));
    EXPECT_EQ(lifetime(R"(,"expires_in":1e300)"), std::chrono::hours(24));
}

TEST_F(TokenTest, UsesATokenThatEndsAtOnceForOneAttempt)
{
    expect(issuer_, {token_reply("t1", R"(,"expires_in":0)"), token_reply("t2", R"(,"expires_in":0)")});
    expect(peer_, {answer("200 OK"), answer("200 OK")});
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_TRUE(deliver(progress_message()).delivered);
    EXPECT_EQ(authorization(1), "Bearer t2");
}

}  // namespace
}  // namespace pollhook::sink
