#include "pollhook/base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace pollhook::base {
namespace {

using namespace std::chrono_literals;

constexpr SteadyPoint start{1h};

TEST(TokenBucketTest, LetsABurstThroughAndThenTheRate)
{
    TokenBucket bucket(2, 3, start);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(bucket.ready(start));
        bucket.take(1, start);
    }
    EXPECT_FALSE(bucket.ready(start));
    EXPECT_EQ(bucket.next(start), start + 500ms);
    EXPECT_FALSE(bucket.ready(start + 499ms));
    EXPECT_TRUE(bucket.ready(start + 500ms));
}

TEST(TokenBucketTest, IsReadyAtTheMomentItNames)
{
    for (const double rate : {0.001, 0.3, 1.0, 3.0, 7.0, 333.0, 10000.0}) {
        TokenBucket bucket(rate, 1, start);
        SteadyPoint now = start;
        for (int i = 0; i < 50; ++i) {
            bucket.take(1, now);
            const SteadyPoint next = bucket.next(now);
            EXPECT_GT(next, now);
            now = next;
            EXPECT_TRUE(bucket.ready(now)) << rate;
        }
    }
}

TEST(TokenBucketTest, HoldsNoMoreThanItsBurst)
{
    TokenBucket bucket(10, 2, start);
    const SteadyPoint later = start + 24h;
    bucket.take(2, later);
    EXPECT_FALSE(bucket.ready(later));
}

TEST(TokenBucketTest, HoldsAWholeTokenWhateverItsBurst)
{
    TokenBucket bucket(0.5, 0.5, start);
    EXPECT_TRUE(bucket.ready(start));
    bucket.take(1, start);
    EXPECT_EQ(bucket.next(start), start + 2s);
}

TEST(TokenBucketTest, ADebtIsPaidBackByWaiting)
{
    TokenBucket bucket(1, 1, start);
    bucket.take(5, start);
    EXPECT_EQ(bucket.next(start), start + 5s);
}

TEST(TokenBucketTest, TimeThatGoesBackGivesNothing)
{
    TokenBucket bucket(1, 1, start);
    bucket.take(1, start);
    EXPECT_FALSE(bucket.ready(start - 10s));
    EXPECT_FALSE(bucket.ready(start));
}

}  // namespace
}  // namespace pollhook::base
