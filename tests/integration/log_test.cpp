#include "integration/world.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

/// What a relay may say to fool whoever reads the log.
constexpr std::string_view hostile =
    "no\n2026-01-01T00:00:00.000Z info  forged.line: x=1\r\x1b[31mred\x1b[0m\t\"quoted\" \\ \x7f\xe2\x80\xae"
    " see https://u:p@cdn.example.com/a?sig=c4n4ry-query";

class LogTest : public World {
protected:
    LogTest()
    {
        refusing_.open();
        serving_.spawn(refusing_.run());
    }
    ~LogTest() override
    {
        serving_.cancel();
        bool left = false;
        boost::asio::co_spawn(loop_, serving_.join(), [&left](const std::exception_ptr&) { left = true; });
        while (!left) {
            loop_.restart();
            loop_.run_one_for(std::chrono::seconds(1));
        }
    }

    /// A relay that answers and refuses with hostile words, hooks with a secret query, one that does not
    /// answer, sinks with secrets.
    void live(std::string_view log_format, std::vector<std::string> launcher = {})
    {
        simulator::Relay& relay = add_relay();
        simulator::Receiver& receiver = add_receiver({.failures = {"503:0.3"}});
        write_config(
            provider("relay", relay.base_url()) +
            fmt::format(
                "[[provider]]\nname = \"refusing\"\ntype = \"midjourney-proxy\"\nbase_url = \"{}\"\n"
                "api_key = \"sk-canary-18\"\npoll_interval = \"100ms\"\n"
                "[[sink]]\nname = \"ops\"\ntype = \"webhook\"\nurl = \"{}/ops?key=c4n4ry-sink\"\n"
                "secret = \"{}\"\nheaders = {{ \"X-Key\" = \"c4n4ry-header\" }}\n"
                "[[sink]]\nname = \"down\"\ntype = \"webhook\"\nurl = "
                "\"http://127.0.0.1:1/?key=c4n4ry-down\"\n",
                fmt::format("http://127.0.0.1:{}", refusing_.endpoints().front().port()),
                receiver.base_url(),
                secret
            )
        );
        set_format(log_format);
        start({}, std::move(launcher));
        json::object words;
        words["status"] = hostile;
        words["failReason"] = hostile;
        words["description"] = hostile;
        relay.add_task("1", *parse_life("0s IN_PROGRESS 10%, 300ms FAILURE 100%"));
        relay.set_task("2", words);
        watch("relay", "1", &receiver);
        watch("relay", "2", &receiver);
        watch("refusing", "3", nullptr);
        post("/v1/tasks", R"({"provider":"relay","id":"4","webhookUrl":"http://u:c4n4ry-user@127.0.0.1/x"})");
        get("/\x1b[31m?c4n4ry=query");
        ASSERT_TRUE(becomes_true([&] {
            return is_over("1") && daemon().logged("provider.failing") && daemon().logged("delivery.failing");
        }));
        ASSERT_TRUE(becomes_true([&] { return daemon().logged("forged.line"); }))
            << "nothing hostile was logged";
        daemon().signal(SIGTERM);
        ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    }

    std::vector<std::string> lines()
    {
        std::istringstream log(daemon().log());
        std::vector<std::string> all;
        for (std::string line; std::getline(log, line);)
            all.push_back(line);
        return all;
    }

    void expect_no_secret_and_no_control()
    {
        const std::string log = daemon().log();
        for (const char* canary : {"sk-canary", "whsec_", "c4n4ry", "t0p"})
            EXPECT_EQ(log.find(canary), std::string::npos) << canary << " in:\n" << log;
        EXPECT_TRUE(std::ranges::all_of(log, [](char c) {
            return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
        }));
        EXPECT_TRUE(base::is_utf8(log));
        EXPECT_EQ(log.find("\xe2\x80\xae"), std::string::npos) << "text that turns the direction of the line";
    }

private:
    void set_format(std::string_view log_format)
    {
        std::ifstream file(folder_ / "pollhook.toml");
        std::string text(std::istreambuf_iterator<char>(file), {});
        text.insert(text.find("log_level"), fmt::format("log_format = \"{}\"\n", log_format));
        std::ofstream(folder_ / "pollhook.toml") << text;
    }

    http::Server refusing_{
        loop_,
        clock_,
        listening(),
        [](const http::ServerRequest&) -> boost::asio::awaitable<http::ServerResponse> {
            json::object words;
            words["message"] = hostile;
            words["description"] = hostile;
            http::ServerResponse response;
            response.status = 500;
            response.body = json::serialize(words);
            co_return response;
        }
    };
    base::TaskGroup serving_{loop_.get_executor()};

    static http::ServerOptions listening()
    {
        http::ServerOptions options;
        options.listen = {"127.0.0.1:0"};
        return options;
    }
};

TEST_F(LogTest, TextHasOneLineForEachEventAndNoSecret)
{
    live("text");
    expect_no_secret_and_no_control();
    for (const std::string& line : lines())
        EXPECT_THAT(
            line,
            testing::MatchesRegex(
                "20[0-9-]+T[0-9:]+[.][0-9][0-9][0-9]Z (debug|info |warn |error) [a-z_.]+: .*"
            )
        );
}

TEST_F(LogTest, JsonIsAnObjectALineWithItsEventAndFields)
{
    live("json");
    expect_no_secret_and_no_control();
    bool failing = false;
    for (const std::string& line : lines()) {
        boost::system::error_code ec;
        const json::value object = json::parse(line, ec);
        ASSERT_FALSE(ec) << line;
        EXPECT_TRUE(object.at("event").is_string()) << line;
        const json::string& event = object.at("event").as_string();
        EXPECT_NE(event, "forged.line");
        if (event == "provider.failing" && object.at("fields").at("provider") == "refusing") {
            failing = true;
            EXPECT_EQ(object.at("fields").at("kind"), "unavailable");
        }
    }
    EXPECT_TRUE(failing);
}

TEST_F(LogTest, JournalLinesBeginWithTheirLevel)
{
    // As under systemd: standard error is the stream that JOURNAL_STREAM names.
    live("auto", {"/bin/sh", "-c", "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"", "sh"});
    expect_no_secret_and_no_control();
    for (const std::string& line : lines())
        EXPECT_THAT(line, testing::MatchesRegex("<[3467]>[a-z_.]+: .*"));
}

}  // namespace
}  // namespace pollhook::test
