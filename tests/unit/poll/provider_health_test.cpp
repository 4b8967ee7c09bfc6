#include "pollhook/poll/provider_health.hpp"

#include <gtest/gtest.h>

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;
using Step = ProviderHealth::Step;

class ProviderHealthTest : public ::testing::Test {
protected:
    Step fail(provider::Errc kind, std::optional<base::Duration> retry_after = std::nullopt)
    {
        provider::LookFailure failure;
        failure.kind = kind;
        failure.detail = "trouble";
        failure.retry_after = retry_after;
        return health_.failed(failure, now_, random_);
    }
    /// As a probe after the pause.
    Step fail_again(provider::Errc kind)
    {
        now_ = std::max(now_, health_.blocked_until());
        return fail(kind);
    }
    Step succeed() { return health_.succeeded(now_, wall_); }
    [[nodiscard]] base::Duration pause() const { return health_.blocked_until() - now_; }

    base::Random random_{1};
    base::SteadyPoint now_{1h};
    base::TimePoint wall_ = base::from_unix_ms(1'800'000'000'000);
    ProviderHealth health_{5s};
};

TEST_F(ProviderHealthTest, BacksOffLongerAndLongerWithJitter)
{
    base::Duration longest = 5s;
    for (int i = 0; i < 20; ++i) {
        fail_again(provider::Errc::unavailable);
        EXPECT_GE(pause(), longest / 2);
        EXPECT_LE(pause(), longest);
        longest = std::min<base::Duration>(longest * 2, 5min);
    }
    EXPECT_EQ(health_.failures_in_a_row(), 20U);
}

TEST_F(ProviderHealthTest, FailuresAtTheSameTimeAreOneTrouble)
{
    EXPECT_EQ(fail(provider::Errc::unavailable), Step::first_failure);
    EXPECT_EQ(fail(provider::Errc::unavailable), Step::none);
    EXPECT_EQ(fail(provider::Errc::unavailable), Step::none);
    EXPECT_EQ(fail(provider::Errc::unavailable), Step::none);
    EXPECT_LE(pause(), 5s);
}

TEST_F(ProviderHealthTest, RetryAfterIsALowerBoundWithACap)
{
    fail(provider::Errc::rate_limited, 1ms);
    EXPECT_GE(pause(), 2500ms);
    fail(provider::Errc::rate_limited, 7min);
    EXPECT_EQ(pause(), 7min);
    fail(provider::Errc::rate_limited, 100h);
    EXPECT_EQ(pause(), 1h);
}

TEST_F(ProviderHealthTest, ASuccessThatWasAskedForBeforeThePauseDoesNotEndIt)
{
    fail(provider::Errc::rate_limited, 60s);
    now_ += 1s;
    EXPECT_EQ(succeed(), Step::none);
    EXPECT_EQ(pause(), 59s);
    EXPECT_TRUE(health_.probing());
    EXPECT_EQ(health_.last_success(), wall_);
}

TEST_F(ProviderHealthTest, AProbeThatSucceedsEndsTheTrouble)
{
    fail(provider::Errc::unavailable);
    fail_again(provider::Errc::unavailable);
    now_ = health_.blocked_until();
    EXPECT_EQ(succeed(), Step::recovered);
    EXPECT_EQ(succeed(), Step::none);
    EXPECT_FALSE(health_.probing());
    fail(provider::Errc::unavailable);
    EXPECT_LE(pause(), 5s);
}

TEST_F(ProviderHealthTest, ARefusedKeyIsProbedSlowlyAndReportedOnce)
{
    EXPECT_EQ(fail(provider::Errc::unauthorized), Step::key_refused);
    EXPECT_GE(pause(), 30s);
    EXPECT_TRUE(health_.key_refused());
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(fail_again(provider::Errc::unauthorized), Step::none);
    EXPECT_GE(pause(), 7min + 30s);
    EXPECT_LE(pause(), 15min);
    now_ = health_.blocked_until();
    EXPECT_EQ(succeed(), Step::recovered);
    EXPECT_FALSE(health_.key_refused());
    EXPECT_EQ(fail(provider::Errc::unauthorized), Step::key_refused);
}

TEST_F(ProviderHealthTest, ARefusedKeyIsReportedAlsoAmongOtherFailures)
{
    EXPECT_EQ(fail(provider::Errc::unavailable), Step::first_failure);
    EXPECT_EQ(fail(provider::Errc::unauthorized), Step::key_refused);
    EXPECT_GE(pause(), 30s);
}

}  // namespace
}  // namespace pollhook::poll
