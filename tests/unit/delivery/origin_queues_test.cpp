#include "pollhook/delivery/origin_queues.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::OriginId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr OriginId a{1};
constexpr OriginId b{2};
constexpr OriginId c{3};
constexpr OriginId shop{100};  // a host

class OriginQueuesTest : public ::testing::Test {
protected:
    OriginQueuesTest()
    {
        OriginLimits limits;
        limits.max_in_flight = 2;
        queues_.set_defaults(limits, {}, now_);
    }
    void push(OriginId origin, int count = 1)
    {
        for (int i = 0; i < count; ++i) {
            store::ClaimedDelivery delivery;
            delivery.origin = origin;
            queues_.push(std::move(delivery));
        }
    }
    std::optional<OriginQueues::Opened> finish(OriginId origin, Condition condition = Condition::working)
    {
        return queues_.finished(origin, queues_.host(origin), condition, now_, now_, random_);
    }
    /// Five failures in a row; what waits at the end comes back.
    std::vector<store::ClaimedDelivery> break_host(OriginId origin, int waiting = 0)
    {
        for (int i = 0; i < 4; ++i) {
            push(origin);
            EXPECT_NE(pop(), 0);
            EXPECT_FALSE(finish(origin, Condition::failing));
        }
        push(origin, waiting + 1);
        EXPECT_NE(pop(), 0);
        auto opened = finish(origin, Condition::failing);
        EXPECT_TRUE(opened);
        return opened ? std::move(opened->waiting) : std::vector<store::ClaimedDelivery>();
    }
    /// 0: nothing may go out.
    int pop()
    {
        const auto delivery = queues_.pop(now_);
        return delivery ? static_cast<int>(delivery->origin) : 0;
    }

    OriginQueues queues_{20, 4};
    base::SteadyPoint now_{1h};
    base::Random random_{3};
};

TEST_F(OriginQueuesTest, TakesOriginsInTurn)
{
    push(a, 2);
    push(b, 2);
    push(c);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 2);
    EXPECT_EQ(pop(), 3);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 2);
    EXPECT_EQ(pop(), 0);
}

TEST_F(OriginQueuesTest, AnOriginHoldsOnlyItsOwnSlots)
{
    push(a, 5);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    push(b);
    EXPECT_EQ(pop(), 2);
    finish(a);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    EXPECT_EQ(queues_.in_flight(), 3U);
    EXPECT_EQ(queues_.size(), 5U);
}

TEST_F(OriginQueuesTest, ARateLimitLetsOutOneAtATime)
{
    OriginLimits limits;
    limits.max_in_flight = 10;
    limits.max_per_second = 2;
    queues_.configure(a, a, limits, 1, now_);
    push(a, 4);
    EXPECT_EQ(queues_.next_permit(now_), now_);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    finish(a);
    finish(a);
    EXPECT_EQ(pop(), 0);
    EXPECT_EQ(queues_.next_permit(now_), now_ + 500ms);
    push(b);
    EXPECT_EQ(pop(), 2);
    now_ += 500ms;
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    now_ += 500ms;
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(queues_.next_permit(now_), std::nullopt);
}

TEST_F(OriginQueuesTest, IsBoundedForEachOriginAndInAll)
{
    EXPECT_EQ(queues_.room(a), 8U);
    push(a, 8);
    EXPECT_EQ(queues_.room(a), 0U);
    EXPECT_THAT(queues_.saturated(now_), ElementsAre(a));
    push(b, 8);
    EXPECT_THAT(queues_.saturated(now_), ElementsAre(a, b));
    EXPECT_EQ(queues_.room(), 4U);
    EXPECT_EQ(queues_.room(c), 4U);
    pop();
    EXPECT_THAT(queues_.saturated(now_), ElementsAre(a, b));  // still held while in flight
    finish(a);
    EXPECT_THAT(queues_.saturated(now_), ElementsAre(b));
}

TEST_F(OriginQueuesTest, ClaimsWhatIsDueForOriginsThatRunLow)
{
    queues_.add_backlog(a, now_);
    queues_.add_backlog(b, now_ + 1min);
    EXPECT_EQ(queues_.next_backlog(now_), now_);
    EXPECT_THAT(queues_.claimable(now_, 100), ElementsAre(Pair(a, 8)));
    push(a, 5);
    EXPECT_THAT(queues_.claimable(now_, 100), IsEmpty());
    EXPECT_EQ(queues_.next_backlog(now_), now_ + 1min);
    pop();
    finish(a);  // four of eight are left
    EXPECT_THAT(queues_.claimable(now_, 100), ElementsAre(Pair(a, 4)));
}

TEST_F(OriginQueuesTest, SharesAClaimEvenlyAndGoesOnWithTheNextOrigins)
{
    for (int id = 1; id <= 6; ++id)
        queues_.add_backlog(OriginId{id}, now_);
    EXPECT_THAT(queues_.claimable(now_, 12), SizeIs(6));
    std::map<OriginId, int> claimed;
    for (int round = 0; round < 3; ++round)
        for (const auto& [origin, count] : queues_.claimable(now_, 4)) {
            EXPECT_EQ(count, 1U);
            ++claimed[origin];
        }
    EXPECT_THAT(claimed, SizeIs(6));
    for (const auto& [origin, count] : claimed)
        EXPECT_EQ(count, 2);
    EXPECT_THAT(queues_.claimable(now_, 0), IsEmpty());
}

TEST_F(OriginQueuesTest, TheEarliestBacklogCounts)
{
    queues_.add_backlog(a, now_ + 2min);
    queues_.add_backlog(a, now_ + 3min);
    EXPECT_EQ(queues_.next_backlog(now_), now_ + 2min);
    queues_.set_backlog(a, now_ + 5min);
    EXPECT_EQ(queues_.next_backlog(now_), now_ + 5min);
    queues_.set_backlog(a, std::nullopt);
    EXPECT_EQ(queues_.next_backlog(now_), std::nullopt);
}

TEST_F(OriginQueuesTest, DrainsWhatIsQueuedAlsoBehindFullSlots)
{
    push(a, 5);
    push(b);
    pop();
    pop();
    pop();
    EXPECT_THAT(queues_.drain(), SizeIs(3));
    EXPECT_EQ(queues_.size(), 3U);
    EXPECT_EQ(pop(), 0);
    finish(a);
    finish(a);
    finish(b);
    EXPECT_EQ(queues_.size(), 0U);
}

TEST_F(OriginQueuesTest, TwoSinksAtOneHostShareItsPace)
{
    OriginLimits limits;
    limits.max_in_flight = 16;
    queues_.configure(a, shop, limits, 1, now_);
    queues_.configure(b, shop, limits, 1, now_);
    push(a, 3);
    push(b, 3);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 2);
    EXPECT_EQ(pop(), 0);  // the host's window is two at first
    EXPECT_EQ(queues_.next_permit(now_), std::nullopt);
    finish(b);
    EXPECT_NE(pop(), 0);
    EXPECT_NE(pop(), 0);
    EXPECT_EQ(pop(), 0);
}

TEST_F(OriginQueuesTest, TasksUrlsAndASinkAtOneHostTakeTurnsAndWakeEachOther)
{
    OriginLimits limits;
    limits.max_in_flight = 16;
    queues_.configure(a, shop, limits, 1, now_);
    push(shop, 2);
    EXPECT_EQ(pop(), 100);
    EXPECT_EQ(pop(), 100);
    push(a, 2);
    push(shop, 2);
    EXPECT_EQ(pop(), 0);
    finish(shop, Condition::not_reached);
    EXPECT_EQ(pop(), 1);
    finish(shop, Condition::not_reached);
    EXPECT_EQ(pop(), 100);
    EXPECT_EQ(pop(), 0);
    finish(a, Condition::not_reached);
    EXPECT_EQ(pop(), 1);
}

TEST_F(OriginQueuesTest, ABacklogAtAHostDoesNotStarveItsOtherQueues)
{
    OriginLimits limits;
    limits.max_in_flight = 16;
    for (const OriginId queue : {a, b, c})
        queues_.configure(queue, shop, limits, 1, now_);
    std::map<int, int> sent;
    push(a, 3);
    push(b);
    push(c);
    int last = pop();
    ASSERT_NE(last, 0);
    for (int i = 0; i < 300; ++i) {
        const int next = pop();
        finish(OriginId{last}, Condition::not_reached);
        push(OriginId{last});
        last = next != 0 ? next : pop();
        ASSERT_NE(last, 0);
        ++sent[last];
    }
    EXPECT_GE(sent[1], 70);
    EXPECT_GE(sent[2], 70);
    EXPECT_GE(sent[3], 70);
}

TEST_F(OriginQueuesTest, AnOpenBreakerHoldsBackTheClaimsOfItsHost)
{
    queues_.add_backlog(a, now_);
    queues_.add_backlog(b, now_);
    EXPECT_THAT(break_host(a, 3), SizeIs(3));
    EXPECT_EQ(pop(), 0);
    EXPECT_THAT(queues_.saturated(now_), ElementsAre(a));
    EXPECT_THAT(queues_.claimable(now_, 100), ElementsAre(Pair(b, 8)));
    EXPECT_EQ(queues_.open_breakers(), 1U);

    const auto probe = queues_.pace(a)->breaker().probe_at().value();
    queues_.set_backlog(b, std::nullopt);
    EXPECT_EQ(queues_.next_backlog(now_), probe);
    now_ = probe;
    EXPECT_THAT(queues_.claimable(now_, 100), ElementsAre(Pair(a, 4)));
    push(a, 4);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);  // one probe
    finish(a);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(queues_.open_breakers(), 0U);
}

TEST_F(OriginQueuesTest, TellsWhenTheProbeMayStart)
{
    queues_.add_backlog(a, now_);
    break_host(a);
    push(a);
    EXPECT_EQ(queues_.next_permit(now_), queues_.pace(a)->breaker().probe_at());
}

TEST_F(OriginQueuesTest, RemembersAFailingHostThatHasNothingToDo)
{
    EXPECT_THAT(break_host(a), IsEmpty());
    push(a);
    EXPECT_EQ(pop(), 0);
    EXPECT_EQ(queues_.known_hosts(), 1U);
}

TEST_F(OriginQueuesTest, RemembersOnlySoManyHostsThatHaveNothingToDo)
{
    OriginQueues queues(20, 4);
    for (int id = 1; id <= 5000; ++id) {
        store::ClaimedDelivery delivery;
        delivery.origin = OriginId{id};
        queues.push(std::move(delivery));
        ASSERT_TRUE(queues.pop(now_));
        EXPECT_FALSE(queues.finished(OriginId{id}, OriginId{id}, Condition::overloaded, now_, now_, random_));
    }
    EXPECT_EQ(queues.known_hosts(), 4096U);
    EXPECT_EQ(queues.pace(OriginId{1}), nullptr);
    EXPECT_NE(queues.pace(OriginId{5000}), nullptr);
    EXPECT_EQ(queues.size(), 0U);
}

TEST_F(OriginQueuesTest, ForgetsAHealthyHostThatHasNothingToDo)
{
    push(a);
    EXPECT_EQ(pop(), 1);
    finish(a);
    EXPECT_EQ(queues_.known_hosts(), 0U);
}

TEST_F(OriginQueuesTest, APausedSinkKeepsWhatItHas)
{
    queues_.configure(a, a, {}, 1, now_);
    queues_.add_backlog(a, now_);
    push(a, 2);
    queues_.pause(a);
    EXPECT_EQ(pop(), 0);
    EXPECT_EQ(queues_.next_permit(now_), std::nullopt);
    EXPECT_EQ(queues_.next_backlog(now_), std::nullopt);
    EXPECT_THAT(queues_.saturated(now_), ElementsAre(a));
    EXPECT_THAT(queues_.claimable(now_, 100), IsEmpty());
    EXPECT_EQ(queues_.room(a), 0U);
    EXPECT_THAT(queues_.drain(a), SizeIs(2));
    push(a);
    queues_.resume(a, now_);
    EXPECT_EQ(pop(), 1);
}

TEST_F(OriginQueuesTest, WhatAReceiverAllowsIsObeyedBesideTheConfiguredRate)
{
    OriginLimits limits;
    limits.max_per_second = 100;
    queues_.configure(a, a, limits, 1, now_);
    queues_.set_allowed(a, 2, now_);
    push(a, 3);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    EXPECT_EQ(queues_.next_permit(now_), now_ + 500ms);
    now_ += 500ms;
    EXPECT_EQ(pop(), 1);
}

TEST_F(OriginQueuesTest, WhatAReceiverAllowsCanRiseAndBeLifted)
{
    queues_.configure(a, a, OriginLimits(), 1, now_);
    queues_.set_allowed(a, 0.1, now_);
    push(a, 5);
    EXPECT_EQ(pop(), 1);
    finish(a);
    EXPECT_EQ(pop(), 0);
    queues_.set_allowed(a, 2, now_);
    EXPECT_EQ(queues_.next_permit(now_), now_ + 500ms);
    queues_.set_allowed(a, std::nullopt, now_);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 1);
}

TEST_F(OriginQueuesTest, OneAtATimeUntilTheReceiverHasSaidHowFast)
{
    queues_.configure(a, a, OriginLimits(), 1, now_);
    queues_.await_allowance(a);
    push(a, 4);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    finish(a);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    queues_.set_allowed(a, std::nullopt, now_);
    EXPECT_EQ(pop(), 1);
    queues_.await_allowance(a);
    finish(a);
    EXPECT_EQ(pop(), 0) << "there is one still";
    finish(a);
    EXPECT_EQ(pop(), 1);
}

TEST_F(OriginQueuesTest, ABatchTakesOneSlotForAllOfIts)
{
    OriginLimits limits;
    limits.max_in_flight = 2;
    queues_.configure(a, a, limits, 3, now_);
    push(a, 8);
    std::size_t out = 0;
    for (int round = 0; round < 5; ++round) {
        out = 0;
        while (pop() != 0)
            ++out;
        for (std::size_t i = 0; i < out; ++i) {
            finish(a);
            push(a);
        }
    }
    EXPECT_EQ(out, 6U);
}

}  // namespace
}  // namespace pollhook::delivery
