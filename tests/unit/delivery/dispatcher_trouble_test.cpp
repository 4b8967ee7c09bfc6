#include "dispatcher_fixture.hpp"
#include "pollhook/store/failure.hpp"

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using task::Status;
using test::ScriptedSink;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class DispatcherTroubleTest : public DispatcherTest {
protected:
    /// The first attempt of everything fails.
    void fail_first()
    {
        urls_->answer = [](const sink::Message& message) {
            return ScriptedSink::http(message.attempt == 1 ? 503 : 200);
        };
    }
};

TEST_F(DispatcherTroubleTest, DeliveriesToASinkThatIsNoLongerConfiguredWait)
{
    add_sink("old");
    add_task("1", "");
    step("1");
    const KnownSink old = sinks_.at("old");
    sinks_.clear();
    start();
    pass(3h);
    EXPECT_THAT(detail("1", 1, old.row.id).attempts, SizeIs(0));
    EXPECT_EQ(dispatcher_->held(), 0U);
    // It comes back.
    sinks_.emplace("old", old);
    restart();
    pass(24h);
    EXPECT_THAT(old.script->sequences("1"), ElementsAre(1));
}

TEST_F(DispatcherTroubleTest, AForwardJumpOfTheWallClockBringsNoRetryForward)
{
    start();
    add_task("1");
    fail_first();
    step("1");
    world_.clock.jump(24h);
    // Something else makes the dispatcher look at what is due.
    add_task("2");
    step("2");
    pass(4s);
    EXPECT_THAT(urls_->sequences("1"), SizeIs(1));
    EXPECT_THAT(urls_->sequences("2"), SizeIs(1));
    pass(2s);
    EXPECT_THAT(urls_->sequences("1"), SizeIs(2));
}

TEST_F(DispatcherTroubleTest, ABackwardJumpOfTheWallClockDelaysNoRetry)
{
    start();
    add_task("1");
    fail_first();
    world_.clock.jump(24h);
    step("1");
    world_.clock.jump(-48h);
    pass(6s);
    EXPECT_THAT(urls_->receipts, SizeIs(2));
}

TEST_F(DispatcherTroubleTest, AJumpOfTheWallClockStallsNoFreshEvents)
{
    settings_.max_in_flight_per_origin = 2;
    start();
    world_.clock.jump(24h);
    fill("a", 300, "https://a.example.com");
    EXPECT_EQ(urls_->receipts.size(), 300U);
    // Lanes with several events too: the next one comes with a settlement.
    urls_->hangs = [](const sink::Message&) { return true; };
    urls_->timeout = 1s;
    for (int i = 0; i < 20; ++i) {
        step(fmt::format("a{}", i));
        step(fmt::format("a{}", i), Status::succeeded);
    }
    urls_->hangs = nullptr;
    pass(10s);
    world_.clock.jump(-48h);
    pass(1min);
    EXPECT_EQ(count(DeliveryState::pending), 0U);
}

TEST_F(DispatcherTroubleTest, AFullStoreIsAskedAgainAndForgetsNothing)
{
    start();
    add_task("1");
    add_task("2");
    step("1");
    full_->full = true;
    step("1");
    step("2");
    EXPECT_THAT(urls_->receipts, SizeIs(3));
    pass(1min);
    EXPECT_LE(full_->settlements, 70);  // about once a second
    EXPECT_EQ(state("1", 2), DeliveryState::in_flight);
    full_->full = false;
    pass(2s);
    EXPECT_EQ(state("1", 2), DeliveryState::delivered);
    EXPECT_EQ(state("2", 1), DeliveryState::delivered);
    EXPECT_THAT(urls_->receipts, SizeIs(3));
    EXPECT_EQ(dispatcher_->held(), 0U);
}

TEST_F(DispatcherTroubleTest, AFullStoreRefusingClaimsIsAskedAgain)
{
    start();
    add_task("1");
    fail_first();
    step("1");
    full_->full = true;
    pass(1min);
    EXPECT_LE(full_->claims, 70);
    EXPECT_GE(full_->claims, 2);
    full_->full = false;
    pass(2s);
    EXPECT_EQ(state("1", 1), DeliveryState::delivered);
}

TEST_F(DispatcherTroubleTest, AGoneUrlIsClosedAlsoWhenTheStoreWasFull)
{
    start();
    add_task("1");
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(410); };
    full_->full = true;
    step("1");
    step("1");
    pass(10s);
    full_->full = false;
    pass(10s);
    EXPECT_EQ(state("1", 1), DeliveryState::dead);
    EXPECT_EQ(state("1", 2), DeliveryState::cancelled);
}

TEST_F(DispatcherTroubleTest, ABrokenStoreEndsTheDispatcher)
{
    start();
    add_task("1");
    full_->broken = true;
    step("1");
    EXPECT_THROW(join(), store::Failure);
    dispatcher_.reset();
}

TEST_F(DispatcherTroubleTest, ABrokenStoreEndsTheDispatcherWhenItClaims)
{
    start();
    add_task("1");
    fail_first();
    step("1");
    full_->broken = true;
    pass(10s);
    EXPECT_THROW(join(), store::Failure);
    dispatcher_.reset();
}

TEST_F(DispatcherTroubleTest, ADeliveryWhoseTaskWasStoppedMeanwhileGoesOn)
{
    start();
    add_task("1");
    urls_->hangs = [&](const sink::Message&) { return urls_->receipts.size() == 1; };
    step("1");
    world_.run(world_.store->stop_watching({"relay", "1"}, world_.clock.now()));
    pass(15s);
    pass(24h);
    EXPECT_EQ(dispatcher_->held(), 0U);
    EXPECT_EQ(count(DeliveryState::delivered), 1U);
}

TEST_F(DispatcherTroubleTest, WhatOneCommitClaimedTooManyIsGivenBackAndSentLater)
{
    settings_.max_in_flight_per_origin = 1;
    start();
    fill("a", 100, "https://a.example.com");
    EXPECT_EQ(urls_->receipts.size(), 100U);
    EXPECT_EQ(count(DeliveryState::delivered), 100U);
    EXPECT_EQ(dispatcher_->policy().room, 512U);
}

}  // namespace
}  // namespace pollhook::delivery
