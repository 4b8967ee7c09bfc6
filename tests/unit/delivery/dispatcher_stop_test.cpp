#include "dispatcher_fixture.hpp"
#include "pollhook/store/failure.hpp"

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using test::ScriptedSink;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class DispatcherStopTest : public DispatcherTest {
protected:
    void hang()
    {
        urls_->hangs = [](const sink::Message&) { return true; };
    }
};

TEST_F(DispatcherStopTest, AnIdleDispatcherStopsAtOnce)
{
    start();
    begin_stop(20s);
    EXPECT_TRUE(stopped_);
}

TEST_F(DispatcherStopTest, WaitsForWhatIsInFlightAndSettlesIt)
{
    start();
    hang();
    add_task("1");
    step("1");
    begin_stop(20s);
    EXPECT_FALSE(stopped_);
    pass(15s);
    EXPECT_TRUE(stopped_);
    EXPECT_THAT(detail("1", 1).attempts, SizeIs(1));
    EXPECT_EQ(state("1", 1), DeliveryState::pending);
}

TEST_F(DispatcherStopTest, AfterTheGraceEverythingIsGivenBackWithoutAnAttempt)
{
    settings_.max_in_flight_per_origin = 2;
    start();
    hang();
    fill("a", 20, "https://a.example.com");
    begin_stop(1s);
    EXPECT_FALSE(stopped_);
    pass(1s);
    EXPECT_TRUE(stopped_);
    EXPECT_EQ(count(DeliveryState::in_flight), 0U);
    EXPECT_EQ(count(DeliveryState::pending), 20U);
    EXPECT_THAT(detail("a0", 1).attempts, SizeIs(0));
    EXPECT_EQ(dispatcher_->held(), 0U);
}

TEST_F(DispatcherStopTest, StartsNothingAfterwards)
{
    start();
    hang();
    add_task("1");
    step("1");
    begin_stop(20s);
    const std::size_t before = urls_->receipts.size();
    add_task("2");
    step("2");
    step("1");
    pass(20s);
    EXPECT_TRUE(stopped_);
    EXPECT_EQ(urls_->receipts.size(), before);
    EXPECT_EQ(count(DeliveryState::in_flight), 0U);
    EXPECT_EQ(dispatcher_->policy().room, 0U);
}

TEST_F(DispatcherStopTest, AStopWithoutGraceInTheMomentOfAnAcceptGivesItBack)
{
    start();
    add_task("1");
    std::vector<store::Change> batch;
    batch.push_back(change("1"));
    const store::ClaimPolicy policy = dispatcher_->policy();
    store::Recorded recorded = world_.run(world_.store->record(std::move(batch), policy));
    // The worker is spawned, and the stop comes before it can begin.
    dispatcher_->accept(policy.room, std::move(recorded.claimed), recorded.waiting);
    begin_stop(0s);
    EXPECT_TRUE(stopped_);
    kill();
    EXPECT_EQ(count(DeliveryState::in_flight), 0U);
}

TEST_F(DispatcherStopTest, RunEndsWhenCancelledWhateverIsInFlight)
{
    start();
    hang();
    fill("a", 20, "https://a.example.com");
    kill();
    EXPECT_EQ(urls_->at_once, 0U);
}

TEST_F(DispatcherStopTest, RunOutlivesItsWorkersAlsoWhenItIsCancelled)
{
    start();
    hang();
    urls_->stubborn = true;
    add_task("1");
    step("1");
    group_.cancel();
    pass(14s);
    EXPECT_EQ(group_.size(), 1U);
    pass(1s);
    EXPECT_EQ(group_.size(), 0U);
}

TEST_F(DispatcherStopTest, ADispatcherThatIsCancelledBeforeItBeginsEnds)
{
    start();
    group_.cancel();
    join();
    group_.spawn(dispatcher_->run());
    group_.cancel();
    join();
    EXPECT_EQ(dispatcher_->in_flight(), 0U);
}

TEST_F(DispatcherStopTest, WhatWasInFlightAtACrashIsSentAgainWithTheSameEventId)
{
    start();
    hang();
    add_task("1");
    step("1");
    step("1");
    restart();
    urls_->hangs = nullptr;
    EXPECT_THAT(urls_->sequences("1"), ElementsAre(1, 1));
    EXPECT_EQ(urls_->receipts[0].event_id, urls_->receipts[1].event_id);
    EXPECT_EQ(urls_->receipts[0].body, urls_->receipts[1].body);
    pass(16s + 6s);
    EXPECT_THAT(urls_->sequences("1"), ElementsAre(1, 1, 1, 2));
    EXPECT_EQ(state("1", 2), DeliveryState::delivered);
}

TEST_F(DispatcherStopTest, WhatWasDeliveredButNotSettledAtACrashIsSentAgain)
{
    start();
    add_task("1");
    full_->full = true;  // the settlement does not get through
    step("1");
    EXPECT_THAT(urls_->receipts, SizeIs(1));
    restart();
    ASSERT_THAT(urls_->receipts, SizeIs(2));
    EXPECT_EQ(urls_->receipts[0].event_id, urls_->receipts[1].event_id);
    EXPECT_EQ(state("1", 1), DeliveryState::delivered);
}

TEST_F(DispatcherStopTest, AStopDoesNotHangOnAFullStore)
{
    start();
    add_task("1");
    full_->full = true;
    step("1");
    begin_stop(20s);
    pass(2s);
    EXPECT_TRUE(stopped_);
}

TEST_F(DispatcherStopTest, AStopDoesNotHangOnABrokenStore)
{
    start();
    hang();
    add_task("1");
    step("1");
    begin_stop(20s);
    full_->broken = true;
    pass(20s);
    EXPECT_TRUE(stopped_);
    EXPECT_THROW(join(), store::Failure);
    dispatcher_.reset();
}

TEST_F(DispatcherStopTest, AStopOfADispatcherThatNeverRanEnds)
{
    full_.emplace(*world_.store);
    Dispatcher::Surroundings around;
    around.store = &*full_;
    around.clock = &world_.clock;
    around.random = &world_.random;
    dispatcher_ = std::make_unique<Dispatcher>(world_.loop.get_executor(), settings_, around);
    begin_stop(1s);
    EXPECT_TRUE(stopped_);
}

}  // namespace
}  // namespace pollhook::delivery
