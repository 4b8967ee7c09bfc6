#include "pollhook/config/load.hpp"

#include "fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace pollhook::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

TEST(LoadTest, GivesTheDefaultsForAnEmptyFile)
{
    const Config config = good("");
    Config expected;
    expected.daemon.state_dir = "/home/someone/.local/state/pollhook";
    EXPECT_EQ(config, expected);
    EXPECT_TRUE(config.providers.empty());
    EXPECT_TRUE(config.sinks.empty());
    ASSERT_EQ(config.admin.listen.size(), 1U);
    EXPECT_EQ(config.admin.listen[0].text(), "127.0.0.1:8780");
}

TEST(LoadTest, ReadsTheExampleOfTheContract)
{
    const Config config = good(
        R"(
[daemon]
state_dir = "/var/lib/pollhook"
log_level = "warn"
log_format = "json"
shutdown_grace = "30s"
[store]
file = "p.db"
synchronous = "normal"
retention = "7d"
max_size = "1.5GiB"
[admin]
listen = ["127.0.0.1:8780", "[::1]:0", "localhost:1", "unix:/run/pollhook/admin.sock"]
token = "letmein"
hosts = ["Pollhook.Example.com"]
[[provider]]
name = "quickrouter"
type = "midjourney-proxy"
base_url = "https://api.quickrouter.ai/"
api_key = { env = "KEY" }
auth = "mj-api-secret"
poll_interval = "250ms"
max_poll_interval = "60s"
batch_size = 10
max_in_flight = 2
max_requests_per_second = 0.5
request_timeout = "1s"
missing_grace = "1m"
lost_after = { misses = 7, time = "11m" }
stalled_after = "16m"
max_age = "7h"
[[provider]]
name = "ohmygpt"
type = "ohmygpt"
base_url = "https://cn2us02.opapi.win"
api_key = "k"
page_size = 5
discover = true
lost_after.misses = 2
[task_webhooks]
enabled = false
format = "bare"
events = ["task.failed", "task.*"]
order = "latest"
previous_secrets = ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
proxy = "http://10.0.0.9:3128/"
retry_schedule = ["2s"]
rejected_retry_schedule = []
signing_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
allow_networks = ["10.1.0.0/16", "fd00::/8", "192.168.1.7"]
allow_http = true
[[sink]]
name = "ops"
type = "webhook"
url = "http://10.0.0.1:8080/hook?x=1"
format = "cloudevents-binary"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
previous_secrets = ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
providers = ["ohmygpt"]
min_progress_step = 10
headers = { "X-Env" = "prod", Authorization = { env = "KEY" } }
max_in_flight = 8
max_per_second = 50
attempt_timeout = "3s"
retry_schedule = ["1ms", "5s"]
rejected_retry_schedule = ["1ms"]
enabled = false
events = ["*", "sink.failing", "provider.*"]
actions = ["IMAGINE", "UPSCALE"]
metadata = { tenant = ["a", "b"], env = "prod" }
signing_key = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
hub_secret = "it may have blanks"
webhook_origin = "Pollhook.Example.com"
proxy = "HTTP://proxy.example.com:3128"
proxy_user = "me"
proxy_password = { env = "KEY" }
[[sink]]
name = "partner"
type = "webhook"
url = "https://h"
format = "cloudevents"
batch = { max_events = 100, max_delay = "10ms" }
[sink.auth]
type = "oauth2"
token_url = "https://login.example.com/token"
client_id = "me"
client_secret = { env = "KEY" }
scope = "a b"
audience = "them"
[sink.tls]
ca_file = "/ca.pem"
certificate_file = "/c.pem"
key_file = "/k.pem"
min_version = "1.3"
[[sink]]
name = "log"
type = "file"
path = "/var/log/pollhook/events.ndjson"
[[sink]]
name = "out"
type = "stdout"
retry_schedule = []
[delivery]
max_in_flight = 1
max_in_flight_per_origin = 2
attempt_timeout = "4s"
look_up_timeout = "2s"
connect_timeout = "1s"
tls_timeout = "3s"
write_timeout = "4s"
head_timeout = "5s"
body_timeout = "6s"
rejected_retry_schedule = ["7s"]
response_limit = "4KiB"
retry_schedule = []
)",
        environment_of({{"KEY", "sk-1"}})
    );
    EXPECT_EQ(config.daemon.state_dir, "/var/lib/pollhook");
    EXPECT_EQ(config.daemon.log_level, base::LogLevel::warn);
    EXPECT_EQ(config.daemon.log_format, base::LogFormat::json);
    EXPECT_EQ(config.daemon.shutdown_grace, 30s);
    EXPECT_EQ(config.store.synchronous, Synchronous::normal);
    EXPECT_EQ(config.store.max_size, 3ULL << 29U);
    ASSERT_EQ(config.admin.listen.size(), 4U);
    EXPECT_EQ(config.admin.listen[1].text(), "[::1]:0");
    EXPECT_EQ(config.admin.listen[2].text(), "127.0.0.1:1");
    EXPECT_EQ(config.admin.listen[3].text(), "unix:/run/pollhook/admin.sock");
    EXPECT_THAT(config.admin.hosts, ElementsAre("pollhook.example.com"));

    ASSERT_EQ(config.providers.size(), 2U);
    const Provider& first = config.providers[0];
    EXPECT_EQ(first.base_url, "https://api.quickrouter.ai");
    EXPECT_EQ(first.api_key.reveal(), "sk-1");
    EXPECT_EQ(first.auth, Auth::mj_api_secret);
    EXPECT_EQ(first.poll_interval, 250ms);
    EXPECT_EQ(first.max_requests_per_second, 0.5);
    EXPECT_EQ(first.lost_after, (LostAfter{.misses = 7, .time = 11min}));
    EXPECT_EQ(config.providers[1].type, ProviderType::ohmygpt);
    EXPECT_EQ(config.providers[1].page_size, 5U);
    EXPECT_TRUE(config.providers[1].discover);
    EXPECT_EQ(config.providers[1].lost_after, (LostAfter{.misses = 2, .time = 10min}));

    EXPECT_FALSE(config.task_webhooks.enabled);
    EXPECT_EQ(config.task_webhooks.format, Format::bare);
    EXPECT_EQ(config.task_webhooks.order, Order::latest);
    EXPECT_EQ(config.task_webhooks.signing_secret.reveal(), whsec);
    EXPECT_EQ(config.task_webhooks.allow_networks.size(), 3U);

    EXPECT_EQ(config.task_webhooks.previous_secrets.size(), 1U);
    EXPECT_EQ(config.task_webhooks.proxy.url, "http://10.0.0.9:3128");
    EXPECT_EQ(config.task_webhooks.retry_schedule, std::vector<Duration>{2s});
    EXPECT_EQ(config.task_webhooks.rejected_retry_schedule, std::vector<Duration>{});

    ASSERT_EQ(config.sinks.size(), 4U);
    const Sink& ops = config.sinks[0];
    EXPECT_EQ(ops.format, Format::cloudevents_binary);
    EXPECT_EQ(ops.previous_secrets.size(), 1U);
    ASSERT_EQ(ops.headers.size(), 2U);
    EXPECT_EQ(ops.headers[0].name, "Authorization");
    EXPECT_EQ(ops.headers[0].value.reveal(), "sk-1");
    EXPECT_EQ(ops.headers[1].value.reveal(), "prod");
    EXPECT_EQ(ops.max_in_flight, 8U);
    EXPECT_EQ(ops.attempt_timeout, 3s);
    EXPECT_EQ(ops.retry_schedule, (std::vector<Duration>{1ms, 5s}));
    EXPECT_EQ(ops.rejected_retry_schedule, std::vector<Duration>{1ms});
    EXPECT_FALSE(ops.enabled);
    EXPECT_THAT(ops.events, ElementsAre("*", "sink.failing", "provider.*"));
    EXPECT_THAT(ops.actions, ElementsAre("IMAGINE", "UPSCALE"));
    EXPECT_THAT(
        ops.metadata,
        ElementsAre(
            MetadataFilter{.key = "env", .values = {"prod"}},
            MetadataFilter{.key = "tenant", .values = {"a", "b"}}
        )
    );
    EXPECT_TRUE(ops.signing_key.reveal().starts_with("whsk_"));
    EXPECT_EQ(ops.hub_secret.reveal(), "it may have blanks");
    EXPECT_EQ(ops.webhook_origin, "pollhook.example.com");
    EXPECT_EQ(ops.proxy.user, "me");
    EXPECT_EQ(ops.proxy.password.reveal(), "sk-1");
    EXPECT_EQ(ops.batch, Batch());
    EXPECT_EQ(ops.auth, SinkAuth());

    const Sink& partner = config.sinks[1];
    EXPECT_EQ(partner.batch, (Batch{.max_events = 100, .max_delay = 10ms}));
    EXPECT_EQ(partner.auth.method, AuthMethod::oauth2);
    EXPECT_EQ(partner.auth.token_url, "https://login.example.com/token");
    EXPECT_EQ(partner.auth.client_id, "me");
    EXPECT_EQ(partner.auth.client_secret.reveal(), "sk-1");
    EXPECT_EQ(partner.auth.scope, "a b");
    EXPECT_EQ(partner.auth.audience, "them");
    EXPECT_EQ(
        partner.tls,
        (SinkTls{
            .ca_file = {.path = "/ca.pem"},
            .certificate_file = {.path = "/c.pem"},
            .key_file = {.path = "/k.pem"},
            .min_version = TlsVersion::v1_3
        })
    );
    EXPECT_EQ(config.sinks[2].path, "/var/log/pollhook/events.ndjson");
    EXPECT_EQ(config.sinks[2].max_in_flight, std::nullopt);
    EXPECT_EQ(config.sinks[3].type, SinkType::stdout_);
    EXPECT_EQ(config.delivery.look_up_timeout, 2s);
    EXPECT_EQ(config.delivery.connect_timeout, 1s);
    EXPECT_EQ(config.delivery.tls_timeout, 3s);
    EXPECT_EQ(config.delivery.write_timeout, 4s);
    EXPECT_EQ(config.delivery.head_timeout, 5s);
    EXPECT_EQ(config.delivery.body_timeout, 6s);
    EXPECT_EQ(config.delivery.rejected_retry_schedule, std::vector<Duration>{7s});
    EXPECT_EQ(config.delivery.response_limit, 4096U);
    EXPECT_THAT(config.delivery.retry_schedule, IsEmpty());
}

TEST(LoadTest, TakesTheStateDirectoryOfSystemdBeforeTheHome)
{
    EXPECT_EQ(
        good("", environment_of({{"STATE_DIRECTORY", "/var/lib/a:/var/lib/b"}})).daemon.state_dir,
        "/var/lib/a"
    );
    const Environment nothing = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
    EXPECT_THAT(
        problems("", nothing),
        ElementsAre("t:1:1: \"state_dir\" is missing in [daemon] (neither STATE_DIRECTORY nor HOME is set)")
    );
    EXPECT_EQ(good("daemon.state_dir = '/x'", nothing).daemon.state_dir, "/x");
}

TEST(LoadTest, SearchesTheNamedFileThenTheVariableThenEtc)
{
    const Environment with = environment_of({{"POLLHOOK_CONFIG", "/v.toml"}});
    EXPECT_EQ(find("/n.toml", with), "/n.toml");
    EXPECT_EQ(find(std::nullopt, with), "/v.toml");
    EXPECT_EQ(find(std::nullopt, environment_of()), "/etc/pollhook/pollhook.toml");
}

TEST(LoadTest, SaysWhyAFileCannotBeRead)
{
    const TemporaryDirectory directory;
    const auto text = [&](const std::filesystem::path& path) {
        const Loaded loaded = load(path, environment_of());
        return loaded.has_error() ? loaded.error().text() : std::string("loaded");
    };
    const std::string base = directory.path().string();
    EXPECT_EQ(
        text(base + "/no.toml"), base + "/no.toml: does not exist (\"pollhook config init\" writes one)\n"
    );
    EXPECT_EQ(text(base), base + ": is a directory\n");
    EXPECT_EQ(text("/dev/zero"), "/dev/zero: is not a regular file\n");
    EXPECT_EQ(
        text(directory.write("big.toml", std::string((4U << 20U) + 1, '#'))),
        base + "/big.toml: is larger than 4MiB\n"
    );
    EXPECT_EQ(text(directory.write("fits.toml", std::string(4U << 20U, '#'))), "loaded");
    EXPECT_EQ(text(base + "/fits.toml/x"), base + "/fits.toml/x: cannot be read: Not a directory\n");
}

TEST(LoadTest, MergesTheFilesOfConfDInLexicalOrder)
{
    const TemporaryDirectory directory;
    const auto main = directory.write("pollhook.toml", "[daemon]\nlog_level = 'debug'\n");
    const std::string provider = "type = 'ohmygpt'\nbase_url = 'https://h'\napi_key = 'k'\n";
    directory.write("conf.d/20.toml", "[[provider]]\nname = 'b'\n" + provider);
    directory.write(
        "conf.d/10.toml", "[[provider]]\nname = 'a'\n" + provider + "[daemon]\nlog_format = 'text'\n"
    );
    directory.write("conf.d/readme.txt", "no TOML at all");
    directory.write("conf.d/.hidden.toml", "no TOML at all");
    const Loaded loaded = load(main, environment_of());
    ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
    EXPECT_EQ(loaded->daemon.log_level, base::LogLevel::debug);
    EXPECT_EQ(loaded->daemon.log_format, base::LogFormat::text);
    ASSERT_EQ(loaded->providers.size(), 2U);
    EXPECT_EQ(loaded->providers[0].name, "a");
    EXPECT_EQ(loaded->providers[1].name, "b");
}

TEST(LoadTest, NamesBothPlacesOfWhatIsDefinedInTwoFiles)
{
    const TemporaryDirectory directory;
    const auto main =
        directory.write("p.toml", "[daemon]\nlog_level = 'debug'\n[[sink]]\nname = 'out'\ntype = 'stdout'\n");
    directory.write(
        "conf.d/a.toml", "[[sink]]\nname = 'out'\ntype = 'stdout'\n[daemon]\n  log_level = 'info'\n"
    );
    directory.write("conf.d/b.toml", "[daemon\n");
    const Loaded loaded = load(main, environment_of());
    ASSERT_TRUE(loaded.has_error());
    const std::string a = (directory.path() / "conf.d/a.toml").string();
    const std::string b = (directory.path() / "conf.d/b.toml").string();
    std::vector<std::string> texts;
    for (const Diagnostic& diagnostic : loaded.error().all)
        texts.push_back(diagnostic.text());
    EXPECT_THAT(
        texts,
        ElementsAre(
            a + ":2:1: the sink \"out\" is defined twice (first at " + main.string() + ":4:1)",
            a + ":5:3: \"log_level\" is defined twice (first at " + main.string() + ":2:1)",
            testing::StartsWith(b + ":1:8: ")
        )
    );
}

TEST(LoadTest, ThrowsTheWholeTextOnlyWhenAskedForAValueThatIsNotThere)
{
    const Loaded loaded = load_from_text("x = 1", "t", environment_of());
    EXPECT_THROW(static_cast<void>(loaded.value()), std::runtime_error);
}

}  // namespace
}  // namespace pollhook::config
