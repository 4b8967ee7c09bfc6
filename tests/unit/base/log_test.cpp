#include "pollhook/base/log.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace pollhook::base {
namespace {

using ::testing::MatchesRegex;

/// What reaches standard error while `write` runs under the given settings.
template <class F>
std::string logged(LogLevel level, LogFormat format, F write)
{
    testing::internal::CaptureStderr();
    set_up_logging(level, format);
    write();
    return testing::internal::GetCapturedStderr();
}

TEST(LogTest, WritesTextWithTimeAndLevel)
{
    const std::string line = logged(LogLevel::info, LogFormat::text, [] {
        spdlog::info("poll.failed: provider={} error=\"{}\"", "quickrouter", "timed out");
    });
    EXPECT_THAT(
        line,
        MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z info  poll.failed: provider=quickrouter "
                     "error=\"timed out\"\n")
    );
}

TEST(LogTest, WritesOneJsonObjectALine)
{
    const std::string line =
        logged(LogLevel::info, LogFormat::json, [] { spdlog::warn("a \"quoted\" \\ word"); });
    const boost::json::value object = boost::json::parse(line);
    EXPECT_EQ(object.at("level"), "warn");
    EXPECT_EQ(object.at("message"), "a \"quoted\" \\ word");
    EXPECT_TRUE(object.as_object().contains("time"));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(LogTest, TakesALineApartInJson)
{
    const std::string line = logged(LogLevel::info, LogFormat::json, [] {
        spdlog::warn(R"(poll.failed: provider=quick error="said \"no\"\n\xff x=1" failures=3 (and so on) y=2)"
        );
    });
    const boost::json::value object = boost::json::parse(line);
    EXPECT_EQ(object.at("event"), "poll.failed");
    const boost::json::object& fields = object.at("fields").as_object();
    EXPECT_EQ(fields.size(), 3U);
    EXPECT_EQ(fields.at("provider"), "quick");
    EXPECT_EQ(fields.at("error"), "said \"no\"\n\\xff x=1");
    EXPECT_EQ(fields.at("failures"), "3");
}

TEST(LogTest, LeavesOtherLinesWholeInJson)
{
    for (const char* text :
         {"a word", "Error: x=1", "poll.failed:", "poll.failed: \"x", "a.b: =1", "a.b: x=\"open"}) {
        const auto object =
            boost::json::parse(logged(LogLevel::info, LogFormat::json, [&] { spdlog::warn("{}", text); }));
        EXPECT_EQ(object.at("message"), text);
    }
}

TEST(LogTest, WritesJournalPrioritiesWithoutTime)
{
    const std::string lines = logged(LogLevel::trace, LogFormat::journal, [] {
        spdlog::trace("t");
        spdlog::debug("d");
        spdlog::info("i");
        spdlog::warn("w");
        spdlog::error("e");
        spdlog::critical("c");
    });
    EXPECT_EQ(lines, "<7>t\n<7>d\n<6>i\n<4>w\n<3>e\n<2>c\n");
}

TEST(LogTest, LeavesOutWhatIsBelowTheLevel)
{
    const std::string lines = logged(LogLevel::warn, LogFormat::journal, [] {
        spdlog::info("hidden");
        spdlog::warn("shown");
    });
    EXPECT_EQ(lines, "<4>shown\n");
}

TEST(LogTest, NeverLetsAMessageForgeALine)
{
    const auto write = [] { spdlog::info("one\n<0>two\x1b[2J"); };
    EXPECT_EQ(logged(LogLevel::info, LogFormat::journal, write), "<6>one <0>two [2J\n");
    const auto write_bytes = [] { spdlog::info("bytes \xff"); };
    EXPECT_EQ(logged(LogLevel::info, LogFormat::journal, write_bytes), "<6>bytes \\xff\n");
    const std::string json = logged(LogLevel::info, LogFormat::json, write_bytes);
    EXPECT_EQ(boost::json::parse(json).at("message"), "bytes \\xff");
}

class JournalStreamTest : public testing::Test {
protected:
    void TearDown() override { unsetenv("JOURNAL_STREAM"); }

    /// One line under the automatic format, with JOURNAL_STREAM naming standard error or another stream.
    static std::string logged_automatically(bool stream_is_stderr)
    {
        testing::internal::CaptureStderr();
        struct stat status = {};
        fstat(STDERR_FILENO, &status);
        const auto inode = stream_is_stderr ? status.st_ino : status.st_ino + 1;
        setenv("JOURNAL_STREAM", (std::to_string(status.st_dev) + ":" + std::to_string(inode)).c_str(), 1);
        set_up_logging(LogLevel::info, LogFormat::automatic);
        spdlog::info("here");
        return testing::internal::GetCapturedStderr();
    }
};

TEST_F(JournalStreamTest, UsesJournalPrefixesWhenStandardErrorIsTheJournal)
{
    EXPECT_EQ(logged_automatically(true), "<6>here\n");
}

TEST_F(JournalStreamTest, UsesTextWhenTheVariableIsOnlyInherited)
{
    EXPECT_THAT(logged_automatically(false), MatchesRegex("20.*Z info  here\n"));
}

}  // namespace
}  // namespace pollhook::base
