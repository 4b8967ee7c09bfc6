#include "fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollhook::config {
namespace {

using testing::ElementsAre;

std::string provider_with(std::string_view api_key)
{
    return "[[provider]]\nname = 'a'\ntype = 'ohmygpt'\nbase_url = 'https://h'\napi_key = " +
           std::string(api_key) + "\n";
}

std::string key_of(std::string_view api_key, const Environment& environment)
{
    const Config config = good(provider_with(api_key), environment);
    return config.providers.empty() ? "none" : std::string(config.providers[0].api_key.reveal());
}

TEST(SecretLoadingTest, ComesFromTheTextTheEnvironmentAFileOrACredential)
{
    const TemporaryDirectory directory;
    const std::string file = directory.write("key", "from-file\n").string();
    directory.write("cred", "from-credential\r\n");
    const Environment environment =
        environment_of({{"KEY", "from-env"}, {"CREDENTIALS_DIRECTORY", directory.path().string()}});
    EXPECT_EQ(key_of("'from-text'", environment), "from-text");
    EXPECT_EQ(key_of("{ env = 'KEY' }", environment), "from-env");
    EXPECT_EQ(key_of("{ file = '" + file + "' }", environment), "from-file");
    EXPECT_EQ(key_of("{ credential = 'cred' }", environment), "from-credential");
}

TEST(SecretLoadingTest, SaysAtThePlaceWhatIsMissing)
{
    const TemporaryDirectory directory;
    const std::string base = directory.path().string();
    directory.write("empty", "\n");
    directory.write("big", std::string((64U << 10U) + 1, 'x'));
    const Environment environment = environment_of({{"EMPTY", ""}, {"CREDENTIALS_DIRECTORY", base}});
    const auto of = [&](const std::string& api_key) { return problems(provider_with(api_key), environment); };
    EXPECT_THAT(of("{ env = 'KEY' }"), ElementsAre("t:5:19: environment variable \"KEY\" is not set"));
    EXPECT_THAT(of("{ env = 'EMPTY' }"), ElementsAre("t:5:19: environment variable \"EMPTY\" is empty"));
    EXPECT_THAT(
        of("{ file = '" + base + "/no' }"), ElementsAre("t:5:20: secret file " + base + "/no does not exist")
    );
    EXPECT_THAT(
        of("{ file = '" + base + "' }"), ElementsAre("t:5:20: secret file " + base + " is a directory")
    );
    EXPECT_THAT(
        of("{ file = '" + base + "/empty' }"), ElementsAre("t:5:20: secret file " + base + "/empty is empty")
    );
    EXPECT_THAT(
        of("{ file = '" + base + "/big' }"),
        ElementsAre("t:5:20: secret file " + base + "/big is larger than 64KiB")
    );
    EXPECT_THAT(
        of("{ file = '/dev/zero' }"), ElementsAre("t:5:20: secret file /dev/zero is not a regular file")
    );
    EXPECT_THAT(of("{ file = 'key' }"), ElementsAre("t:5:20: \"file\" must be an absolute path"));
    EXPECT_THAT(
        of("{ credential = 'no' }"), ElementsAre("t:5:26: secret file " + base + "/no does not exist")
    );
    EXPECT_THAT(
        of("{ credential = '../no' }"), ElementsAre("t:5:26: a credential's name must not contain a slash")
    );
    EXPECT_THAT(
        problems(provider_with("{ credential = 'c' }")),
        ElementsAre("t:5:26: credential \"c\" cannot be read: CREDENTIALS_DIRECTORY is not set (see "
                    "LoadCredential= of "
                    "systemd)")
    );
}

TEST(SecretLoadingTest, RefusesOtherFormsWithoutRepeatingThem)
{
    const std::string forms = R"(a string, { env = "NAME" }, { file = "/path" } or { credential = "name" })";
    const auto of = [](const std::string& api_key) { return problems(provider_with(api_key)); };
    EXPECT_THAT(of("12345"), ElementsAre("t:5:11: \"api_key\" must be " + forms));
    EXPECT_THAT(of("{}"), ElementsAre("t:5:11: \"api_key\" must be " + forms));
    EXPECT_THAT(of("{ env = 'A', file = '/b' }"), ElementsAre("t:5:11: \"api_key\" must be " + forms));
    EXPECT_THAT(
        of("{ evn = 'A' }"),
        ElementsAre("t:5:13: unknown key \"evn\": \"api_key\" must be " + forms + " (did you mean \"env\"?)")
    );
    EXPECT_THAT(of("{ env = 1 }"), ElementsAre("t:5:19: \"env\" must be a string that is not empty"));
    EXPECT_THAT(of("''"), ElementsAre("t:5:11: \"api_key\" must not be empty"));
    EXPECT_THAT(
        of("\"a\\nb\""), ElementsAre("t:5:11: \"api_key\" must not contain white space or control characters")
    );
}

TEST(SecretLoadingTest, ChecksThatASigningSecretIsBase64Of24To64Bytes)
{
    const auto of = [](const std::string& secret) {
        return problems("task_webhooks.signing_secret = '" + secret + "'");
    };
    const auto base64_of = [](std::size_t bytes) {
        std::string digits((bytes * 8 + 5) / 6, 'A');
        digits.resize((digits.size() + 3) / 4 * 4, '=');
        return "whsec_" + digits;
    };
    const std::string message =
        "t:1:32: \"signing_secret\" must be \"whsec_\" and the base64 of 24 to 64 bytes (\"pollhook "
        "sign --generate\" makes one)";
    for (const std::size_t bytes : {24U, 25U, 26U, 32U, 63U, 64U})
        EXPECT_THAT(of(base64_of(bytes)), testing::IsEmpty()) << bytes;
    for (const std::size_t bytes : {0U, 23U, 65U})
        EXPECT_THAT(of(base64_of(bytes)), ElementsAre(message)) << bytes;
    EXPECT_THAT(of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ElementsAre(message));
    EXPECT_THAT(of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-"), ElementsAre(message));
    EXPECT_THAT(of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa="), ElementsAre(message));
    EXPECT_THAT(
        problems("[[sink]]\nname = 'a'\ntype = 'webhook'\nurl = 'https://h'\nprevious_secrets = ['x']"),
        ElementsAre(testing::StartsWith("t:5:21: \"previous_secrets\" must be"))
    );
    EXPECT_THAT(
        problems(
            "[[sink]]\nname = 'a'\ntype = 'webhook'\nurl = 'https://h'\nprevious_secrets = ['" +
            base64_of(32) + "']"
        ),
        ElementsAre("t:5:1: \"previous_secrets\" needs a \"secret\" beside it")
    );
}

TEST(SecretLoadingTest, LeavesAMissingSecretEmptyForAClientThatMayNotReadIt)
{
    const std::string text =
        "admin.listen = ['0.0.0.0:80']\nadmin.token = { credential = 'admin' }\n"
        "task_webhooks.signing_secret = { env = 'NO' }\n";
    const Loaded loaded = load_from_text(text, "t", environment_of(), MissingSecret::stays_empty);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
    EXPECT_TRUE(loaded->admin.token.empty());
    EXPECT_EQ(loaded->admin.token.reference(), "{ credential = \"admin\" }");
}

}  // namespace
}  // namespace pollhook::config
