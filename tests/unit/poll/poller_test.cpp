#include "poller_fixture.hpp"

#include <set>
#include <string>

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;
using task::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(PollerTest, AnnouncesEveryStepOnce)
{
    start();
    relay_.show("1", Status::queued);
    watch("1");
    pass(5min);
    EXPECT_THAT(story("1"), IsEmpty());
    relay_.show("1", Status::running, 10);
    pass(5min);
    relay_.show("1", Status::running, 45);
    pass(5min);
    relay_.show("1", Status::succeeded, 100);
    pass(5min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.progress", "3 task.succeeded"));
    EXPECT_EQ(poller_->watched(), 0U);
    EXPECT_EQ(poller_->counters().transitions, 3U);
}

TEST_F(PollerTest, ATaskThatHadEndedWhenItWasRegisteredYieldsItsTerminalEvent)
{
    start();
    relay_.show("1", Status::failed);
    watch("1");
    EXPECT_THAT(story("1"), ElementsAre("1 task.failed"));
    EXPECT_EQ(poller_->watched(), 0U);
}

TEST_F(PollerTest, HandsClaimsToTheDispatcherAndReturnsEveryPromise)
{
    start();
    relay_.show("1", Status::running);
    watch("1", "https://hooks.example.com/a");
    ASSERT_THAT(intake_.deliveries, SizeIs(1));
    EXPECT_EQ(intake_.deliveries.front().url, "https://hooks.example.com/a");
    EXPECT_EQ(intake_.promised, 0U);
}

TEST_F(PollerTest, LooksAtOneTaskNoMoreOftenThanItsPace)
{
    start();
    relay_.show("1", Status::running);
    watch("1");
    for (int percent = 1; percent < 30; ++percent) {
        pass(3s);
        relay_.show("1", Status::running, percent);
        watch("other" + std::to_string(percent));
    }
    const auto looks = relay_.looks_at("1");
    ASSERT_GT(looks.size(), 10U);
    for (std::size_t i = 1; i < looks.size(); ++i)
        EXPECT_GE(looks[i] - looks[i - 1], 5s);
}

TEST_F(PollerTest, AsksForManyTasksInBatchesWithinTheLimitInFlight)
{
    settings_.max_in_flight = 3;
    relay_.batch = 10;
    start();
    relay_.silent = true;
    for (int i = 0; i < 100; ++i)
        watch(std::to_string(i));
    EXPECT_THAT(relay_.looks, SizeIs(3));
    EXPECT_LE(poller_->in_flight(), 30U);
    relay_.release();
    pass(5s);
    EXPECT_EQ(relay_.most_at_once, 3U);
    std::set<std::string> asked;
    for (const auto& look : relay_.looks) {
        EXPECT_LE(look.ids.size(), 10U);
        asked.insert(look.ids.begin(), look.ids.end());
    }
    EXPECT_THAT(asked, SizeIs(100));
    EXPECT_EQ(poller_->in_flight(), 0U);
}

TEST_F(PollerTest, KeepsTheRateLimit)
{
    settings_.max_requests_per_second = 2;
    relay_.batch = 1;
    start();
    for (int i = 0; i < 40; ++i) {
        relay_.show(std::to_string(i), Status::running);
        watch(std::to_string(i));
    }
    pass(10s);
    EXPECT_GE(relay_.looks.size(), 20U);
    EXPECT_LE(relay_.looks.size(), 22U);
}

TEST_F(PollerTest, SleepsWhenThereIsNothingToDo)
{
    start();
    EXPECT_FALSE(poller_->is_overdue(world_.clock.steady_now() + 24h));
    pass(24h);
    EXPECT_THAT(relay_.looks, IsEmpty());
}

TEST_F(PollerTest, AMissingTaskIsLostAfterItsGraceAndEnoughMisses)
{
    start();
    watch("1");
    pass(11min);
    EXPECT_THAT(story("1"), IsEmpty());
    pass(4min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.lost"));
    EXPECT_EQ(poller_->watched(), 0U);
}

TEST_F(PollerTest, AQuietTaskStallsOnceAndThenExpires)
{
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    pass(5h);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.stalled"));
    pass(62min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.stalled", "3 task.expired"));
    const store::StoredEvent last = events().back();
    EXPECT_THAT(last.body, ::testing::HasSubstr(R"("progress":30)"));
    EXPECT_THAT(last.body, ::testing::HasSubstr(R"("upstreamStatus":"IN_PROGRESS")"));
    EXPECT_EQ(poller_->watched(), 0U);
}

TEST_F(PollerTest, AResultThatComesLateIsAnUpdate)
{
    start();
    relay_.show("1", Status::succeeded, 100);
    relay_.tasks["1"].snapshot.complete = false;
    relay_.tasks["1"].snapshot.result_digest = 1;
    watch("1");
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded"));
    EXPECT_EQ(poller_->watched(), 1U);
    relay_.tasks["1"].snapshot.complete = true;
    relay_.tasks["1"].snapshot.result_digest = 2;
    pass(1min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded", "2 task.updated"));
    EXPECT_EQ(poller_->watched(), 0U);
    EXPECT_THAT(world_.run(world_.store->watched("relay", store::TaskRow{}, 10)), IsEmpty());
}

TEST_F(PollerTest, TheSettleTimeEndsWhetherOrNotAResultComes)
{
    start();
    for (const std::string id : {"seen", "gone"}) {
        relay_.show(id, Status::succeeded, 100);
        relay_.tasks[id].snapshot.complete = false;
        watch(id);
    }
    pass(5s);
    EXPECT_EQ(poller_->watched(), 2U);
    relay_.tasks.erase("gone");
    pass(4min);
    EXPECT_EQ(poller_->watched(), 0U);
    EXPECT_THAT(story("gone"), ElementsAre("1 task.succeeded"));
    EXPECT_THAT(world_.run(world_.store->watched("relay", store::TaskRow{}, 10)), IsEmpty());
}

TEST_F(PollerTest, AContradictionIsNotedButNotAnnounced)
{
    start();
    relay_.show("1", Status::succeeded, 100);
    relay_.tasks["1"].snapshot.complete = false;
    watch("1");
    relay_.show("1", Status::failed);
    pass(30s);
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded"));
    EXPECT_EQ(task("1").contradiction, "FAILURE");
    EXPECT_EQ(task("1").summary.status, Status::succeeded);
}

TEST_F(PollerTest, ATaskAdoptsTheWebhookThatTheRelayTellsOf)
{
    start();
    relay_.show("1", Status::running);
    relay_.tasks["1"].snapshot.callback_url = "https://hooks.example.com/b";
    watch("1");
    relay_.show("2", Status::running);
    relay_.tasks["2"].snapshot.callback_url = "http://10.0.0.1/b";
    watch("2");
    EXPECT_EQ(task("1").summary.webhook_url, "https://hooks.example.com/b");
    EXPECT_EQ(task("2").summary.webhook_url, "");
}

TEST_F(PollerTest, GoesOnAfterARestart)
{
    start();
    relay_.show("1", Status::running, 10);
    watch("1");
    relay_.show("2", Status::queued);
    watch("2");
    restart();
    EXPECT_EQ(poller_->watched(), 2U);
    pass(5min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    relay_.show("1", Status::succeeded);
    relay_.show("2", Status::running);
    pass(5min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.succeeded"));
    EXPECT_THAT(story("2"), ElementsAre("1 task.running"));
}

TEST_F(PollerTest, AStepThatACrashLostIsFoundAgainWithTheSameEventId)
{
    start();
    relay_.show("1", Status::running, 10);
    watch("1");
    const std::string before = events().front().id;

    // The same task in a world whose commit never happened.
    remove("1");
    restart();
    pass(1h);
    watch("1");
    EXPECT_EQ(events().back().id, before);
}

TEST_F(PollerTest, SettlingGoesOnAfterARestart)
{
    start();
    relay_.show("1", Status::succeeded, 100);
    relay_.tasks["1"].snapshot.complete = false;
    relay_.tasks["1"].snapshot.result_digest = 1;
    watch("1");
    restart();
    EXPECT_EQ(poller_->watched(), 1U);
    relay_.tasks["1"].snapshot.complete = true;
    relay_.tasks["1"].snapshot.result_digest = 2;
    pass(1min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.succeeded", "2 task.updated"));
}

TEST_F(PollerTest, ATaskThatIsRemovedDuringALookIsLeftAlone)
{
    start();
    relay_.show("1", Status::running);
    relay_.show("2", Status::running);
    relay_.silent = true;
    watch("1");
    remove("1");
    // Takes the place of the removed one, while the look for that is still out.
    relay_.show("3", Status::running);
    watch("3");
    relay_.release();
    pass(5s);
    EXPECT_THAT(story("1"), IsEmpty());
    EXPECT_THAT(story("3"), ElementsAre("1 task.running"));
    EXPECT_EQ(poller_->in_flight(), 0U);
    EXPECT_EQ(poller_->watched(), 1U);
}

TEST_F(PollerTest, ATaskThatIsRegisteredAnewDuringALookStartsAnew)
{
    start();
    relay_.show("1", Status::running);
    relay_.silent = true;
    watch("1");
    remove("1");
    const store::TaskRow row = watch("1");
    relay_.release();
    pass(5s);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    EXPECT_EQ(task("1").summary.row, row);
    EXPECT_EQ(poller_->in_flight(), 0U);
}

TEST_F(PollerTest, ATaskThatIsStoppedWhileItsStepIsRecordedIsForgotten)
{
    start();
    relay_.show("1", Status::running);
    watch("1");
    relay_.show("1", Status::running, 50);
    // The stop is in the store before the step is, and the poller hears of it later.
    relay_.silent = true;
    pass(10s);
    world_.run(world_.store->stop_watching({"relay", "1"}, world_.clock.now()));
    relay_.release();
    world_.clock.drain();
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    EXPECT_EQ(poller_->watched(), 0U);
    poller_->forget("1");
    EXPECT_EQ(poller_->in_flight(), 0U);
    EXPECT_EQ(intake_.promised, 0U);
}

TEST_F(PollerTest, AStopEndsEveryLookAndLearnsNothingFalse)
{
    start();
    relay_.silent = true;
    for (int i = 0; i < 10; ++i)
        watch(std::to_string(i));
    pass(1h);
    EXPECT_GT(poller_->in_flight(), 0U);
    group_.cancel();
    join();
    EXPECT_EQ(poller_->in_flight(), 0U);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(poller_->health().failures_in_a_row(), 0U);
}

TEST_F(PollerTest, APollerThatIsCancelledBeforeItBeginsEnds)
{
    start();
    relay_.show("1", Status::running);
    watch("1");
    group_.cancel();
    join();
    group_.spawn(poller_->run());
    group_.cancel();
    join();
    EXPECT_EQ(poller_->in_flight(), 0U);
}

}  // namespace
}  // namespace pollhook::poll
