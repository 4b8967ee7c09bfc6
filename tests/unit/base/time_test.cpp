#include "pollhook/base/time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::base {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint sample = TimePoint(
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 21).time_since_epoch() + 3h + 18min + 39s + 123ms
);

TEST(TimeTest, FormatsInUtcWithMilliseconds)
{
    EXPECT_EQ(format_rfc3339(sample), "2026-11-21T03:18:39.123Z");
    EXPECT_EQ(format_rfc3339(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_rfc3339(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(TimeTest, FormatsTimesThatHaveNoYearOfFourDigitsAsTheNearestThatHas)
{
    EXPECT_EQ(
        format_rfc3339(from_unix_ms(std::numeric_limits<std::int64_t>::max())), "9999-12-31T23:59:59.999Z"
    );
    EXPECT_EQ(
        format_rfc3339(from_unix_ms(std::numeric_limits<std::int64_t>::min())), "0000-01-01T00:00:00.000Z"
    );
}

TEST(TimeTest, ReadsEveryFormThatRelaysSend)
{
    const std::vector<std::string_view> forms = {
        "2026-11-21T03:18:39.123Z",
        "2026-11-21t03:18:39.123z",
        "2026-11-21 03:18:39.123",
        "2026-11-21T03:18:39.123456789Z",
        "2026-11-21T03:18:39,123Z",
        "2026-11-21T11:18:39.123+08:00",
        "2026-11-21T11:18:39.123+0800",
        "2026-11-21T11:18:39.123+08",
        "2026-11-20T19:18:39.123-08:00",
        "2026-11-21T08:48:39.123+05:30",
        "2026-11-21T03:18:39.123+00:00",
        "2026-11-21T03:18:39.123-00:00",
    };
    for (const std::string_view form : forms)
        EXPECT_EQ(parse_rfc3339(form), sample) << form;
}

TEST(TimeTest, ReadsShortFractionsAsTenths)
{
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), from_unix_ms(500));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.05Z"), from_unix_ms(50));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), from_unix_ms(0));
}

TEST(TimeTest, TakesALeapSecondAsTheNextMinute)
{
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
}

TEST(TimeTest, RefusesWhatIsNoTime)
{
    const std::vector<std::string_view> forms = {
        "",
        "now",
        "2026",
        "2026-11-21",
        "2026-11-21T",
        "2026-11-21T03:18",
        "2026-11-21T03:18:3",
        "2026-1-21T03:18:39Z",
        "26-11-21T03:18:39Z",
        "-026-11-21T03:18:39Z",
        "+2026-11-21T03:18:39Z",
        "2026/11/21T03:18:39Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T03:60:39Z",
        "2026-11-21T03:18:61Z",
        "2026-11-21T-3:18:39Z",
        "2026-11-21T03:18:39.Z",
        "2026-11-21T03:18:39.123Zulu",
        "2026-11-21T03:18:39 Z",
        "2026-11-21T03:18:39+8",
        "2026-11-21T03:18:39+08:",
        "2026-11-21T03:18:39+08:0",
        "2026-11-21T03:18:39+24:00",
        "2026-11-21T03:18:39+08:60",
        "2026-11-21T03:18:39+-8:00",
        " 2026-11-21T03:18:39Z",
        "2026-11-21T03:18:39Z\n",
        "1763695119123",
    };
    for (const std::string_view form : forms)
        EXPECT_EQ(parse_rfc3339(form), std::nullopt) << form;
}

TEST(TimeTest, ReadsBackWhatItFormats)
{
    for (const std::int64_t ms :
         {INT64_C(0),
          INT64_C(-62'167'219'200'000),
          INT64_C(253'402'300'799'999),
          INT64_C(951'782'400'000),
          INT64_C(1'763'695'119'123)})
        EXPECT_EQ(parse_rfc3339(format_rfc3339(from_unix_ms(ms))), from_unix_ms(ms)) << ms;
}

TEST(TimeTest, CountsUnixMilliseconds)
{
    EXPECT_EQ(to_unix_ms(sample), INT64_C(1'795'231'119'123));
    EXPECT_EQ(from_unix_ms(to_unix_ms(sample)), sample);
}

TEST(DurationTest, ReadsNumbersWithAUnit)
{
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("15s"), 15s);
    EXPECT_EQ(parse_duration("2m"), 2min);
    EXPECT_EQ(parse_duration("1.5h"), 90min);
    EXPECT_EQ(parse_duration("30d"), 720h);
    EXPECT_EQ(parse_duration("0s"), 0ms);
    EXPECT_EQ(parse_duration("0.0004s"), 0ms);
    EXPECT_EQ(parse_duration("0.0005s"), 1ms);
    EXPECT_EQ(parse_duration("0.1s"), 100ms);
}

TEST(DurationTest, RefusesEverythingElse)
{
    for (const std::string_view text :
         {"",     "s",  "5",     "5 s",  " 5s",  "5s ",  "-5s",   "-0s",  "+5s",    "5S",
          "5sec", "5w", "1h30m", "1e3s", "infs", "nans", "0x10s", "five", "36601d", "99999999999999999999d",
          "1,5s"})
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(DurationTest, FormatsAWholeNumberOfTheLargestUnit)
{
    EXPECT_EQ(format_duration(0ms), "0s");
    EXPECT_EQ(format_duration(250ms), "250ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(120s), "2m");
    EXPECT_EQ(format_duration(90min), "90m");
    EXPECT_EQ(format_duration(24h), "1d");
}

TEST(DurationTest, ReadsBackWhatItFormats)
{
    for (const Duration duration :
         {Duration(0), Duration(1), Duration(999), Duration(60'000), Duration(86'400'001)})
        EXPECT_EQ(parse_duration(format_duration(duration)), duration) << duration.count();
}

}  // namespace
}  // namespace pollhook::base
