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

class OriginQueuesTest : public ::testing::Test {
protected:
    OriginQueuesTest()
    {
        OriginLimits limits;
        limits.max_in_flight = 2;
        queues_.set_default_limits(limits);
    }
    void push(OriginId origin, int count = 1)
    {
        for (int i = 0; i < count; ++i) {
            store::ClaimedDelivery delivery;
            delivery.origin = origin;
            queues_.push(std::move(delivery));
        }
    }
    /// 0: nothing may go out.
    int pop()
    {
        const auto delivery = queues_.pop(now_);
        return delivery ? static_cast<int>(delivery->origin) : 0;
    }

    OriginQueues queues_{20};
    base::SteadyPoint now_{1h};
    base::TimePoint wall_ = base::from_unix_ms(1'800'000'000'000);
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
    queues_.finished(a);
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
    queues_.set_limits(a, limits, now_);
    push(a, 4);
    EXPECT_EQ(queues_.next_token(now_), now_);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    EXPECT_EQ(queues_.next_token(now_), now_ + 500ms);
    push(b);
    EXPECT_EQ(pop(), 2);
    now_ += 500ms;
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(pop(), 0);
    now_ += 500ms;
    EXPECT_EQ(pop(), 1);
    EXPECT_EQ(queues_.next_token(now_), std::nullopt);
}

TEST_F(OriginQueuesTest, IsBoundedForEachOriginAndInAll)
{
    EXPECT_EQ(queues_.room(a), 8U);
    push(a, 8);
    EXPECT_EQ(queues_.room(a), 0U);
    EXPECT_THAT(queues_.saturated(), ElementsAre(a));
    push(b, 8);
    EXPECT_THAT(queues_.saturated(), ElementsAre(a, b));
    EXPECT_EQ(queues_.room(), 4U);
    EXPECT_EQ(queues_.room(c), 4U);
    pop();
    EXPECT_THAT(queues_.saturated(), ElementsAre(a, b));  // still held while in flight
    queues_.finished(a);
    EXPECT_THAT(queues_.saturated(), ElementsAre(b));
}

TEST_F(OriginQueuesTest, ClaimsWhatIsDueForOriginsThatRunLow)
{
    queues_.add_backlog(a, wall_);
    queues_.add_backlog(b, wall_ + 1min);
    EXPECT_EQ(queues_.next_backlog(), wall_);
    EXPECT_THAT(queues_.claimable(wall_, 100), ElementsAre(Pair(a, 8)));
    push(a, 5);
    EXPECT_THAT(queues_.claimable(wall_, 100), IsEmpty());
    EXPECT_EQ(queues_.next_backlog(), wall_ + 1min);
    pop();
    queues_.finished(a);  // four of eight are left
    EXPECT_THAT(queues_.claimable(wall_, 100), ElementsAre(Pair(a, 4)));
}

TEST_F(OriginQueuesTest, SharesAClaimEvenlyAndGoesOnWithTheNextOrigins)
{
    for (int id = 1; id <= 6; ++id)
        queues_.add_backlog(OriginId{id}, wall_);
    EXPECT_THAT(queues_.claimable(wall_, 12), SizeIs(6));
    std::map<OriginId, int> claimed;
    for (int round = 0; round < 3; ++round)
        for (const auto& [origin, count] : queues_.claimable(wall_, 4)) {
            EXPECT_EQ(count, 1U);
            ++claimed[origin];
        }
    EXPECT_THAT(claimed, SizeIs(6));
    for (const auto& [origin, count] : claimed)
        EXPECT_EQ(count, 2);
    EXPECT_THAT(queues_.claimable(wall_, 0), IsEmpty());
}

TEST_F(OriginQueuesTest, TheEarliestBacklogCounts)
{
    queues_.add_backlog(a, wall_ + 2min);
    queues_.add_backlog(a, wall_ + 3min);
    EXPECT_EQ(queues_.next_backlog(), wall_ + 2min);
    queues_.set_backlog(a, wall_ + 5min);
    EXPECT_EQ(queues_.next_backlog(), wall_ + 5min);
    queues_.set_backlog(a, std::nullopt);
    EXPECT_EQ(queues_.next_backlog(), std::nullopt);
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
    queues_.finished(a);
    queues_.finished(a);
    queues_.finished(b);
    EXPECT_EQ(queues_.size(), 0U);
}

}  // namespace
}  // namespace pollhook::delivery
