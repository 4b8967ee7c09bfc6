#include "poller_fixture.hpp"
#include "pollhook/store/failure.hpp"

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;
using provider::Errc;
using task::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PollerTroubleTest : public PollerTest {};

TEST_F(PollerTroubleTest, ADeadRelayIsAskedLessAndLessAndNoTaskSuffers)
{
    settings_.max_age = 48h;
    start();
    relay_.failure = failed(Errc::unavailable);
    for (int i = 0; i < 200; ++i)
        watch(std::to_string(i));
    pass(24h);
    EXPECT_LE(relay_.looks.size(), 24U * 60 / 2);
    EXPECT_GE(relay_.looks.size(), 24U * 60 / 5);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(poller_->watched(), 200U);
    EXPECT_EQ(poller_->in_flight(), 0U);
}

TEST_F(PollerTroubleTest, WhileARelayIsDeadOneRequestAtATimeFindsOutWhetherItIsBack)
{
    relay_.batch = 1;
    start();
    relay_.failure = failed(Errc::unavailable);
    for (int i = 0; i < 20; ++i)
        watch(std::to_string(i));
    pass(10s);
    const std::size_t before = relay_.looks.size();
    relay_.silent = true;
    pass(10min);
    EXPECT_EQ(relay_.looks.size(), before + 1);
}

TEST_F(PollerTroubleTest, AnnouncesAProviderThatFailsAndThatItIsBack)
{
    start();
    watch("1");
    relay_.failure = failed(Errc::unavailable);
    while (poller_->health().failures_in_a_row() < 2)
        pass(1s);
    EXPECT_THAT(announcements_.all, IsEmpty());
    pass(1h);
    ASSERT_THAT(announcements_.all, SizeIs(1));
    EXPECT_EQ(announcements_.all[0].type, task::EventType::provider_failing);
    EXPECT_EQ(announcements_.all[0].subject, "provider/relay");
    EXPECT_THAT(announcements_.all[0].members, ::testing::StartsWith(R"(,"provider":"relay","reason":")"));

    relay_.failure.reset();
    pass(10min);
    ASSERT_THAT(announcements_.all, SizeIs(2));
    EXPECT_EQ(announcements_.all[1].type, task::EventType::provider_recovered);
    EXPECT_EQ(announcements_.all[1].members, R"(,"provider":"relay")");
}

TEST_F(PollerTroubleTest, ARefusedKeyIsAnnouncedAtOnce)
{
    start();
    watch("1");
    relay_.failure = failed(Errc::unauthorized);
    pass(10s);
    ASSERT_THAT(announcements_.all, SizeIs(1));
    EXPECT_EQ(announcements_.all[0].type, task::EventType::provider_failing);
}

TEST_F(PollerTroubleTest, TheRecoveryIsAnnouncedAlsoAfterARestart)
{
    world_.run(world_.store->set_meta(store::failing_note("provider/relay"), "1"));
    start();
    relay_.show("1", Status::running);
    watch("1");
    pass(10s);
    ASSERT_THAT(announcements_.all, SizeIs(1));
    EXPECT_EQ(announcements_.all[0].type, task::EventType::provider_recovered);
}

TEST_F(PollerTroubleTest, ProbesWithOtherTasksThanThoseThatFailedBefore)
{
    relay_.batch = 5;
    settings_.max_in_flight = 1;
    start();
    relay_.failure = failed(Errc::unavailable);
    for (int i = 0; i < 10; ++i)
        watch(std::to_string(i));
    pass(1h);
    for (int i = 0; i < 10; ++i)
        EXPECT_GE(relay_.looks_at(std::to_string(i)).size(), 3U) << i;
}

TEST_F(PollerTroubleTest, RecoversAtOnceWhenTheRelayIsBack)
{
    start();
    for (int i = 0; i < 300; ++i) {
        relay_.show(std::to_string(i), Status::running);
        watch(std::to_string(i));
    }
    relay_.failure = failed(Errc::unavailable);
    pass(2h);
    relay_.failure.reset();
    for (int i = 0; i < 300; ++i)
        relay_.show(std::to_string(i), Status::succeeded);
    pass(5min + 6s);
    EXPECT_EQ(poller_->watched(), 0U);
    EXPECT_FALSE(poller_->health().probing());
}

TEST_F(PollerTroubleTest, NoTaskExpiresBeforeTheRelayWasAskedAgain)
{
    start();
    relay_.show("1", Status::running);
    relay_.show("2", Status::running);
    watch("1");
    watch("2");
    pass(5h + 30min);
    relay_.failure = failed(Errc::unavailable);
    pass(50min);
    relay_.show("1", Status::succeeded);
    relay_.failure.reset();
    pass(10min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.stalled", "3 task.succeeded"));
    EXPECT_THAT(story("2"), ElementsAre("1 task.running", "2 task.stalled", "3 task.expired"));
}

TEST_F(PollerTroubleTest, TasksExpireByTheClockWhileTheRelayIsDeadForLong)
{
    relay_.batch = 10;
    start();
    relay_.failure = failed(Errc::unavailable);
    for (int i = 0; i < 200; ++i)
        watch(std::to_string(i));
    pass(2h);
    watch("young");
    pass(4h - 1min);
    EXPECT_THAT(events(), IsEmpty());
    pass(6min);
    EXPECT_THAT(events(), SizeIs(200));
    EXPECT_THAT(story("7"), ElementsAre("1 task.expired"));
    EXPECT_THAT(story("young"), IsEmpty());
    EXPECT_EQ(poller_->watched(), 1U);
    EXPECT_EQ(poller_->in_flight(), 0U);
}

TEST_F(PollerTroubleTest, AnOutageThatOutlivedARestartCountsFromThere)
{
    start();
    relay_.failure = failed(Errc::unavailable);
    watch("1");
    pass(5h + 55min);
    restart();
    pass(50min);
    relay_.show("1", Status::succeeded);
    relay_.failure.reset();
    pass(5min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded"));
}

TEST_F(PollerTroubleTest, AnAnswerInAnOutageBeginsItAnew)
{
    start();
    relay_.show("1", Status::running);
    relay_.failure = failed(Errc::unavailable);
    watch("1");
    pass(5h + 30min);
    relay_.failure.reset();
    pass(5min);
    relay_.failure = failed(Errc::unavailable);
    pass(50min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    pass(20min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.expired"));
}

TEST_F(PollerTroubleTest, RetryAfterIsKept)
{
    start();
    relay_.failures.push_back(failed(Errc::rate_limited, 10min));
    watch("1");
    EXPECT_THAT(relay_.looks, SizeIs(1));
    pass(10min - 1ms);
    watch("2");
    EXPECT_THAT(relay_.looks, SizeIs(1));
    pass(1ms);
    EXPECT_THAT(relay_.looks, SizeIs(2));
}

TEST_F(PollerTroubleTest, RetryAfterIsKeptAlsoWhenAnOlderRequestSucceedsMeanwhile)
{
    start();
    relay_.silent = true;
    relay_.show("slow", Status::running);
    watch("slow");
    watch("2");
    pass(5s);
    ASSERT_THAT(relay_.looks, SizeIs(2));
    // The first to answer is told to go away, the other one is served.
    relay_.failures.push_back(failed(Errc::rate_limited, 10min));
    relay_.release();
    world_.clock.drain();
    const std::size_t before = relay_.looks.size();
    watch("3");
    pass(9min);
    EXPECT_EQ(relay_.looks.size(), before);
}

TEST_F(PollerTroubleTest, ARefusedKeyIsAnAlarmAndSlowProbes)
{
    start();
    relay_.failure = failed(Errc::unauthorized);
    watch("1");
    EXPECT_TRUE(poller_->health().key_refused());
    // Longer than max_age: the relay is there, and tells once the key is right.
    pass(7h);
    EXPECT_LE(relay_.looks.size(), 65U);
    EXPECT_EQ(poller_->watched(), 1U);
    relay_.failure.reset();
    relay_.show("1", Status::succeeded);
    pass(15min);
    EXPECT_FALSE(poller_->health().key_refused());
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded"));
}

TEST_F(PollerTroubleTest, EmptyListsForSeveralTasksAreAFailureForAsLongAsTheyCome)
{
    start();
    relay_.show("1", Status::running);
    relay_.show("2", Status::running);
    watch("1");
    watch("2");
    pass(5min);
    const auto last_success = poller_->health().last_success();
    relay_.empties = true;
    // Six times lost_after.time of doubt, and then the misses over lost_after.time itself.
    pass(1h + 5min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    EXPECT_TRUE(poller_->health().probing());
    EXPECT_EQ(poller_->health().last_success(), last_success);
    pass(30min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.lost"));
    EXPECT_EQ(poller_->watched(), 0U);
    EXPECT_EQ(poller_->health().last_success(), last_success);
    ASSERT_THAT(announcements_.all, SizeIs(1));
    EXPECT_EQ(announcements_.all[0].type, task::EventType::provider_failing);
}

TEST_F(PollerTroubleTest, WhileEmptyListsAreSuspiciousOneForASingleTaskIsToo)
{
    start();
    watch("1");
    watch("2");
    relay_.empties = true;
    pass(1min);
    remove("2");
    pass(45min);
    EXPECT_THAT(story("1"), IsEmpty());
    EXPECT_TRUE(poller_->health().probing());
}

TEST_F(PollerTroubleTest, ASingleTaskThatTheRelayDoesNotKnowIsMissing)
{
    start();
    watch("1");
    relay_.empties = true;
    pass(20min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.lost"));
    EXPECT_FALSE(poller_->health().probing());
}

TEST_F(PollerTroubleTest, OneAnswerThatShowsATaskEndsTheSuspicion)
{
    start();
    relay_.show("1", Status::running);
    relay_.show("2", Status::running);
    watch("1");
    watch("2");
    relay_.empties = true;
    pass(55min);
    relay_.empties = false;
    pass(5min);
    EXPECT_FALSE(poller_->health().probing());
    EXPECT_EQ(poller_->health().last_error(), "");
    relay_.empties = true;
    pass(55min);
    EXPECT_EQ(poller_->watched(), 2U);
}

TEST_F(PollerTroubleTest, ASuspiciousRelayThatIsWellAgainLostNothing)
{
    relay_.show("1", Status::running);
    relay_.show("2", Status::running);
    start();
    watch("1");
    watch("2");
    pass(5min);
    relay_.empties = true;
    pass(9min);
    relay_.empties = false;
    pass(10min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.stalled"));
    EXPECT_EQ(poller_->watched(), 2U);
    EXPECT_FALSE(poller_->health().probing());
}

TEST_F(PollerTroubleTest, OneRefusedTaskIsNoTroubleOfTheRelay)
{
    start();
    relay_.refused = {"bad"};
    relay_.show("good", Status::running);
    watch("bad");
    watch("good");
    for (int i = 1; i < 60; ++i) {
        relay_.show("good", Status::running, i);
        pass(30s);
    }
    EXPECT_FALSE(poller_->health().probing());
    EXPECT_GT(story("good").size(), 40U);
    EXPECT_THAT(story("bad"), IsEmpty());
    pass(7h);
    EXPECT_THAT(story("bad"), ElementsAre("1 task.expired"));
}

TEST_F(PollerTroubleTest, ARefusedTaskDoesNotKeepARelayFromRecovering)
{
    start();
    relay_.refused = {"bad"};
    relay_.failure = failed(Errc::unavailable);
    relay_.show("good", Status::running);
    watch("bad");
    watch("good");
    pass(10min);
    EXPECT_TRUE(poller_->health().probing());
    relay_.failure.reset();
    pass(10min);
    EXPECT_FALSE(poller_->health().probing());
}

TEST_F(PollerTroubleTest, ARelayThatRefusesEverySingleTaskIsInTrouble)
{
    relay_.batch = 1;
    start();
    for (int i = 0; i < 10; ++i) {
        relay_.refused.insert(std::to_string(i));
        watch(std::to_string(i));
    }
    pass(1s);
    EXPECT_TRUE(poller_->health().probing());
    EXPECT_EQ(poller_->watched(), 10U);
}

TEST_F(PollerTroubleTest, AnUnreadableItemSpoilsOnlyItsOwnTask)
{
    start();
    relay_.show("bad", Status::running);
    relay_.show("good", Status::running);
    relay_.unreadable = {"bad"};
    watch("bad");
    watch("good");
    pass(10min);
    EXPECT_THAT(story("good"), ElementsAre("1 task.running"));
    EXPECT_THAT(story("bad"), IsEmpty());
    EXPECT_EQ(poller_->in_flight(), 0U);
    relay_.unreadable.clear();
    pass(1min);
    EXPECT_THAT(story("bad"), ElementsAre("1 task.running"));
}

TEST_F(PollerTroubleTest, WhatAFullStoreDidNotTakeIsFoundAgain)
{
    start();
    full_->full = true;
    relay_.show("1", Status::running);
    watch("1");
    pass(10min);
    EXPECT_THAT(story("1"), IsEmpty());
    EXPECT_EQ(poller_->in_flight(), 0U);
    EXPECT_EQ(intake_.promised, 0U);
    full_->full = false;
    relay_.show("1", Status::succeeded);
    pass(1min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded"));
}

TEST_F(PollerTroubleTest, AFullStoreDoesNotEndThePollerWhileTasksSettle)
{
    start();
    relay_.show("1", Status::succeeded);
    relay_.tasks["1"].snapshot.complete = false;
    watch("1");
    full_->full = true;
    relay_.show("1", Status::failed);  // a contradiction, too
    pass(5min);
    EXPECT_EQ(poller_->watched(), 0U);
    EXPECT_THAT(world_.run(world_.store->watched("relay", store::TaskRow{}, 10)), SizeIs(1));
    full_->full = false;
    relay_.show("2", Status::running);
    watch("2");
    EXPECT_THAT(world_.run(world_.store->watched("relay", store::TaskRow{}, 10)), SizeIs(1));
}

TEST_F(PollerTroubleTest, ABrokenStoreEndsThePoller)
{
    start();
    full_->broken = true;
    relay_.show("1", Status::running);
    watch("1");
    EXPECT_THROW(join(), store::Failure);
    poller_.reset();
}

TEST_F(PollerTroubleTest, AStaleTaskIsDroppedInsteadOfRecordedTwice)
{
    start();
    relay_.show("1", Status::running);
    watch("1");
    const auto stale = world_.run(world_.store->watched("relay", store::TaskRow{}, 10)).front();
    relay_.show("1", Status::succeeded);
    pass(10s);
    poller_->watch(stale);
    world_.clock.drain();
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.succeeded"));
    EXPECT_EQ(poller_->watched(), 0U);
}

TEST_F(PollerTroubleTest, AJumpOfTheWallClockEndsNoTask)
{
    start();
    relay_.show("1", Status::running);
    watch("1");
    world_.clock.jump(24h);
    pass(1min);
    world_.clock.jump(-48h);
    pass(1min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    relay_.show("1", Status::succeeded);
    pass(1min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.succeeded"));
}

}  // namespace
}  // namespace pollhook::poll
