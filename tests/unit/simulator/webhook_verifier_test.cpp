#include "pollhook/simulator/webhook_verifier.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace pollhook::simulator {
namespace {

struct Vector {
    std::string secret;
    std::string id;
    std::int64_t timestamp;
    std::string body;
    std::string signature;
};

// The vectors of Standard Webhooks' reference libraries.
const Vector a{
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    R"({"test": 2432232314})",
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
};
const Vector b{
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    1649367553,
    R"({"email":"test@example.com","username":"test_user"})",
    "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
};

constexpr base::Duration tolerance = std::chrono::minutes(5);

base::TimePoint at(std::int64_t seconds)
{
    return base::from_unix_ms(seconds * 1000);
}

Verdict verify(const Vector& v, const std::string& signature)
{
    const std::vector<std::string> secrets{v.secret};
    return WebhookVerifier(secrets, tolerance)
        .verify(v.id, std::to_string(v.timestamp), signature, v.body, at(v.timestamp));
}

TEST(WebhookVerifierTest, AcceptsThePublishedVectors)
{
    EXPECT_EQ(verify(a, a.signature), Verdict::genuine);
    EXPECT_EQ(verify(b, b.signature), Verdict::genuine);
}

TEST(WebhookVerifierTest, FindsTheRightOneAmongSeveralSignaturesAndSecrets)
{
    EXPECT_EQ(verify(a, "v1a,AAAA " + b.signature + " " + a.signature), Verdict::genuine);
    const std::vector<std::string> secrets{b.secret, a.secret};
    const WebhookVerifier verifier(secrets, tolerance);
    EXPECT_EQ(
        verifier.verify(a.id, std::to_string(a.timestamp), a.signature, a.body, at(a.timestamp)),
        Verdict::genuine
    );
}

TEST(WebhookVerifierTest, RefusesWhatDoesNotFit)
{
    const std::vector<std::string> secrets{a.secret};
    const WebhookVerifier verifier(secrets, tolerance);
    const std::string time = std::to_string(a.timestamp);
    EXPECT_EQ(verifier.verify(a.id, time, a.signature, a.body + " ", at(a.timestamp)), Verdict::no_match);
    EXPECT_EQ(verifier.verify("msg_x", time, a.signature, a.body, at(a.timestamp)), Verdict::no_match);
    EXPECT_EQ(
        verifier.verify(a.id, std::to_string(a.timestamp + 1), a.signature, a.body, at(a.timestamp)),
        Verdict::no_match
    );
    const std::string bare = a.signature.substr(3);
    const std::vector<std::string> others{"v1,", "v1", "v2," + bare, bare, "v1,AAAA"};
    for (const std::string& signature : others)
        EXPECT_EQ(verifier.verify(a.id, time, signature, a.body, at(a.timestamp)), Verdict::no_match)
            << signature;
    EXPECT_EQ(verify(a, b.signature), Verdict::no_match);
}

TEST(WebhookVerifierTest, KeepsToTheTimestampTolerance)
{
    const std::vector<std::string> secrets{a.secret};
    const WebhookVerifier verifier(secrets, tolerance);
    const std::string time = std::to_string(a.timestamp);
    EXPECT_EQ(verifier.verify(a.id, time, a.signature, a.body, at(a.timestamp + 300)), Verdict::genuine);
    EXPECT_EQ(verifier.verify(a.id, time, a.signature, a.body, at(a.timestamp + 301)), Verdict::too_old);
    EXPECT_EQ(verifier.verify(a.id, time, a.signature, a.body, at(a.timestamp - 301)), Verdict::too_new);
    EXPECT_EQ(verifier.verify(a.id, "12x", a.signature, a.body, at(a.timestamp)), Verdict::bad_timestamp);
    EXPECT_EQ(verifier.verify(a.id, "", a.signature, a.body, at(a.timestamp)), Verdict::missing_fields);
    EXPECT_EQ(verifier.verify("", time, a.signature, a.body, at(a.timestamp)), Verdict::missing_fields);
}

TEST(WebhookVerifierTest, RefusesABadSecretWithoutShowingIt)
{
    for (const std::string secret :
         {"", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!"}) {
        const std::vector<std::string> secrets{secret};
        try {
            const WebhookVerifier verifier(secrets, tolerance);
            ADD_FAILURE() << secret;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(std::string(e.what()).find("MfKQ"), std::string::npos);
        }
    }
}

TEST(WebhookVerifierTest, AcceptsAnEd25519SignatureOfThePublicKey)
{
    const std::string signature =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    const std::vector<std::string> keys{"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="};
    const WebhookVerifier verifier(keys, tolerance);
    const auto judge = [&](const std::string& signatures, const std::string& body) {
        return verifier.verify(a.id, std::to_string(a.timestamp), signatures, body, at(a.timestamp));
    };
    EXPECT_EQ(judge(signature, a.body), Verdict::genuine);
    EXPECT_EQ(judge(a.signature + " " + signature, a.body), Verdict::genuine);
    EXPECT_EQ(judge(signature, "{}"), Verdict::no_match);
    EXPECT_EQ(judge(a.signature, a.body), Verdict::no_match);
    EXPECT_EQ(judge("v1a,AAAA", a.body), Verdict::no_match);
    const std::vector<std::string> malformed{"whpk_AAAA"};
    EXPECT_THROW(WebhookVerifier(malformed, tolerance), std::invalid_argument);
}

TEST(WebhookVerifierTest, ChecksAHubSignature)
{
    // As GitHub publishes it.
    const std::string signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    EXPECT_TRUE(verify_hub("It's a Secret to Everybody", "Hello, World!", signature));
    EXPECT_FALSE(verify_hub("It's a Secret to Everybody", "Hello, World?", signature));
    EXPECT_FALSE(verify_hub("It's a Secret", "Hello, World!", signature));
    EXPECT_FALSE(verify_hub("It's a Secret to Everybody", "Hello, World!", signature.substr(7)));
    EXPECT_FALSE(verify_hub("", "", ""));
}

}  // namespace
}  // namespace pollhook::simulator
