#include "pollhook/http/address_guard.hpp"
#include "pollhook/sink/hub_signature.hpp"
#include "pollhook/sink/signature.hpp"
#include "webhook_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace pollhook::sink {
namespace {

constexpr std::string_view signing_key = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";
constexpr std::string_view public_key = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

using CredentialsTest = WebhookTest;

TEST_F(CredentialsTest, ShowsUserAndPassword)
{
    config_.auth.method = config::AuthMethod::basic;
    config_.auth.username = "Aladdin";
    config_.auth.password = config::Secret("open sesame");
    EXPECT_TRUE(deliver_to(answer("200 OK")).delivered);
    // RFC 7617, section 2.
    EXPECT_EQ(field(peer_.requests().front(), "Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(CredentialsTest, EncodesALongPasswordInOnePiece)
{
    config_.auth.method = config::AuthMethod::basic;
    config_.auth.username = "u";
    config_.auth.password = config::Secret(std::string(1000, 'p'));
    EXPECT_TRUE(deliver_to(answer("200 OK")).delivered);
    const std::string value = field(peer_.requests().front(), "Authorization");
    EXPECT_EQ(value.size(), 6U + 1336U);
    EXPECT_EQ(value.find('='), std::string::npos);
}

TEST_F(CredentialsTest, ShowsABearerToken)
{
    config_.auth.method = config::AuthMethod::bearer;
    config_.auth.token = config::Secret("t0ken");
    EXPECT_TRUE(deliver_to(answer("200 OK")).delivered);
    EXPECT_EQ(field(peer_.requests().front(), "Authorization"), "Bearer t0ken");
}

TEST_F(CredentialsTest, A401ForAFixedTokenIsTheAnswer)
{
    config_.auth.method = config::AuthMethod::bearer;
    config_.auth.token = config::Secret("t0ken");
    const Outcome outcome = deliver_to(answer("401 Who"));
    EXPECT_EQ(outcome.http_status, 401);
    EXPECT_EQ(peer_.requests().size(), 1U);
}

TEST_F(CredentialsTest, SignsWithAllKeysInEveryFormat)
{
    config_.secret = config::Secret(secret);
    config_.previous_secrets.emplace_back("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    config_.signing_key = config::Secret(signing_key);
    config_.hub_secret = config::Secret("hub");
    using config::Format;
    for (const Format format :
         {Format::standard, Format::cloudevents, Format::cloudevents_binary, Format::bare}) {
        sink_.reset();
        config_.format = format;
        peer_.expect_connection(
            {test::read_request(), test::send_bytes(answer("200 OK", "Connection: close\r\n"))}
        );
        EXPECT_TRUE(deliver(progress_message()).delivered);
        const std::string& request = peer_.requests().back();
        for (const std::string_view key :
             {secret, std::string_view("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), public_key}) {
            const std::array keys{key};
            EXPECT_TRUE(verify(
                keys,
                field(request, "webhook-id"),
                field(request, "webhook-timestamp"),
                body_of(request),
                field(request, "webhook-signature")
            )) << key;
        }
        std::string hub;
        HubSigner("hub").append_to(hub, body_of(request));
        EXPECT_EQ(field(request, "X-Hub-Signature-256"), hub);
    }
    EXPECT_EQ(sink().public_key(), public_key);
}

TEST_F(CredentialsTest, RefusesASigningKeyWithoutASecret)
{
    config_.signing_key = config::Secret(signing_key);
    EXPECT_THROW(sink(), std::invalid_argument);
}

TEST_F(CredentialsTest, TasksUrlsGetTheSameSignatures)
{
    const http::AddressGuard guard{{*http::parse_network("127.0.0.0/8")}, {}, true};
    config::TaskWebhooks task_webhooks;
    task_webhooks.signing_secret = config::Secret(secret);
    task_webhooks.previous_secrets.emplace_back("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    task_webhooks.signing_key = config::Secret(signing_key);
    sink_ = make_task_webhooks(task_webhooks, delivery_, guard, surroundings_);
    EXPECT_EQ(sink_->public_key(), public_key);
    Message message = progress_message();
    const std::string url = peer_.origin().text() + "/t";
    message.url = url;
    peer_.expect_connection({test::read_request(), test::send_bytes(answer("200 OK"))});
    EXPECT_TRUE(deliver(message).delivered);
    const std::string value = field(peer_.requests().front(), "webhook-signature");
    EXPECT_EQ(std::ranges::count(value, ' '), 2);
    EXPECT_NE(value.find(" v1a,"), std::string::npos);
}

}  // namespace
}  // namespace pollhook::sink
