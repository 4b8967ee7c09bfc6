#include "poller_fixture.hpp"

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;
using task::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DiscoveryTest : public PollerTest {
protected:
    DiscoveryTest() { relay_.feeds = true; }
};

TEST_F(DiscoveryTest, WatchesWhatTheFeedShowsWithItsOwnWebhook)
{
    start();
    relay_.show("1", Status::running, 20);
    relay_.tasks["1"].snapshot.callback_url = "https://hooks.example.com/own";
    pass(5s);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    EXPECT_EQ(task("1").summary.webhook_url, "https://hooks.example.com/own");
    EXPECT_EQ(poller_->watched(), 1U);
    relay_.show("1", Status::succeeded);
    pass(10s);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.succeeded"));
}

TEST_F(DiscoveryTest, AWebhookThatMustNotBeReachedIsNotAdopted)
{
    start();
    relay_.show("1", Status::running);
    relay_.tasks["1"].snapshot.callback_url = "https://169.254.169.254/latest";
    pass(5s);
    EXPECT_EQ(task("1").summary.webhook_url, "");
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
}

TEST_F(DiscoveryTest, WhatEndedBeforeAnybodyWatchedIsNoNews)
{
    relay_.show("old", Status::succeeded);
    relay_.tasks["old"].snapshot.finished_at = world_.clock.now() - 1min;
    relay_.show("undated", Status::failed);
    start();
    relay_.show("new", Status::succeeded);
    relay_.tasks["new"].snapshot.finished_at = world_.clock.now() + 2s;
    pass(1min);
    EXPECT_THAT(story("old"), IsEmpty());
    EXPECT_THAT(story("undated"), IsEmpty());
    EXPECT_THAT(story("new"), ElementsAre("1 task.succeeded"));
    EXPECT_EQ(poller_->watched(), 0U);
}

TEST_F(DiscoveryTest, WhatEndedWhileTheDaemonWasDownIsNewsAfterTheRestart)
{
    start();
    stop();
    pass(1h);
    relay_.show("1", Status::succeeded);
    relay_.tasks["1"].snapshot.finished_at = world_.clock.now();
    pass(1h);
    restart();
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded"));
}

TEST_F(DiscoveryTest, AFinishedTaskIsAnnouncedOnce)
{
    start();
    relay_.show("1", Status::running);
    pass(5s);
    relay_.show("1", Status::succeeded);
    relay_.tasks["1"].snapshot.finished_at = world_.clock.now();
    pass(10min);
    restart();
    pass(10min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.succeeded"));
    EXPECT_EQ(poller_->watched(), 0U);
}

TEST_F(DiscoveryTest, WhatRetentionHasDeletedIsNoNewsAfterARestart)
{
    start();
    relay_.show("1", Status::running);
    pass(5s);
    relay_.show("1", Status::succeeded);
    // By a clock that is ahead of ours.
    relay_.tasks["1"].snapshot.finished_at = world_.clock.now() + 1min;
    pass(2h);
    const base::TimePoint now = world_.clock.now();
    // It ended first, but nobody has seen it yet.
    relay_.show("2", Status::succeeded);
    relay_.tasks["2"].snapshot.finished_at = relay_.tasks["1"].snapshot.finished_at.value() - 30s;
    ASSERT_EQ(world_.run(world_.store->prune(now, 10, now)).tasks, 1U);
    restart();
    pass(10min);
    EXPECT_THAT(story("1"), IsEmpty());
    EXPECT_THAT(story("2"), ElementsAre("1 task.succeeded"));
}

TEST_F(DiscoveryTest, AFullStoreIsNoReasonToStop)
{
    start();
    full_->full = true;
    relay_.show("1", Status::running);
    pass(1min);
    EXPECT_EQ(poller_->watched(), 0U);
    full_->full = false;
    pass(5s);
    EXPECT_EQ(poller_->watched(), 1U);
}

TEST_F(DiscoveryTest, LooksThatAreAlwaysDueLeaveRoomForIt)
{
    settings_.max_requests_per_second = 1;
    relay_.batch = 1;
    start();
    for (int i = 0; i < 200; ++i)
        watch(std::to_string(i));
    pass(100s);
    EXPECT_GE(relay_.discoveries, 15U);
    EXPECT_LE(relay_.discoveries + relay_.looks.size(), 103U);
    EXPECT_GE(relay_.looks.size(), 50U);
}

TEST_F(DiscoveryTest, ADeadRelayIsAskedLessAndLess)
{
    start();
    relay_.failure = failed(provider::Errc::unavailable);
    pass(1h);
    EXPECT_LE(relay_.discoveries, 35U);
    relay_.failure.reset();
    relay_.show("1", Status::running);
    pass(6min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
}

}  // namespace
}  // namespace pollhook::poll
