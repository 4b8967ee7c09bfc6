#include "pollhook/sink/signature.hpp"

#include "pollhook/sink/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace pollhook::sink {
namespace {

struct Vector {
    std::string_view secret;
    std::string_view id;
    std::int64_t timestamp;
    std::string_view body;
    std::string_view signature;
};

// delivery.md section 1
constexpr Vector a{
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    R"({"test": 2432232314})",
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
};
constexpr Vector b{
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    1649367553,
    R"({"email":"test@example.com","username":"test_user"})",
    "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
};

std::string sign(const Vector& vector)
{
    return Signer::make(vector.secret)->sign(vector.id, vector.timestamp, vector.body);
}

bool verify_a(std::string_view body, std::string_view header)
{
    const std::array secrets{a.secret};
    return verify(secrets, a.id, "1614265330", body, header);
}

TEST(SignatureTest, MatchesThePublishedVectors)
{
    EXPECT_EQ(sign(a), a.signature);
    EXPECT_EQ(sign(b), b.signature);
}

TEST(SignatureTest, IsTheSameEachTimeAKeyIsUsed)
{
    const Signer signer = *Signer::make(a.secret);
    EXPECT_EQ(signer.sign(a.id, a.timestamp, a.body), a.signature);
    EXPECT_NE(signer.sign(b.id, b.timestamp, b.body), b.signature);
    EXPECT_EQ(signer.sign(a.id, a.timestamp, a.body), a.signature);
}

TEST(SignatureTest, SignsWithPreviousSecretsBesideTheCurrentOne)
{
    const std::array previous{b.secret};
    const std::string both = Signer::make(a.secret, previous)->sign(a.id, a.timestamp, a.body);
    const std::string by_b = Signer::make(b.secret)->sign(a.id, a.timestamp, a.body);
    EXPECT_EQ(both, std::string(a.signature) + " " + by_b);
}

TEST(SignatureTest, TakesTheLongestAndTheShortestKey)
{
    const std::string longest = "whsec_" + std::string(84, 'A') + "AA==";
    const std::string shortest = "whsec_" + std::string(32, 'A');
    EXPECT_TRUE(Signer::make(longest).has_value());
    EXPECT_TRUE(Signer::make(shortest).has_value());
}

TEST(SignatureTest, RefusesMalformedSecrets)
{
    for (const std::string& secret :
         {std::string(),
          std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          std::string("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          "whsec_" + std::string(28, 'A'),
          "whsec_" + std::string(88, 'A'),
          "whsec_" + std::string(400, 'A'),
          std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"),
          std::string("whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaS"),
          std::string("whsec_MfKQ9r8GKYqr=wjUPD8ILPZIo2LaLaSw")}) {
        const auto signer = Signer::make(secret);
        ASSERT_FALSE(signer.has_value()) << secret;
        EXPECT_EQ(signer.error(), Errc::malformed_secret);
    }
    const std::array<std::string_view, 1> previous{"whsec_short"};
    EXPECT_FALSE(Signer::make(a.secret, previous).has_value());
}

TEST(SignatureTest, VerifiesWhatAnySecretSigned)
{
    const std::array secrets{b.secret, a.secret};
    EXPECT_TRUE(verify(secrets, a.id, "1614265330", a.body, a.signature));
    EXPECT_TRUE(verify_a(a.body, "v1a,AAAA v1,BBBB " + std::string(a.signature)));
}

TEST(SignatureTest, RefusesWhatWasChangedOnTheWay)
{
    const std::array secrets{a.secret};
    EXPECT_FALSE(verify_a(R"({"test": 2432232315})", a.signature));
    EXPECT_FALSE(verify(secrets, "msg_other", "1614265330", a.body, a.signature));
    EXPECT_FALSE(verify(secrets, a.id, "1614265331", a.body, a.signature));
    const std::array<std::string_view, 2> others{b.secret, "whsec_malformed"};
    EXPECT_FALSE(verify(others, a.id, "1614265330", a.body, a.signature));
}

TEST(SignatureTest, RefusesHeadersWithoutAV1Signature)
{
    const std::string digits(a.signature.substr(3));
    for (const std::string& header :
         {std::string(),
          std::string(" "),
          digits,
          "v2," + digits,
          "v1" + digits,
          "v1," + digits + "=",
          "v1,," + digits,
          std::string(a.signature.substr(0, 46))})
        EXPECT_FALSE(verify_a(a.body, header)) << header;
}

}  // namespace
}  // namespace pollhook::sink
