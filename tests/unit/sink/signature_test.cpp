#include "pollhook/sink/signature.hpp"

#include "pollhook/sink/error.hpp"
#include "pollhook/sink/hub_signature.hpp"
#include "pollhook/sink/key_generation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

// The vectors of the Standard Webhooks libraries.
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

constexpr std::string_view private_c =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
constexpr std::string_view seed_c = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";
constexpr std::string_view public_c = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
constexpr std::string_view signature_c =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

TEST(SignatureTest, SignsWithEd25519BesideTheSecrets)
{
    const std::string v1_and_v1a = std::string(a.signature) + " " + std::string(signature_c);
    for (const std::string_view key : {private_c, seed_c}) {
        const Signer signer = *Signer::make(a.secret, {}, key);
        EXPECT_EQ(signer.sign(a.id, a.timestamp, a.body), v1_and_v1a);
        EXPECT_EQ(signer.sign(a.id, a.timestamp, a.body), v1_and_v1a) << "again";
        EXPECT_EQ(signer.public_key(), public_c);
    }
    const std::array previous{b.secret};
    const std::string three = Signer::make(a.secret, previous, seed_c)->sign(a.id, a.timestamp, a.body);
    EXPECT_TRUE(three.starts_with(std::string(a.signature) + " v1,"));
    EXPECT_TRUE(three.ends_with(" " + std::string(signature_c)));
    EXPECT_EQ(std::ranges::count(three, ','), 3) << "one in each token";
    EXPECT_EQ(Signer::make(a.secret)->public_key(), "");
}

TEST(SignatureTest, RefusesMalformedSigningKeys)
{
    std::string another_public(private_c);
    another_public[another_public.size() - 10] = 'A';
    for (const std::string& key :
         {std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          std::string("whsk_"),
          std::string(public_c),
          std::string("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          std::string(private_c) + "AAAA",
          another_public}) {
        const auto signer = Signer::make(a.secret, {}, key);
        ASSERT_FALSE(signer.has_value()) << key;
        EXPECT_EQ(signer.error(), Errc::malformed_signing_key);
    }
    EXPECT_EQ(Signer::make("", {}, private_c).error(), Errc::malformed_secret);
}

TEST(SignatureTest, VerifiesWithThePublicKey)
{
    const std::array keys{public_c};
    const std::string header = "v1,AAAA " + std::string(signature_c);
    EXPECT_TRUE(verify(keys, a.id, "1614265330", a.body, header));
    EXPECT_FALSE(verify(keys, a.id, "1614265331", a.body, header));
    EXPECT_FALSE(verify(keys, a.id, "1614265330", "{}", header));
    EXPECT_FALSE(verify(keys, a.id, "1614265330", a.body, a.signature)) << "v1 is another key's";
    for (const std::string_view bad : {"v1a,", "v1a,AAAA", "v1a,hnO3f9T8", "v1a"})
        EXPECT_FALSE(verify(keys, a.id, "1614265330", a.body, bad)) << bad;
    const std::array<std::string_view, 1> malformed{"whpk_AAAA"};
    EXPECT_FALSE(verify(malformed, a.id, "1614265330", a.body, header));
}

TEST(KeyGenerationTest, MakesKeysThatSignAndVerify)
{
    const config::Secret whsec = generate_secret();
    const KeyPair pair = generate_key_pair();
    EXPECT_EQ(whsec.reveal().size(), 6U + 44U);
    EXPECT_EQ(pair.signing_key.reveal().size(), 5U + 88U);
    EXPECT_FALSE(whsec == generate_secret());
    const Signer signer = *Signer::make(whsec.reveal(), {}, pair.signing_key.reveal());
    EXPECT_EQ(signer.public_key(), pair.public_key);
    const std::string header = signer.sign(a.id, a.timestamp, a.body);
    const std::array<std::string_view, 1> secrets{whsec.reveal()};
    const std::array<std::string_view, 1> keys{pair.public_key};
    EXPECT_TRUE(verify(secrets, a.id, "1614265330", a.body, header));
    EXPECT_TRUE(verify(keys, a.id, "1614265330", a.body, header));
}

TEST(HubSignatureTest, IsWhatGitHubPublishes)
{
    std::string value;
    HubSigner("It's a Secret to Everybody").append_to(value, "Hello, World!");
    EXPECT_EQ(value, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST(HubSignatureTest, TakesKeysOfAnyLength)
{
    // RFC 4231, test cases 2 and 6.
    std::string value;
    HubSigner("Jefe").append_to(value, "what do ya want for nothing?");
    EXPECT_EQ(value, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    value.clear();
    HubSigner(std::string(131, '\xaa'))
        .append_to(value, "Test Using Larger Than Block-Size Key - Hash Key First");
    EXPECT_EQ(value, "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
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
