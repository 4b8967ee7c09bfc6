#include "demo_screen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace pollhook::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

simulator::Receipt receipt(std::int64_t sequence, const std::string& type)
{
    simulator::Receipt made;
    made.received_at = *base::parse_rfc3339("2026-11-21T03:18:39.126Z");
    made.destination = "/hooks";
    made.body = R"({"type":")" + type + R"(","timestamp":"2026-11-21T03:18:39.123Z","data":{"progress":45}})";
    made.verdict = simulator::Verdict::genuine;
    made.status = 204;
    made.id = "evt_" + std::to_string(sequence);
    made.type = type;
    made.provider = "midjourney";
    made.task = "1743326750223591";
    made.sequence = sequence;
    made.attempt = 1;
    return made;
}

/// In characters of UTF-8, without colours.
std::size_t width(const std::string& line)
{
    return static_cast<std::size_t>(std::ranges::count_if(line, [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U && byte != '\n';
    }));
}

TEST(DemoScreenTest, ShowsWhatCameAndHowSoon)
{
    DemoScreen screen(DemoScreen::Colors::off);
    const std::string line = screen.webhook_line(receipt(3, "task.progress"));
    EXPECT_THAT(line, HasSubstr("1743326750223591"));
    EXPECT_THAT(line, HasSubstr("45% task.progress  #3  verified 3 ms"));
    EXPECT_LE(width(line), 80U);
}

TEST(DemoScreenTest, FitsEightyColumns)
{
    DemoScreen screen(DemoScreen::Colors::off);
    std::istringstream header(screen.header(
        {"http://127.0.0.1:65535",
         "http://127.0.0.1:65535",
         "http://127.0.0.1:65535",
         "build/release/pollhook"}
    ));
    for (std::string line; std::getline(header, line);)
        EXPECT_LE(width(line), 80U) << line;
    simulator::Receipt refused = receipt(12, "task.succeeded");
    refused.status = 503;
    EXPECT_LE(width(screen.webhook_line(refused)), 80U);
}

TEST(DemoScreenTest, TellsWhatWasRefusedAndCameAgain)
{
    DemoScreen screen(DemoScreen::Colors::off);
    simulator::Receipt first = receipt(1, "task.succeeded");
    first.status = 503;
    EXPECT_THAT(screen.webhook_line(first), HasSubstr("503 on purpose"));
    EXPECT_THAT(screen.summary(1, 30s), HasSubstr("but for 1 that wait"));
    simulator::Receipt second = receipt(1, "task.succeeded");
    second.attempt = 2;
    EXPECT_THAT(screen.webhook_line(second), HasSubstr("verified try 2"));
    const std::string summary = screen.summary(1, 30s);
    EXPECT_THAT(summary, HasSubstr("30 s: 1 tasks watched, 1 of them ended. 2 webhooks came, all verified"));
    EXPECT_THAT(summary, HasSubstr("refused on purpose: 1, and taken at a later try."));
    EXPECT_THAT(summary, HasSubstr("in order"));
}

TEST(DemoScreenTest, HidesNoViolation)
{
    DemoScreen screen(DemoScreen::Colors::off);
    (void)screen.webhook_line(receipt(2, "task.progress"));
    (void)screen.webhook_line(receipt(1, "task.running"));
    EXPECT_THAT(screen.summary(1, 1s), testing::Not(HasSubstr("came in order")));
}

TEST(DemoScreenTest, NamesASignatureThatDoesNotFit)
{
    DemoScreen screen(DemoScreen::Colors::off);
    simulator::Receipt forged = receipt(1, "task.running");
    forged.verdict = simulator::Verdict::no_match;
    forged.status = 401;
    EXPECT_THAT(screen.webhook_line(forged), HasSubstr("not genuine"));
}

TEST(DemoScreenTest, PaintsOnlyWhenItIsTold)
{
    DemoScreen plain(DemoScreen::Colors::off);
    DemoScreen painted(DemoScreen::Colors::on);
    EXPECT_THAT(plain.webhook_line(receipt(1, "task.failed")), testing::Not(HasSubstr("\x1b")));
    EXPECT_THAT(painted.webhook_line(receipt(1, "task.failed")), HasSubstr("\x1b[31m"));
}

TEST(DemoScreenTest, ShowsARelaysWordsSafely)
{
    DemoScreen screen(DemoScreen::Colors::off);
    EXPECT_THAT(screen.relay_line(base::TimePoint{}, "1", "\x1b[2J"), testing::Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace pollhook::cli
