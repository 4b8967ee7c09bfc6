#include "pollhook/poll/pauses.hpp"

#include <gtest/gtest.h>

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint noon{std::chrono::hours(12)};

TEST(PausesTest, CountsWhatLiesWithinATime)
{
    Pauses pauses;
    pauses.begin(noon, "maintenance");
    EXPECT_EQ(pauses.within(noon - 1h, noon + 2h), 2h);
    EXPECT_EQ(pauses.within(noon + 1h, noon + 2h), 1h);
    pauses.end(noon + 3h);
    pauses.begin(noon + 5h, "again");
    pauses.end(noon + 6h);
    EXPECT_EQ(pauses.within(noon - 1h, noon + 24h), 4h);
    EXPECT_EQ(pauses.within(noon + 2h, noon + 24h), 2h);
    EXPECT_EQ(pauses.within(noon + 3h, noon + 5h), 0h);
}

TEST(PausesTest, ASecondPauseKeepsTheFirstReason)
{
    Pauses pauses;
    pauses.begin(noon, "first");
    pauses.begin(noon + 1h, "second");
    EXPECT_EQ(pauses.since(), noon);
    EXPECT_EQ(pauses.reason(), "first");
    pauses.end(noon + 2h);
    EXPECT_FALSE(pauses.is_paused());
    EXPECT_EQ(pauses.reason(), "");
}

TEST(PausesTest, IsTheSameAfterItWasStored)
{
    Pauses pauses;
    pauses.begin(noon, "first");
    pauses.end(noon + 1h);
    EXPECT_EQ(Pauses::parse(pauses.text()), pauses);
    pauses.begin(noon + 2h, "a \"quoted\"\nreason");
    EXPECT_EQ(Pauses::parse(pauses.text()), pauses);
    EXPECT_EQ(Pauses::parse(""), Pauses());
    EXPECT_EQ(Pauses::parse(R"({"since":"x","ended":[[1],[5,2],3]})"), Pauses());
}

TEST(PausesTest, AClockThatWasSetBackMakesNoNegativePause)
{
    Pauses pauses;
    pauses.begin(noon, "");
    pauses.end(noon - 1h);
    EXPECT_EQ(pauses.within(noon - 24h, noon + 24h), 0h);
}

TEST(PausesTest, KeepsOnlySoManyAndForgetsOldOnes)
{
    Pauses pauses;
    for (int i = 0; i < 1000; ++i) {
        pauses.begin(noon + i * 1h, "");
        pauses.end(noon + i * 1h + 1min);
    }
    EXPECT_LE(pauses.text().size(), 4096U);
    pauses.forget_before(noon + 999h);
    EXPECT_EQ(pauses.within(noon, noon + 2000h), 1min);
}

}  // namespace
}  // namespace pollhook::poll
