#include "fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollhook::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view hook = "[[sink]]\nname = 'a'\ntype = 'webhook'\nurl = 'https://h'\n\n";
constexpr std::string_view whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view seed = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";
constexpr std::string_view pair =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

/// What is wrong with a webhook sink that has these further lines, from line 6 on.
std::vector<std::string> of(std::string_view lines)
{
    return problems(std::string(hook) + std::string(lines) + "\n");
}

std::string line(std::string_view key, std::string_view value)
{
    return std::string(key) + " = '" + std::string(value) + "'\n";
}

TEST(SinkCheckTest, WantsTheSecretBesideWhateverElseSigns)
{
    const std::string key = line("signing_key", seed);
    EXPECT_THAT(of(key + line("secret", whsec)), IsEmpty());
    EXPECT_THAT(of(key), ElementsAre("t:6:1: \"signing_key\" needs a \"secret\" beside it"));
    EXPECT_THAT(
        problems("[task_webhooks]\n" + key + "previous_secrets = ['" + std::string(whsec) + "']"),
        ElementsAre(
            "t:2:1: \"signing_key\" needs a \"signing_secret\" beside it",
            "t:3:1: \"previous_secrets\" needs a \"signing_secret\" beside it"
        )
    );
}

TEST(SinkCheckTest, ChecksThatASigningKeyIsASeedOrASeedWithItsPublicKey)
{
    const std::string secret = line("secret", whsec);
    EXPECT_THAT(of(secret + line("signing_key", seed)), IsEmpty());
    EXPECT_THAT(of(secret + line("signing_key", pair)), IsEmpty());
    std::string other(pair);
    other[other.size() - 10] = other[other.size() - 10] == 'A' ? 'B' : 'A';
    for (const std::string& bad :
         {std::string(whsec),
          std::string("whsk_"),
          std::string("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          std::string(seed) + "AAAA",
          std::string(pair) + "AAAA",
          other})
        EXPECT_THAT(
            of(secret + line("signing_key", bad)),
            ElementsAre("t:7:15: \"signing_key\" must be \"whsk_\" and the base64 of an Ed25519 key "
                        "(\"pollhook sign --generate --asymmetric\" makes one)")
        ) << bad;
}

TEST(SinkCheckTest, WantsAFileOfItsOwnForEachSink)
{
    const auto sink = [](const char* name, const char* path) {
        return fmt::format("[[sink]]\nname = '{}'\ntype = 'file'\npath = '{}'\n", name, path);
    };
    EXPECT_THAT(problems(sink("a", "/log/a") + sink("b", "/log/b")), IsEmpty());
    EXPECT_THAT(
        problems(sink("a", "/log/a") + sink("b", "/log/b") + sink("c", "/log/../log//a")),
        ElementsAre("t:12:1: the sink \"c\" writes to the file of the sink \"a\" (which is at t:4:1)")
    );
    EXPECT_THAT(
        problems(
            "[[sink]]\nname = 'a'\ntype = 'stdout'\n[[sink]]\nname = 'b'\ntype = 'stdout'\n" +
            sink("c", "/log/c")
        ),
        IsEmpty()
    );
}

TEST(SinkCheckTest, WantsAnAuthThatIsWhole)
{
    EXPECT_THAT(of("auth = {}"), ElementsAre("t:6:1: \"type\" is missing in \"auth\""));
    EXPECT_THAT(
        of("auth = 'basic'"),
        ElementsAre(
            "t:6:8: \"auth\" must be a table (with the keys audience, client_id, client_secret, password, "
            "scope, token, token_url, type, username)"
        )
    );
    EXPECT_THAT(
        of("auth = { type = 'digest' }"),
        ElementsAre("t:6:17: \"auth.type\" must be one of \"basic\", \"bearer\", \"oauth2\", not \"digest\"")
    );
    EXPECT_THAT(
        of("auth = { type = 'basic', token = 't' }"),
        ElementsAre(
            "t:6:1: \"auth.username\" is missing for the type \"basic\" of auth",
            "t:6:1: \"auth.password\" is missing for the type \"basic\" of auth",
            "t:6:26: \"auth.token\" does not fit the type \"basic\" of auth (it is for \"bearer\")"
        )
    );
    EXPECT_THAT(
        of("[sink.auth]\ntype = 'oauth2'\nclient_id = 'c'"),
        ElementsAre(
            "t:6:7: \"auth.token_url\" is missing for the type \"oauth2\" of auth",
            "t:6:7: \"auth.client_secret\" is missing for the type \"oauth2\" of auth"
        )
    );
    EXPECT_THAT(
        of("auth = { type = 'basic', username = 'a:b', password = 'p' }"),
        ElementsAre("t:6:37: \"auth.username\" must not contain a colon, not \"a:b\"")
    );
    EXPECT_THAT(
        of("auth = { type = 'bearer', token = 'a b' }"),
        ElementsAre("t:6:35: \"auth.token\" must not contain white space or control characters")
    );
    EXPECT_THAT(of("auth = { type = 'basic', username = 'u', password = 'a long one' }"), IsEmpty());
    EXPECT_THAT(
        of("auth = { type = 'basic', username = 'u', password = \"a\\nb\" }"),
        ElementsAre("t:6:53: \"auth.password\" must not contain control characters or exceed 8 KiB")
    );
}

TEST(SinkCheckTest, RefusesTwoOriginsOfOneHeader)
{
    EXPECT_THAT(
        of("auth = { type = 'bearer', token = 't' }\nheaders = { authorization = 'x' }"),
        ElementsAre(
            "t:6:1: \"auth\" and a header \"Authorization\" exclude each other (leave one of them out)"
        )
    );
    EXPECT_THAT(
        of("hub_secret = 's'\nheaders = { x-hub-signature-256 = 'x' }"),
        ElementsAre(
            "t:6:1: \"hub_secret\" and a header \"X-Hub-Signature-256\" exclude each other (leave one "
            "of them out)"
        )
    );
}

TEST(SinkCheckTest, AllowsBatchesAndTheHandshakeForCloudEventsOnly)
{
    EXPECT_THAT(of("format = 'cloudevents'\nbatch.max_events = 2\nwebhook_origin = 'h'"), IsEmpty());
    EXPECT_THAT(of("format = 'cloudevents-binary'\nwebhook_origin = 'h'"), IsEmpty());
    EXPECT_THAT(
        of("batch = { max_events = 2 }"),
        ElementsAre("t:6:1: \"batch\" does not fit the format \"standard\" (only \"cloudevents\" has batches)"
        )
    );
    EXPECT_THAT(
        of("format = 'cloudevents-binary'\nbatch = { max_events = 2 }"),
        ElementsAre(StartsWith("t:7:1: \"batch\" does not fit the format \"cloudevents-binary\""))
    );
    EXPECT_THAT(
        of("format = 'cloudevents'\nbatch = { max_delay = '1s' }"),
        ElementsAre("t:7:1: \"batch\" needs \"max_events\" (such as { max_events = 50 })")
    );
    EXPECT_THAT(
        of("format = 'cloudevents'\nbatch = { max_events = 101, max_delay = '2m' }"),
        ElementsAre(
            "t:7:24: \"batch.max_events\" must be an integer from 2 to 100, not 101",
            "t:7:41: \"batch.max_delay\" must be from 10ms to 1m, not \"2m\""
        )
    );
    EXPECT_THAT(
        of("webhook_origin = 'h'"),
        ElementsAre("t:6:1: \"webhook_origin\" does not fit the format \"standard\" (only receivers of "
                    "CloudEvents can be asked for their consent)")
    );
    EXPECT_THAT(
        of("format = 'cloudevents'\nwebhook_origin = 'https://h'"),
        ElementsAre(
            "t:7:18: \"webhook_origin\" must be a host name without scheme and port, not \"https://h\""
        )
    );
}

TEST(SinkCheckTest, WantsCertificateAndKeyTogetherAndAnEncryptedUrl)
{
    EXPECT_THAT(
        of("tls = { certificate_file = '/c' }"),
        ElementsAre("t:6:9: \"tls.certificate_file\" needs a \"tls.key_file\" beside it")
    );
    EXPECT_THAT(
        of("tls = { key_file = '/c' }"),
        ElementsAre("t:6:9: \"tls.key_file\" needs a \"tls.certificate_file\" beside it")
    );
    EXPECT_THAT(
        of("tls = { ca_file = 'ca.pem', min_version = '1.1' }"),
        ElementsAre(
            "t:6:19: \"tls.ca_file\" must be an absolute path, not \"ca.pem\"",
            "t:6:43: \"tls.min_version\" must be one of \"1.2\", \"1.3\", not \"1.1\" (did you mean \"1.2\"?)"
        )
    );
    EXPECT_THAT(
        problems("[[sink]]\nname = 'a'\ntype = 'webhook'\nurl = 'HTTP://h'\ntls = { ca_file = '/c' }\n"),
        ElementsAre("t:5:1: \"tls\" does not fit a url without encryption (use https://)")
    );
}

TEST(SinkCheckTest, WantsAProxyBesideWhatItAsksFor)
{
    EXPECT_THAT(
        of("proxy_password = 'p'\nproxy_user = 'u'"),
        ElementsAre("t:7:1: \"proxy_user\" needs a \"proxy\" beside it")
    );
    EXPECT_THAT(
        problems("[task_webhooks]\nproxy = 'http://p:1'\nproxy_password = 'p'"),
        ElementsAre("t:3:1: \"proxy_password\" needs a \"proxy_user\" beside it")
    );
    EXPECT_THAT(
        of("proxy = 'https://p:1'"), ElementsAre(StartsWith("t:6:9: \"proxy\" must start with http://"))
    );
    EXPECT_THAT(
        of("proxy = 'http://p:1/x'"), ElementsAre(StartsWith("t:6:9: \"proxy\" must end with the port"))
    );
    EXPECT_THAT(
        of("proxy = 'http://u:p@p:1'"),
        ElementsAre("t:6:9: \"proxy\" must not contain a user name or password")
    );
}

TEST(SinkCheckTest, RefusesFiltersThatSelectNothing)
{
    EXPECT_THAT(
        of("metadata = { tenant = [] }"),
        ElementsAre("t:6:23: \"metadata.tenant\" must not be empty: it selects nothing")
    );
    EXPECT_THAT(
        of("metadata = { tenant = 1 }"), ElementsAre("t:6:23: \"metadata.tenant\" must be a string, not 1")
    );
    EXPECT_THAT(
        of("metadata = 'x'"),
        ElementsAre(
            "t:6:12: \"metadata\" must be a table, not \"x\" (such as metadata = { tenant = [\"a\", \"b\"] })"
        )
    );
    EXPECT_THAT(
        of("actions = ['an action']"),
        ElementsAre(
            "t:6:12: \"actions\" must contain words of up to 64 visible ASCII characters, not \"an action\""
        )
    );
}

TEST(SinkCheckTest, SendsTheEventsOfTasksOnlyToTheTasksOwnUrls)
{
    for (const std::string pattern : {"*", "sink.failing", "delivery.*"})
        EXPECT_THAT(
            problems("task_webhooks.events = ['task.failed', '" + pattern + "']"),
            ElementsAre(
                "t:1:40: \"events\" must select events of tasks only, not \"" + pattern +
                "\" (\"task.*\" is every one of them)"
            )
        );
    EXPECT_THAT(of("events = ['*', 'sink.*', 'delivery.dead', 'provider.recovered']"), IsEmpty());
}

TEST(SinkCheckTest, KeepsTheKeysOfAWebhookOutOfOtherSinks)
{
    const std::string_view file = "[[sink]]\nname = 'a'\ntype = 'file'\npath = '/f'\n\n";
    const auto in_file = [&](std::string_view text) {
        return problems(std::string(file) + std::string(text) + "\n");
    };
    for (const std::string key : {"hub_secret", "webhook_origin", "proxy", "proxy_user"})
        EXPECT_THAT(
            in_file(key + " = 'x'"),
            testing::Contains("t:6:1: \"" + key + "\" does not fit the type \"file\" (it is for \"webhook\")")
        );
    EXPECT_THAT(
        in_file("tls = { ca_file = '/x' }"),
        ElementsAre("t:6:9: \"tls.ca_file\" does not fit the type \"file\" (it is for \"webhook\")")
    );
    EXPECT_THAT(in_file("enabled = false\nactions = ['A']\nmetadata = { a = 'b' }"), IsEmpty());
}

}  // namespace
}  // namespace pollhook::config
