#include "pollhook/base/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace pollhook::base {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, DoublesUpToItsMaximumWithJitterOfHalf)
{
    Random random(5);
    Backoff backoff(1s, 10s);
    Duration whole = 1s;
    for (int i = 0; i < 100; ++i) {
        const Duration pause = backoff.next(random);
        EXPECT_GE(pause, whole / 2);
        EXPECT_LE(pause, whole);
        whole = std::min<Duration>(whole * 2, 10s);
    }
    EXPECT_EQ(backoff.failures(), 100U);
}

TEST(BackoffTest, SpreadsThePauses)
{
    Random random(5);
    Duration shortest = 10s;
    Duration longest = 0s;
    for (int i = 0; i < 200; ++i) {
        Backoff backoff(1s, 10s);
        const Duration pause = backoff.next(random);
        shortest = std::min(shortest, pause);
        longest = std::max(longest, pause);
    }
    EXPECT_LT(shortest, 550ms);
    EXPECT_GT(longest, 950ms);
}

TEST(BackoffTest, StartsAnewAfterAReset)
{
    Random random(5);
    Backoff backoff(1s, 1h);
    for (int i = 0; i < 10; ++i)
        (void)backoff.next(random);
    backoff.reset();
    EXPECT_LE(backoff.next(random), 1s);
}

TEST(BackoffTest, NeverOverflows)
{
    Random random(5);
    Backoff backoff(24h, 24h * 365);
    for (int i = 0; i < 100; ++i)
        EXPECT_LE(backoff.next(random), 24h * 365);
}

}  // namespace
}  // namespace pollhook::base
