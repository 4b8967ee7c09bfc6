#include "pollhook/delivery/retry_policy.hpp"

#include "support/scripted_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using test::ScriptedSink;
using Kind = Decision::Kind;
using ::testing::HasSubstr;

class RetryPolicyTest : public ::testing::Test {
protected:
    Decision after(std::uint32_t attempts, const sink::Outcome& outcome)
    {
        return decide(outcome, {.attempts = attempts, .rejected = attempts}, schedules(), random_);
    }
    [[nodiscard]] RetrySchedules schedules() const { return {.standard = schedule_, .rejected = {1s, 2s}}; }

    base::Random random_{3};
    std::vector<base::Duration> schedule_{5s, 5min, 30min};
};

TEST_F(RetryPolicyTest, A2xxIsDelivered)
{
    EXPECT_EQ(after(1, ScriptedSink::http(204)).kind, Kind::delivered);
    EXPECT_EQ(after(10, ScriptedSink::http(200)).kind, Kind::delivered);
}

TEST_F(RetryPolicyTest, FollowsTheScheduleWithJitterOnlyUpward)
{
    for (std::uint32_t attempt = 1; attempt <= schedule_.size(); ++attempt) {
        const base::Duration planned = schedule_.at(attempt - 1);
        base::Duration shortest = base::Duration::max();
        base::Duration longest{};
        for (int i = 0; i < 300; ++i) {
            const Decision decision = after(attempt, ScriptedSink::http(503));
            EXPECT_EQ(decision.kind, Kind::retry);
            shortest = std::min(shortest, decision.pause);
            longest = std::max(longest, decision.pause);
        }
        EXPECT_GE(shortest, planned);
        EXPECT_LE(longest, planned + planned / 10);
        EXPECT_GT(longest - shortest, planned / 20);
    }
}

TEST_F(RetryPolicyTest, IsDeadAfterTheScheduleAndSaysWhy)
{
    const Decision decision = after(4, ScriptedSink::http(503));
    EXPECT_EQ(decision.kind, Kind::dead);
    EXPECT_EQ(decision.text, "dead: 4 attempts failed, last: HTTP 503");
}

TEST_F(RetryPolicyTest, AnEmptyScheduleIsASingleAttempt)
{
    schedule_.clear();
    EXPECT_EQ(after(1, ScriptedSink::http(500)).kind, Kind::dead);
}

TEST_F(RetryPolicyTest, RetryAfterIsALowerBoundWithACap)
{
    EXPECT_EQ(after(1, ScriptedSink::http(429, 10min)).pause, 10min);
    EXPECT_GE(after(2, ScriptedSink::http(429, 1s)).pause, 5min);
    EXPECT_EQ(after(1, ScriptedSink::http(503, 1000h)).pause, 24h);
    EXPECT_GE(after(1, ScriptedSink::http(503, -5s)).pause, 5s);
}

TEST_F(RetryPolicyTest, AGoneUrlIsTriedNoMore)
{
    const Decision decision = after(1, ScriptedSink::http(410));
    EXPECT_EQ(decision.kind, Kind::gone);
    EXPECT_EQ(decision.text, "dead: HTTP 410 Gone");
}

TEST_F(RetryPolicyTest, RedirectsAndClientErrorsAreTriedAgain)
{
    for (const int status : {301, 400, 401, 404, 422, 500})
        EXPECT_EQ(after(1, ScriptedSink::http(status)).kind, Kind::retry) << status;
}

TEST_F(RetryPolicyTest, TellsPeopleWhatHappensNext)
{
    EXPECT_THAT(after(1, ScriptedSink::http(503)).text, HasSubstr("retry in 5s: HTTP 503"));
}

TEST_F(RetryPolicyTest, APauseOfNothingIsPossible)
{
    schedule_ = {0s};
    EXPECT_EQ(after(1, ScriptedSink::http(503)).pause, 0s);
}

TEST_F(RetryPolicyTest, AnAnswerThatWillNotChangeHasAShortBudget)
{
    for (const int status : {400, 401, 403, 404, 405, 413, 415, 422}) {
        EXPECT_EQ(after(2, ScriptedSink::http(status)).kind, Kind::retry) << status;
        EXPECT_EQ(after(3, ScriptedSink::http(status)).kind, Kind::dead) << status;
    }
    for (const int status : {301, 402, 408, 409, 425, 429, 500, 503})
        EXPECT_EQ(after(3, ScriptedSink::http(status)).kind, Kind::retry) << status;
}

TEST_F(RetryPolicyTest, ARejectionIsCountedForItselfAndAnOutageBeforeItIsNot)
{
    const sink::Outcome rejected = ScriptedSink::http(401);
    const auto after = [&](std::uint32_t attempts, std::uint32_t rejections) {
        return decide(rejected, {.attempts = attempts, .rejected = rejections}, schedules(), random_);
    };
    EXPECT_EQ(after(5, 1).kind, Kind::retry);
    EXPECT_GE(after(5, 1).pause, 1s);
    EXPECT_LE(after(5, 1).pause, 1100ms);
    EXPECT_GE(after(6, 2).pause, 2s);
    const Decision last = after(7, 3);
    EXPECT_EQ(last.kind, Kind::dead);
    EXPECT_EQ(last.text, "dead: 7 attempts failed, last: HTTP 401");
}

TEST_F(RetryPolicyTest, TheStandardScheduleCountsEveryAttempt)
{
    const sink::Outcome failed = ScriptedSink::http(503);
    EXPECT_GE(decide(failed, {.attempts = 3, .rejected = 2}, schedules(), random_).pause, 30min);
    EXPECT_EQ(decide(failed, {.attempts = 4, .rejected = 2}, schedules(), random_).kind, Kind::dead);
}

TEST_F(RetryPolicyTest, TellsWhatAnAnswerMeansForItsOrigin)
{
    for (const int status : {429, 502, 503, 504})
        EXPECT_EQ(condition_of(ScriptedSink::http(status)), Condition::overloaded) << status;
    for (const int status : {200, 204, 301, 400, 401, 404, 410, 422})
        EXPECT_EQ(condition_of(ScriptedSink::http(status)), Condition::working) << status;
    for (const int status : {500, 501, 505, 599})
        EXPECT_EQ(condition_of(ScriptedSink::http(status)), Condition::failing) << status;

    sink::Outcome outcome;
    outcome.error_class = "timeout";
    EXPECT_EQ(condition_of(outcome), Condition::failing);
    outcome.error_class = "blocked_address";
    EXPECT_EQ(condition_of(outcome), Condition::not_reached);
    outcome.error_class = "auth";
    EXPECT_EQ(condition_of(outcome), Condition::not_reached);
    outcome.error_class = "cancelled";
    outcome.cancelled = true;
    EXPECT_EQ(condition_of(outcome), Condition::not_reached);
    sink::Outcome written;
    written.delivered = true;
    EXPECT_EQ(condition_of(written), Condition::working);
}

TEST(ConditionTest, ARequestThatCarriedSeveralDeliveriesCountsOnce)
{
    for (const int status : {200, 404, 410}) {
        sink::Outcome outcome = ScriptedSink::http(status);
        outcome.carried = true;
        EXPECT_EQ(condition_of(outcome), Condition::carried) << status;
    }
    for (const int status : {0, 429, 500, 503}) {
        sink::Outcome outcome = ScriptedSink::http(status);
        outcome.carried = true;
        EXPECT_EQ(condition_of(outcome), Condition::not_reached) << status;
    }
}

}  // namespace
}  // namespace pollhook::delivery
