#include "pollhook/config/show.hpp"

#include "fixture.hpp"
#include "pollhook/config/default_text.hpp"
#include "pollhook/config/descriptor.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace pollhook::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view signing = "whsec_CANARYCANARYCANARYCANARYCANARYCA";
constexpr std::string_view canary = "whsk_CANARYCANARYCANARYCANARYCANARYCANARYCANARYA=";
constexpr std::string_view asymmetric =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

std::string everything()
{
    return fmt::format(
        R"(
[admin]
token = "CANARY1"
[[provider]]
name = "a"
type = "midjourney-proxy"
base_url = "https://h"
api_key = {{ env = "KEY" }}
[task_webhooks]
signing_secret = "{0}"
previous_secrets = ["{0}"]
signing_key = "{1}"
proxy = "http://p:1"
proxy_user = "u"
proxy_password = "CANARY p"
[[sink]]
name = "b"
type = "webhook"
url = "https://h/x?token=CANARY"
secret = "{0}"
previous_secrets = ["{0}"]
signing_key = "{1}"
hub_secret = "CANARY h"
headers = {{ Authorization = "Bearer CANARY", Key = {{ env = "KEY" }} }}
[[sink]]
name = "c"
type = "webhook"
url = "https://h"
auth = {{ type = "basic", username = "u", password = "CANARY w" }}
[[sink]]
name = "d"
type = "webhook"
url = "https://h"
auth = {{ type = "bearer", token = "CANARY" }}
[[sink]]
name = "e"
type = "webhook"
url = "https://h"
auth = {{ type = "oauth2", token_url = "https://t?CANARY", client_id = "i", client_secret = "CANARY" }}
)",
        signing,
        canary
    );
}

TEST(ShowTest, NeverPrintsASecret)
{
    const std::string shown = show(good(everything(), environment_of({{"KEY", "CANARY2"}})));
    EXPECT_THAT(shown, Not(HasSubstr("CANARY")));
    EXPECT_THAT(shown, HasSubstr("token = \"***\"\n"));
    EXPECT_THAT(shown, HasSubstr("api_key = { env = \"KEY\" }\n"));
    EXPECT_THAT(shown, HasSubstr("signing_secret = \"***\"\n"));
    EXPECT_THAT(shown, HasSubstr("previous_secrets = [\"***\"]\n"));
    EXPECT_THAT(shown, HasSubstr("headers = { \"Authorization\" = \"***\", \"Key\" = { env = \"KEY\" } }\n"));
    EXPECT_THAT(shown, HasSubstr("url = \"https://h/x?***\"\n"));
    EXPECT_THAT(shown, HasSubstr("signing_key = \"***\"\n"));
    EXPECT_THAT(shown, HasSubstr("hub_secret = \"***\"\n"));
    EXPECT_THAT(shown, HasSubstr("proxy_password = \"***\"\n"));
    EXPECT_THAT(shown, HasSubstr("auth.password = \"***\"\n"));
    EXPECT_THAT(shown, HasSubstr("auth.token = \"***\"\n"));
    EXPECT_THAT(shown, HasSubstr("auth.client_secret = \"***\"\n"));
}

TEST(ShowTest, ProducesWhatLoadsToTheSameConfiguration)
{
    const Environment environment = environment_of({{"KEY", "k"}, {"SIGN", std::string(signing)}});
    const Config config = good(
        R"(
daemon.state_dir = "/tmp/with \"quotes\" and \\"
admin.listen = ["[::1]:0", "unix:/s"]
task_webhooks.allow_networks = ["10.0.0.0/8"]
delivery.retry_schedule = []
[[provider]]
name = "a"
type = "ohmygpt"
base_url = "https://h"
api_key = { env = "KEY" }
lost_after.misses = 9
max_requests_per_second = 0.25
[[sink]]
name = "w"
type = "webhook"
url = "https://h/x"
secret = { env = "SIGN" }
headers = { A = { env = "KEY" } }
max_per_second = 1.5
retry_schedule = ["1s"]
rejected_retry_schedule = []
enabled = false
actions = ["IMAGINE"]
metadata = { tenant = ["a", "b"], "x y" = "z" }
format = "cloudevents"
batch = { max_events = 3 }
webhook_origin = "me.example.com"
proxy = "http://proxy:3128"
auth = { type = "bearer", token = { env = "KEY" } }
tls = { certificate_file = "/c", key_file = "/k", min_version = "1.3" }
[[sink]]
name = "plain"
type = "webhook"
url = "http://h/x"
[[sink]]
name = "f"
type = "file"
path = "/f"
)",
        environment
    );
    EXPECT_EQ(good(show(config), environment), config);
    EXPECT_THAT(show(config), HasSubstr("metadata = { \"tenant\" = [\"a\", \"b\"], \"x y\" = [\"z\"] }\n"));
    EXPECT_THAT(show(config), HasSubstr("lost_after.misses = 9\nlost_after.time = \"10m\"\n"));
}

TEST(ShowTest, LeavesOutKeysThatDoNotFitTheType)
{
    const std::string shown = show(good("[[sink]]\nname = 'o'\ntype = 'stdout'\n"));
    EXPECT_THAT(
        shown, HasSubstr("[[sink]]\nname = \"o\"\ntype = \"stdout\"\nenabled = true\nformat = \"standard\"\n")
    );
    EXPECT_THAT(shown, Not(HasSubstr("headers")));
}

TEST(ShowTest, NamesTheChangesThatNeedARestart)
{
    const Config before = good("");
    const Config after = good(
        "daemon.log_level = 'debug'\nstore.file = 'b.db'\nadmin.listen = []\n[[sink]]\nname = 'o'\n"
        "type = 'stdout'\n"
    );
    EXPECT_THAT(restart_needed(before, before), IsEmpty());
    EXPECT_THAT(restart_needed(before, after), ElementsAre("store.file", "admin.listen"));
}

TEST(DescriptorTest, DescribesEveryKeyOnce)
{
    std::set<std::string> paths;
    for (const Descriptor& key : descriptors()) {
        EXPECT_TRUE(paths.insert(key.path()).second) << key.path();
        EXPECT_FALSE(key.text.empty()) << key.path();
        EXPECT_EQ(key.type == ValueType::choice, !key.choices.empty()) << key.path();
        EXPECT_LE(key.minimum, key.maximum) << key.path();
    }
    EXPECT_EQ(paths.size(), 97U);
}

/// The shipped file with every example in effect.
std::string uncommented()
{
    std::istringstream lines{std::string(default_config_text())};
    std::string out;
    for (std::string line; std::getline(lines, line);)
        out += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
    return out;
}

TEST(DefaultConfigTest, LoadsAsItIsShippedAndWatchesNothing)
{
    EXPECT_EQ(good(default_config_text()), good(""));
}

TEST(DefaultConfigTest, LoadsWithEveryExampleInEffect)
{
    const TemporaryDirectory credentials;
    credentials.write("admin-token", "token\n");
    const std::string sign = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const Config config = good(
        uncommented(),
        environment_of(
            {{"QUICKROUTER_API_KEY", "a"},
             {"OHMYGPT_API_KEY", "b"},
             {"WEBHOOK_SECRET", sign},
             {"OPS_SECRET", sign},
             {"WEBHOOK_SIGNING_KEY", std::string(asymmetric)},
             {"OPS_SIGNING_KEY", std::string(asymmetric)},
             {"OPS_HUB_SECRET", "d"},
             {"PROXY_PASSWORD", "e"},
             {"PARTNER_CLIENT_SECRET", "f"},
             {"CREDENTIALS_DIRECTORY", credentials.path().string()}}
        )
    );
    EXPECT_EQ(config.providers.size(), 2U);
    EXPECT_EQ(config.sinks.size(), 4U);
    Config defaults;
    defaults.delivery.max_per_second_per_origin = 20;
    EXPECT_EQ(config.delivery, defaults.delivery);
    EXPECT_EQ(config.store, defaults.store);
    defaults.task_webhooks.signing_secret = Secret(sign);
    defaults.task_webhooks.signing_key = Secret(asymmetric);
    defaults.task_webhooks.proxy = {
        .url = "http://proxy.example.com:3128", .user = "pollhook", .password = Secret("e")
    };
    defaults.task_webhooks.retry_schedule = defaults.delivery.retry_schedule;
    defaults.task_webhooks.rejected_retry_schedule = defaults.delivery.rejected_retry_schedule;
    EXPECT_EQ(config.task_webhooks, defaults.task_webhooks);
}

TEST(DefaultConfigTest, ShowsEveryKeyWithItsDefault)
{
    const std::string text(default_config_text());
    for (const Descriptor& key : descriptors()) {
        if (const std::size_t dot = key.key.find('.'); dot != std::string::npos) {
            const std::string line = key.key.substr(dot + 1) + " = " + key.default_text;
            EXPECT_THAT(text, HasSubstr(line)) << key.path();
            continue;
        }
        const bool has_default = !key.default_text.empty() && key.key != "state_dir";
        const std::string line = "\n#" + key.key + " = " + (has_default ? key.default_text + "\n" : "");
        EXPECT_THAT(text, HasSubstr(line)) << key.path();
    }
    EXPECT_THAT(text, HasSubstr("\n#lost_after = { misses = 5, time = \"10m\" }\n"));
}

}  // namespace
}  // namespace pollhook::config
