#include "pollhook/delivery/origin_pace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;

class OriginPaceTest : public ::testing::Test {
protected:
    /// As many attempts as are permitted at once.
    std::size_t start_all(OriginPace& pace)
    {
        std::size_t started = 0;
        for (; pace.permits(now_); ++started)
            pace.started(now_);
        return started;
    }
    bool finish(OriginPace& pace, Condition condition, std::size_t count = 1)
    {
        bool opened = false;
        for (std::size_t i = 0; i < count; ++i)
            opened = pace.finished(condition, now_, now_, random_) || opened;
        return opened;
    }
    bool exchange(OriginPace& pace, Condition condition)
    {
        if (!pace.permits(now_))
            return false;
        pace.started(now_);
        finish(pace, condition);
        return true;
    }
    void grow(OriginPace& pace)
    {
        for (int round = 0; round < 20; ++round)
            finish(pace, Condition::working, start_all(pace));
    }

    base::SteadyPoint now_{1h};
    base::Random random_{5};
};

TEST_F(OriginPaceTest, StartsSmallAndGrowsWithEverySuccess)
{
    OriginPace pace(16, std::nullopt);
    EXPECT_EQ(start_all(pace), 2U);
    finish(pace, Condition::working, 2);
    EXPECT_EQ(start_all(pace), 4U);
    finish(pace, Condition::working, 4);
    EXPECT_EQ(start_all(pace), 8U);
    finish(pace, Condition::working, 8);
    EXPECT_EQ(start_all(pace), 16U);
    finish(pace, Condition::working, 16);
    EXPECT_EQ(start_all(pace), 16U);
}

TEST_F(OriginPaceTest, HalvesTheWindowOnceForWhatWasUnderWayTogether)
{
    OriginPace pace(16, std::nullopt);
    grow(pace);
    ASSERT_EQ(start_all(pace), 16U);
    const base::SteadyPoint started = now_;
    now_ += 100ms;
    for (int i = 0; i < 4; ++i)
        pace.finished(Condition::failing, started, now_, random_);
    EXPECT_EQ(pace.window(), 8U);
}

TEST_F(OriginPaceTest, GrowsByOneForEachRoundAfterATrouble)
{
    OriginPace pace(64, std::nullopt);
    grow(pace);
    pace.started(now_);
    finish(pace, Condition::failing);
    ASSERT_EQ(pace.window(), 32U);
    now_ += 1ms;
    finish(pace, Condition::working, start_all(pace));
    EXPECT_EQ(pace.window(), 32U);
    finish(pace, Condition::working, start_all(pace));
    EXPECT_EQ(pace.window(), 33U);
}

TEST_F(OriginPaceTest, AnOverloadedOriginGetsHalfItsRateUntilItHasRecovered)
{
    OriginPace pace(100, std::nullopt);
    grow(pace);
    now_ += 10s;
    for (int i = 0; i < 100; ++i)
        exchange(pace, Condition::working);
    while (!pace.rate()) {
        ASSERT_TRUE(exchange(pace, Condition::overloaded));
        if (pace.rate())
            break;
        ASSERT_TRUE(exchange(pace, Condition::working));
    }
    const double halved = *pace.rate();
    EXPECT_GE(halved, 50);
    EXPECT_LE(halved, 60);
    EXPECT_FALSE(pace.permits(now_));
    EXPECT_GT(pace.next(now_), now_);

    now_ += 1s;
    ASSERT_TRUE(exchange(pace, Condition::working));
    EXPECT_NEAR(*pace.rate(), 1.25 * halved, 0.01);
    for (int i = 0; i < 12; ++i) {
        now_ += 1s;
        ASSERT_TRUE(exchange(pace, Condition::working));
    }
    EXPECT_FALSE(pace.rate());
}

TEST_F(OriginPaceTest, AnOriginThatIsNowAndThenOverloadedKeepsItsRate)
{
    OriginPace pace(16, std::nullopt);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(exchange(pace, i % 10 == 0 ? Condition::overloaded : Condition::working)) << i;
        now_ += 5ms;
    }
    EXPECT_FALSE(pace.rate());
}

TEST_F(OriginPaceTest, SlowsDownStepByStepAndNeverStops)
{
    OriginPace pace(100, std::nullopt);
    grow(pace);
    double slowest = 1000;
    for (int i = 0; i < 3000; ++i) {
        now_ = std::max(now_, pace.next(now_));
        ASSERT_TRUE(exchange(pace, i % 4 == 3 ? Condition::working : Condition::overloaded)) << i;
        slowest = std::min(slowest, pace.rate().value_or(slowest));
        now_ += 1ms;
    }
    EXPECT_LT(slowest, 100);
    EXPECT_GE(slowest, 1.0);
}

TEST_F(OriginPaceTest, AQuietOriginThatIsOverloadedGetsNoRateLimit)
{
    OriginPace pace(16, std::nullopt);
    pace.started(now_);
    finish(pace, Condition::overloaded);
    EXPECT_FALSE(pace.rate());
    EXPECT_EQ(pace.window(), 1U);
    EXPECT_TRUE(pace.permits(now_));
}

TEST_F(OriginPaceTest, AConfiguredRateIsKept)
{
    OriginPace pace(16, 2.0);
    EXPECT_EQ(start_all(pace), 2U);
    finish(pace, Condition::working, 2);
    EXPECT_EQ(start_all(pace), 0U);
    EXPECT_EQ(pace.next(now_), now_ + 500ms);
    now_ += 500ms;
    EXPECT_EQ(start_all(pace), 1U);
    EXPECT_EQ(pace.rate(), 2.0);
}

TEST_F(OriginPaceTest, FiveFailuresInARowOpenTheBreaker)
{
    OriginPace pace(16, std::nullopt);
    for (int i = 0; i < 4; ++i) {
        pace.started(now_);
        EXPECT_FALSE(finish(pace, Condition::failing));
    }
    pace.started(now_);
    finish(pace, Condition::working);
    for (int i = 0; i < 4; ++i) {
        pace.started(now_);
        EXPECT_FALSE(finish(pace, Condition::failing));
    }
    pace.started(now_);
    EXPECT_TRUE(finish(pace, Condition::failing));
    EXPECT_EQ(pace.breaker().state(now_), State::open);
    EXPECT_FALSE(pace.permits(now_));
    EXPECT_FALSE(pace.is_plain());
}

TEST_F(OriginPaceTest, OneProbeDecidesWhetherItIsBack)
{
    OriginPace pace(16, std::nullopt);
    grow(pace);
    const std::size_t all = start_all(pace);
    EXPECT_TRUE(finish(pace, Condition::failing, all));
    const base::SteadyPoint first = pace.next(now_);
    EXPECT_GE(first, now_ + 5s);
    EXPECT_LE(first, now_ + 10s);

    now_ = first;
    EXPECT_EQ(pace.breaker().state(now_), State::half_open);
    EXPECT_EQ(start_all(pace), 1U);
    EXPECT_TRUE(finish(pace, Condition::failing));
    EXPECT_GE(pace.next(now_), now_ + 10s);

    now_ = pace.next(now_);
    EXPECT_EQ(start_all(pace), 1U);
    EXPECT_FALSE(finish(pace, Condition::working));
    EXPECT_EQ(pace.breaker().state(now_), State::closed);
    EXPECT_LE(start_all(pace), 9U);  // not a herd
}

TEST_F(OriginPaceTest, TheBreakerIsNeverOpenForLongerThanFiveMinutes)
{
    OriginPace pace(4, std::nullopt);
    for (int i = 0; i < 60; ++i) {
        now_ = std::max(now_, pace.next(now_));
        ASSERT_TRUE(pace.permits(now_));
        pace.started(now_);
        finish(pace, Condition::failing);
        EXPECT_LE(pace.next(now_), now_ + 5min);
    }
}

TEST_F(OriginPaceTest, FailuresThatBeganBeforeItOpenedDoNotProlongIt)
{
    OriginPace pace(16, std::nullopt);
    grow(pace);
    start_all(pace);
    EXPECT_TRUE(finish(pace, Condition::failing, 5));
    const base::SteadyPoint probe = pace.next(now_);
    now_ += 1s;
    EXPECT_FALSE(finish(pace, Condition::failing, 11));
    EXPECT_EQ(pace.next(now_), probe);
}

TEST_F(OriginPaceTest, AProbeThatIsBroughtForwardIsStillOneAndWhatBeganBeforeItIsNone)
{
    OriginPace pace(16, std::nullopt);
    grow(pace);
    start_all(pace);
    const base::SteadyPoint before = now_;
    EXPECT_TRUE(finish(pace, Condition::failing, 15));
    now_ += 1s;
    pace.hurry(now_);
    EXPECT_EQ(pace.breaker().state(now_), State::half_open);
    EXPECT_FALSE(pace.permits(now_));  // one from before is under way
    EXPECT_FALSE(pace.finished(Condition::failing, before, now_, random_));
    EXPECT_EQ(start_all(pace), 1U);
    now_ += 1s;
    pace.hurry(now_);
    EXPECT_FALSE(pace.permits(now_));
    EXPECT_TRUE(pace.finished(Condition::failing, now_ - 1s, now_, random_));
    EXPECT_EQ(pace.breaker().state(now_), State::open);
}

TEST_F(OriginPaceTest, AClosedBreakerHasNothingToBringForward)
{
    OriginPace pace(16, std::nullopt);
    pace.hurry(now_);
    EXPECT_EQ(pace.breaker().state(now_), State::closed);
    EXPECT_TRUE(pace.is_plain());
}

TEST_F(OriginPaceTest, WhatSaysNothingAboutTheOriginChangesNothing)
{
    OriginPace pace(16, std::nullopt);
    for (int i = 0; i < 10; ++i) {
        pace.started(now_);
        EXPECT_FALSE(finish(pace, Condition::not_reached));
    }
    EXPECT_TRUE(pace.is_plain());
    EXPECT_EQ(pace.window(), 2U);
}

TEST_F(OriginPaceTest, WhatOneRequestCarriedWidensTheWindowAndClosesNoBreaker)
{
    OriginPace pace(16, std::nullopt);
    for (int i = 0; i < 3; ++i) {
        pace.started(now_);
        finish(pace, Condition::failing);
    }
    const std::size_t before = pace.window();
    for (int i = 0; i < 4; ++i) {
        pace.started(now_);
        finish(pace, Condition::carried);
    }
    EXPECT_GT(pace.window(), before);
    EXPECT_FALSE(pace.breaker().is_calm());
}

TEST_F(OriginPaceTest, ALargerLimitIsGrownInto)
{
    OriginPace pace(4, std::nullopt);
    grow(pace);
    ASSERT_EQ(pace.window(), 4U);
    pace.allow(32);
    pace.allow(8);
    grow(pace);
    EXPECT_EQ(pace.window(), 32U);
}

}  // namespace
}  // namespace pollhook::delivery
