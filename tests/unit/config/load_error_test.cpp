#include "fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollhook::config {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

/// A key with a bad value on line 2 or 6, and the whole message.
struct BadValue {
    std::string_view text;
    std::string message;
};

constexpr std::string_view proxy =
    "[[provider]]\nname = 'a'\ntype = 'midjourney-proxy'\nbase_url = 'https://h'\napi_key = 'k'\n";
constexpr std::string_view page =
    "[[provider]]\nname = 'a'\ntype = 'ohmygpt'\nbase_url = 'https://h'\napi_key = 'k'\n";
constexpr std::string_view hook = "[[sink]]\nname = 'a'\ntype = 'webhook'\nurl = 'https://h'\n\n";
constexpr std::string_view file = "[[sink]]\nname = 'a'\ntype = 'file'\npath = '/f'\n\n";

void expect_only(std::string_view before, const std::vector<BadValue>& bad)
{
    for (const auto& [text, message] : bad)
        EXPECT_THAT(problems(std::string(before) + std::string(text) + "\n"), ElementsAre("t:" + message))
            << text;
}

TEST(LoadErrorTest, NamesTheSyntaxErrorAndItsPlace)
{
    EXPECT_THAT(problems("[daemon]\nlog_level = \n"), ElementsAre(StartsWith("t:2:13: ")));
    EXPECT_THAT(problems("a = 1\na = 2\n"), ElementsAre(StartsWith("t:2:5: ")));
    EXPECT_THAT(problems("a = \"\xff\"\n"), ElementsAre(StartsWith("t:1:")));
    EXPECT_THAT(problems("a = " + std::string(5000, '[')), ElementsAre(StartsWith("t:1:")));
}

TEST(LoadErrorTest, ReportsEveryErrorAtOnceInTheOrderOfTheFile)
{
    EXPECT_THAT(
        problems("[store]\nfile = 1\n[daemon]\nlog_level = 'loud'\nlgo_format = "
                 "'x'\n[delivery]\nmax_in_flight = 0\n"),
        ElementsAre(
            "t:2:8: \"file\" must be a string, not 1",
            "t:4:13: \"log_level\" must be one of \"trace\", \"debug\", \"info\", \"warn\", \"error\", not "
            "\"loud\"",
            "t:5:1: unknown key \"lgo_format\" in [daemon] (did you mean \"log_format\"?)",
            "t:7:17: \"max_in_flight\" must be an integer from 1 to 10000, not 0"
        )
    );
}

TEST(LoadErrorTest, SuggestsWhatWasMeant)
{
    expect_only(
        "",
        {
            {"[deamon]", "1:2: unknown table \"deamon\" (did you mean \"daemon\"?)"},
            {"[[providers]]", "1:3: unknown table \"providers\" (did you mean \"provider\"?)"},
            {"log_level = 'info'", "1:1: unknown key \"log_level\" (it belongs into [daemon])"},
            {"[daemon]\nmax_size = '1GiB'",
             "2:1: unknown key \"max_size\" in [daemon] (it belongs into [store])"},
            {"[daemon]\nblahblahblah = 1", "2:1: unknown key \"blahblahblah\" in [daemon]"},
            {"[daemon]\n\"a\\u0007b\" = 1", "2:1: unknown key \"a\\x07b\" in [daemon]"},
            {"[task_webhooks]\nevents = ['task.succeded']",
             "2:11: \"events\" must contain event types or patterns such as \"task.*\", not "
             "\"task.succeded\" (did you mean "
             "\"task.succeeded\"?)"},
            {"[store]\nsynchronous = 'ful'",
             "2:15: \"synchronous\" must be one of \"full\", \"normal\", not \"ful\" (did you mean \"full\"?)"
            },
        }
    );
    expect_only(
        proxy,
        {
            {"lost_after = { mises = 5 }",
             "6:16: unknown key \"lost_after.mises\" in [provider] (did you mean \"misses\"?)"},
        }
    );
}

TEST(LoadErrorTest, RefusesTheWrongKindOfTable)
{
    expect_only(
        "",
        {
            {"[[daemon]]", "1:1: \"daemon\" must be one table (write [daemon])"},
            {"[provider]", "1:1: \"provider\" must be a list of tables (write [[provider]])"},
            {"sink = [1]", "1:9: \"sink\" must contain tables (write [[sink]])"},
            {"store = 'x'", "1:9: \"store\" must be one table (write [store])"},
        }
    );
    expect_only(
        proxy,
        {
            {"lost_after = '10m'", "6:14: \"lost_after\" must be a table (with the keys misses, time)"},
        }
    );
}

TEST(LoadErrorTest, RefusesValuesOfTheWrongTypeOrOutOfRange)
{
    expect_only(
        "[task_webhooks]\n",
        {
            {"enabled = 'yes'", "2:11: \"enabled\" must be true or false, not \"yes\""},
            {"events = []", "2:10: \"events\" must not be empty ([\"task.*\"] is every event of a task)"},
            {"events = 'task.*'", "2:10: \"events\" must be an array, not \"task.*\" (write [\"task.*\"])"},
            {"events = [1]", "2:11: \"events\" must contain strings, not 1"},
            {"events = ['job.*']",
             "2:11: \"events\" must contain patterns that some event type matches, not \"job.*\""},
            {"allow_networks = ['10.1.2.0/16']",
             "2:19: \"allow_networks\" must end with its prefix: \"10.1.0.0/16\", not \"10.1.2.0/16\""},
            {"allow_networks = ['10.0.0.0/33']",
             "2:19: \"allow_networks\" must have a prefix length from 0 to 32, not \"10.0.0.0/33\""},
            {"allow_networks = ['intranet']",
             "2:19: \"allow_networks\" must be a network such as \"10.1.0.0/16\" or \"fd00::/8\", not "
             "\"intranet\""},
        }
    );
    expect_only(
        "[daemon]\n",
        {
            {"state_dir = 'state'", "2:13: \"state_dir\" must be an absolute path, not \"state\""},
            {"shutdown_grace = 20",
             "2:18: \"shutdown_grace\" must be a duration such as \"15s\", not 20 (units: ms, s, m, h, d)"},
            {"shutdown_grace = '11m'", "2:18: \"shutdown_grace\" must be from 0s to 10m, not \"11m\""},
            {"log_level = 2026-01-01",
             "2:13: \"log_level\" must be one of \"trace\", \"debug\", \"info\", \"warn\", \"error\", not "
             "a date or time"},
        }
    );
    expect_only(
        "[store]\n",
        {
            {"file = 'a/b.db'", "2:8: \"file\" must be a file name without a directory, not \"a/b.db\""},
            {"file = '..'", "2:8: \"file\" must be a file name without a directory, not \"..\""},
            {"max_size = 5",
             "2:12: \"max_size\" must be a size such as \"64KiB\", not 5 (units: B, KiB, MiB, GiB, TiB, kB, "
             "MB, "
             "GB, TB)"},
            {"max_size = '1KiB'", "2:12: \"max_size\" must be from 16MiB to 64TiB, not \"1KiB\""},
            {"max_size = '-1GiB'",
             "2:12: \"max_size\" must be a size such as \"64KiB\", not \"-1GiB\" (units: B, KiB, MiB, GiB, "
             "TiB, kB, MB, GB, TB)"},
        }
    );
    expect_only(
        "[delivery]\n",
        {
            {"retry_schedule = ['0s']", "2:19: \"retry_schedule\" must be from 1ms to 30d, not \"0s\""},
            {"retry_schedule = ['5']",
             "2:19: \"retry_schedule\" must be a duration such as \"15s\", not \"5\" (units: ms, s, m, h, d)"
            },
            {"response_limit = '17MiB'", "2:18: \"response_limit\" must be from 1KiB to 16MiB, not \"17MiB\""
            },
        }
    );
    expect_only(
        proxy,
        {
            {"batch_size = 1001", "6:14: \"batch_size\" must be an integer from 1 to 1000, not 1001"},
            {"batch_size = 0", "6:14: \"batch_size\" must be an integer from 1 to 1000, not 0"},
            {"batch_size = 1.5", "6:14: \"batch_size\" must be an integer from 1 to 1000, not 1.5"},
            {"max_requests_per_second = 0",
             "6:27: \"max_requests_per_second\" must be a number from 0.001 to 10000, not 0"},
            {"max_requests_per_second = nan",
             "6:27: \"max_requests_per_second\" must be a number from 0.001 to 10000, not nan"},
            {"poll_interval = '2m'",
             "6:1: \"max_poll_interval\" (1m) must not be less than \"poll_interval\" (2m)"},
            {"max_poll_interval = '1s'",
             "6:1: \"max_poll_interval\" (1s) must not be less than \"poll_interval\" (5s)"},
        }
    );
    expect_only(
        page,
        {
            {"page_size = 4", "6:13: \"page_size\" must be an integer from 5 to 20, not 4"},
            {"page_size = 21", "6:13: \"page_size\" must be an integer from 5 to 20, not 21"},
        }
    );
    expect_only(
        hook,
        {
            {"min_progress_step = 101",
             "6:21: \"min_progress_step\" must be an integer from 1 to 100, not 101"},
            {"attempt_timeout = '1ms'", "6:19: \"attempt_timeout\" must be from 100ms to 10m, not \"1ms\""},
        }
    );
}

TEST(LoadErrorTest, RefusesAListenerThatOthersReachWithoutAToken)
{
    expect_only(
        "[admin]\n",
        {
            {"listen = ['127.0.0.1:1', '0.0.0.0:8780']",
             "2:1: listening on \"0.0.0.0:8780\" needs a token, since others can reach it (set \"token\" in "
             "[admin])"},
            {"listen = ['[::]:8780']",
             "2:1: listening on \"[::]:8780\" needs a token, since others can reach it (set \"token\" in "
             "[admin])"},
        }
    );
    EXPECT_THAT(problems("admin.listen = ['0.0.0.0:1']\nadmin.token = 'x'"), testing::IsEmpty());
    EXPECT_THAT(problems("admin.listen = ['127.3.2.1:1', '[::1]:1', 'unix:/s']"), testing::IsEmpty());
    for (const std::string bad :
         {"8780", "127.0.0.1", "::1:80", "host:80", "127.0.0.1:99999", "unix:s", "unix:", ":80"})
        EXPECT_THAT(
            problems("admin.listen = ['" + bad + "']"),
            ElementsAre(StartsWith("t:1:17: \"listen\" must contain addresses such as \"127.0.0.1:8780\""))
        ) << bad;
    EXPECT_THAT(
        problems("admin.hosts = ['http://a']"),
        ElementsAre("t:1:16: \"hosts\" must contain host names without scheme and port, not \"http://a\"")
    );
}

TEST(LoadErrorTest, RefusesToListenTwiceAtOnePlace)
{
    for (const std::string bad :
         {"'127.0.0.1:1', '127.0.0.1:1'",
          "'localhost:1', '127.0.0.1:2', '127.0.0.1:1'",
          "'0.0.0.0:1', '127.0.0.1:1'",
          "'[::1]:1', '[::]:1'",
          "'unix:/s', 'unix:/s'"})
        EXPECT_THAT(
            problems("admin.token = 'x'\nadmin.listen = [" + bad + "]"),
            ElementsAre(testing::AllOf(StartsWith("t:2:7: \""), testing::HasSubstr("cannot be listened on")))
        ) << bad;
    for (const std::string fine :
         {"'127.0.0.1:0', '127.0.0.1:0'", "'127.0.0.1:1', '[::1]:1'", "'127.0.0.1:1', 'unix:/s'"})
        EXPECT_THAT(problems("admin.listen = [" + fine + "]"), testing::IsEmpty()) << fine;
}

TEST(LoadErrorTest, RefusesWhatIsMissingFromAProviderOrSink)
{
    EXPECT_THAT(
        problems("\n[[provider]]\nname = 'a'\n"), ElementsAre("t:2:1: \"type\" is missing in [[provider]]")
    );
    EXPECT_THAT(
        problems("[[provider]]\ntype = 'ohmygpt'\n"),
        ElementsAre(
            "t:1:1: \"name\" is missing in [[provider]]",
            "t:1:1: \"base_url\" is missing in [[provider]]",
            "t:1:1: \"api_key\" is missing in [[provider]]"
        )
    );
    EXPECT_THAT(
        problems("[[sink]]\nname = 'a'\ntype = 'webhook'\n"),
        ElementsAre("t:1:1: \"url\" is missing in [[sink]]")
    );
    EXPECT_THAT(
        problems("[[sink]]\nname = 'a'\ntype = 'file'\n"),
        ElementsAre("t:1:1: \"path\" is missing in [[sink]]")
    );
    EXPECT_THAT(
        problems("[[sink]]\nname = 'a'\ntype = 'webhok'\npath = '/f'"),
        ElementsAre(
            "t:3:8: \"type\" must be one of \"webhook\", \"file\", \"stdout\", not \"webhok\" (did you mean "
            "\"webhook\"?)"
        )
    );
}

TEST(LoadErrorTest, RefusesKeysThatDoNotFitTheType)
{
    expect_only(
        proxy,
        {
            {"page_size = 5",
             "6:1: \"page_size\" does not fit the type \"midjourney-proxy\" (it is for \"ohmygpt\")"},
            {"discover = true",
             "6:1: \"discover\" does not fit the type \"midjourney-proxy\" (it is for \"ohmygpt\")"},
        }
    );
    expect_only(
        page,
        {
            {"auth = 'raw'",
             "6:1: \"auth\" does not fit the type \"ohmygpt\" (it is for \"midjourney-proxy\")"},
            {"batch_size = 5",
             "6:1: \"batch_size\" does not fit the type \"ohmygpt\" (it is for \"midjourney-proxy\")"},
        }
    );
    expect_only(
        file,
        {
            {"url = 'https://h'", "6:1: \"url\" does not fit the type \"file\" (it is for \"webhook\")"},
            {"headers = {}", "6:1: \"headers\" does not fit the type \"file\" (it is for \"webhook\")"},
            {"format = 'cloudevents-binary'",
             "6:1: the format \"cloudevents-binary\" does not fit the type \"file\" (it needs headers; use "
             "\"cloudevents\")"},
        }
    );
    expect_only(
        hook, {{"path = '/f'", "6:1: \"path\" does not fit the type \"webhook\" (it is for \"file\")"}}
    );
}

TEST(LoadErrorTest, RefusesBadAndRepeatedNames)
{
    for (const std::string bad : {"", "A", "-a", ".a", "a b", "ä", "a/b"})
        EXPECT_THAT(
            problems("[[sink]]\ntype = 'stdout'\nname = '" + bad + "'"),
            ElementsAre(StartsWith("t:3:8: \"name\" must be a name"))
        ) << bad;
    const auto named = [](const std::string& name) {
        return "[[sink]]\ntype = 'stdout'\nname = '" + name + "'\n";
    };
    EXPECT_THAT(
        problems(named("task")),
        ElementsAre(
            "t:3:1: \"task\" cannot be the name of a sink (metrics and API call the tasks' own URLs so)"
        )
    );
    EXPECT_THAT(problems(named(std::string(64, 'a'))), testing::IsEmpty());
    EXPECT_THAT(problems(named(std::string(65, 'a'))), testing::SizeIs(1));
    EXPECT_THAT(
        problems(named("0.a-b_c") + named("0.a-b_c")),
        ElementsAre("t:6:1: the sink \"0.a-b_c\" is defined twice (first at t:3:1)")
    );
    EXPECT_THAT(
        problems(std::string(proxy) + std::string(page)),
        ElementsAre("t:7:1: the provider \"a\" is defined twice (first at t:2:1)")
    );
    EXPECT_THAT(
        problems(std::string(proxy) + std::string(hook) + "providers = ['b', 'a']\n"),
        ElementsAre(StartsWith("t:11:1: there is no provider \"b\""))
    );
}

TEST(LoadErrorTest, RefusesBadUrlsWithoutRepeatingThem)
{
    const auto of = [](const std::string& url) {
        return problems("[[sink]]\nname = 'a'\ntype = 'webhook'\nurl = \"" + url + "\"\n");
    };
    for (const std::string bad :
         {"hooks.example.com",
          "ftp://h/x",
          "//h",
          "https://",
          "https:///x",
          "https://u:pw@h/",
          "https://h:0/",
          "https://h:99999/",
          "https://h:/",
          "https://h:x/",
          "https://h%2e/",
          "https://[::1",
          "https://[zz]/",
          "https://h/a b",
          "https://h/\\u0007",
          "https://h/#f",
          "https://-h/",
          "https://ä/"})
        EXPECT_THAT(
            of(bad),
            ElementsAre(
                testing::AllOf(StartsWith("t:4:7: \"url\" must"), testing::Not(testing::HasSubstr("pw")))
            )
        ) << bad;
    for (const std::string fine :
         {"http://h", "HTTPS://H.example:65535/x?y=z", "https://[::1]:8080/", "http://10.0.0.1/x@y"})
        EXPECT_THAT(of(fine), testing::IsEmpty()) << fine;
    EXPECT_THAT(
        problems("[[provider]]\nname = 'a'\ntype = 'ohmygpt'\nbase_url = 'https://h?x'\napi_key = 'k'\n"),
        ElementsAre("t:4:12: \"base_url\" must not have a query (?)")
    );
}

TEST(LoadErrorTest, RefusesHeadersThatAreReservedMalformedOrRepeated)
{
    for (const std::string name :
         {"Host",
          "content-length",
          "Content-Type",
          "Connection",
          "transfer-encoding",
          "User-Agent",
          "webhook-id",
          "Pollhook-Event",
          "ce-id",
          "proxy-authorization",
          "TE"})
        EXPECT_THAT(
            problems(std::string(hook) + "headers = { " + name + " = 'x' }"),
            ElementsAre("t:6:13: the header \"" + name + "\" is reserved: pollhook writes it itself")
        );
    EXPECT_THAT(
        problems(std::string(hook) + "headers = { \"a b\" = 'x' }"),
        ElementsAre("t:6:13: \"a b\" is not the name of a header")
    );
    EXPECT_THAT(
        problems(std::string(hook) + "headers = { A = 'x', a = 'y' }"),
        ElementsAre("t:6:22: the header \"a\" is given twice")
    );
    for (const std::string value : {"a\\nb", "a\\rb", "a\\u0000b"})
        EXPECT_THAT(
            problems(std::string(hook) + "headers = { X = \"" + value + "\" }"),
            ElementsAre(
                "t:6:17: the value of the header \"X\" must not contain control characters or exceed 8 KiB"
            )
        ) << value;
    EXPECT_THAT(
        problems(std::string(hook) + "headers = ['X: y']"),
        ElementsAre("t:6:11: \"headers\" must be a table (such as headers = { \"X-Env\" = \"prod\" })")
    );
}

}  // namespace
}  // namespace pollhook::config
