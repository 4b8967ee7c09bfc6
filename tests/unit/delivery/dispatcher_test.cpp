#include "dispatcher_fixture.hpp"

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using task::Status;
using test::ScriptedSink;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(DispatcherTest, SendsAFreshEventAtOnce)
{
    start();
    add_task("1");
    step("1");
    ASSERT_THAT(urls_->receipts, SizeIs(1));
    EXPECT_EQ(urls_->receipts.front().url, "https://hooks.example.com/1");
    EXPECT_EQ(urls_->receipts.front().attempt, 1U);
    EXPECT_EQ(state("1", 1), DeliveryState::delivered);
    EXPECT_EQ(dispatcher_->held(), 0U);
}

TEST_F(DispatcherTest, SendsWhatWaitedInTheStoreAtTheStart)
{
    add_task("1");
    step("1");
    step("1");
    start();
    EXPECT_THAT(urls_->sequences("1"), ElementsAre(1, 2));
    EXPECT_EQ(state("1", 2), DeliveryState::delivered);
}

TEST_F(DispatcherTest, SendsToEverySinkAndToTheTasksUrl)
{
    add_sink("ops");
    add_sink("log");
    start();
    add_task("1");
    step("1");
    EXPECT_THAT(urls_->receipts, SizeIs(1));
    EXPECT_THAT(script("ops").receipts, SizeIs(1));
    EXPECT_THAT(script("log").receipts, SizeIs(1));
    EXPECT_EQ(script("ops").receipts.front().body, urls_->receipts.front().body);
    EXPECT_EQ(script("ops").receipts.front().event_id, urls_->receipts.front().event_id);
}

TEST_F(DispatcherTest, KeepsOrderWithinATask)
{
    start();
    add_task("1");
    add_task("2");
    urls_->answer = [](const sink::Message& message) {
        return ScriptedSink::http(
            message.task_id == "1" && message.sequence == 1 && message.attempt == 1 ? 503 : 200
        );
    };
    for (int i = 0; i < 4; ++i) {
        step("1");
        step("2");
    }
    EXPECT_THAT(urls_->sequences("1"), ElementsAre(1));
    EXPECT_THAT(urls_->sequences("2"), ElementsAre(1, 2, 3, 4));
    pass(6s);
    EXPECT_THAT(urls_->sequences("1"), ElementsAre(1, 1, 2, 3, 4));
}

TEST_F(DispatcherTest, TriesAgainAlongTheScheduleWithJitterUpwardAndTheSameEvent)
{
    start();
    add_task("1");
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(503); };
    step("1");
    pass(1h);
    ASSERT_THAT(urls_->receipts, SizeIs(3));
    const auto& all = urls_->receipts;
    EXPECT_GE(all[1].at - all[0].at, 5s);
    EXPECT_LE(all[1].at - all[0].at, 5501ms);
    EXPECT_GE(all[2].at - all[1].at, 5min);
    EXPECT_LE(all[2].at - all[1].at, 330s + 1ms);
    EXPECT_EQ(all[2].event_id, all[0].event_id);
    EXPECT_EQ(all[2].body, all[0].body);
    EXPECT_EQ(all[2].attempt, 3U);
}

TEST_F(DispatcherTest, IsDeadAfterTheScheduleWithItsReasonAndThenGoesOn)
{
    start();
    add_task("1");
    urls_->answer = [](const sink::Message& message) {
        return ScriptedSink::http(message.sequence == 1 ? 503 : 200);
    };
    step("1");
    step("1", Status::succeeded);
    pass(1h);
    const store::DeliveryDetail dead = detail("1", 1);
    EXPECT_EQ(dead.summary.state, DeliveryState::dead);
    EXPECT_EQ(dead.summary.reason, "dead: 3 attempts failed, last: HTTP 503");
    ASSERT_THAT(dead.attempts, SizeIs(3));
    EXPECT_EQ(dead.attempts.front().http_status, 503);
    EXPECT_THAT(dead.attempts.front().decision, HasSubstr("retry in 5s: HTTP 503"));
    EXPECT_EQ(state("1", 2), DeliveryState::delivered);
    EXPECT_EQ(dispatcher_->counters().dead, 1U);
}

TEST_F(DispatcherTest, ARejectionAfterAnOutageHasItsWholeBudgetAlsoOverARestart)
{
    settings_.retry_schedule = std::vector<base::Duration>(9, 5s);
    settings_.rejected_retry_schedule = {5s, 5s};
    start();
    add_task("1");
    urls_->answer = [](const sink::Message& message) {
        return ScriptedSink::http(message.attempt <= 4 ? 503 : 401);
    };
    step("1");
    while (urls_->receipts.size() < 5)
        pass(1s);
    EXPECT_EQ(state("1", 1), DeliveryState::pending);
    restart();
    pass(1h);
    EXPECT_THAT(urls_->receipts, SizeIs(7));
    EXPECT_EQ(state("1", 1), DeliveryState::dead);
    EXPECT_EQ(detail("1", 1).summary.reason, "dead: 7 attempts failed, last: HTTP 401");
}

TEST_F(DispatcherTest, ASinkMayHaveAScheduleOfItsOwn)
{
    add_sink("ops").retry_schedule = std::vector<base::Duration>{};
    start();
    add_task("1", "");
    script("ops").answer = [](const sink::Message&) { return ScriptedSink::http(500); };
    step("1");
    EXPECT_EQ(count(DeliveryState::dead), 1U);
}

TEST_F(DispatcherTest, RetryAfterIsALowerBoundWithACap)
{
    start();
    add_task("1");
    add_task("2");
    urls_->answer = [](const sink::Message& message) {
        return message.attempt > 1 ? ScriptedSink::http(200)
                                   : ScriptedSink::http(429, message.task_id == "1" ? 1min : 100h);
    };
    step("1");
    step("2");
    pass(1min - 1ms);
    EXPECT_THAT(urls_->sequences("1"), SizeIs(1));
    pass(1ms);
    EXPECT_THAT(urls_->sequences("1"), SizeIs(2));
    pass(23h);
    EXPECT_THAT(urls_->sequences("2"), SizeIs(1));
    pass(1h);
    EXPECT_THAT(urls_->sequences("2"), SizeIs(2));
}

TEST_F(DispatcherTest, AGoneUrlGetsNothingMoreOfItsTask)
{
    start();
    add_task("1");
    add_task("2");
    urls_->hangs = [](const sink::Message& message) { return message.task_id == "1"; };
    urls_->timeout = 1s;
    step("1");
    step("1");
    step("1", Status::succeeded);
    urls_->hangs = nullptr;
    urls_->answer = [](const sink::Message& message) {
        return ScriptedSink::http(message.task_id == "1" ? 410 : 200);
    };
    pass(10s);
    EXPECT_THAT(urls_->sequences("1"), ElementsAre(1, 1));
    EXPECT_EQ(state("1", 1), DeliveryState::dead);
    EXPECT_EQ(detail("1", 1).summary.reason, "dead: HTTP 410 Gone");
    EXPECT_EQ(state("1", 2), DeliveryState::cancelled);
    EXPECT_EQ(state("1", 3), DeliveryState::cancelled);
    step("2");
    EXPECT_EQ(state("2", 1), DeliveryState::delivered);
}

TEST_F(DispatcherTest, ALaneThatWantsTheLatestSkipsWhatWasOvertaken)
{
    add_sink("ops").order = config::Order::latest;
    start();
    add_task("1", "");
    script("ops").hangs = [](const sink::Message& message) { return message.sequence == 1; };
    step("1");
    step("1");
    step("1");
    step("1", Status::succeeded);
    pass(15s);
    EXPECT_THAT(script("ops").sequences("1"), ElementsAre(1, 4));
    EXPECT_EQ(count(DeliveryState::superseded), 3U);
}

TEST_F(DispatcherTest, KeepsTheLimitsInFlight)
{
    settings_.max_in_flight = 10;
    settings_.max_in_flight_per_origin = 4;
    start();
    // The first ten of each are fast and widen its window.
    urls_->hangs = [](const sink::Message& message) { return message.task_id.size() > 2; };
    fill("a", 30, "https://a.example.com");
    EXPECT_EQ(urls_->at_once, 4U);
    fill("b", 30, "https://b.example.com");
    EXPECT_EQ(urls_->at_once, 8U);
    fill("c", 30, "https://c.example.com");
    EXPECT_EQ(urls_->at_once, 10U);
    EXPECT_EQ(dispatcher_->in_flight(), 10U);
    pass(24h);
    EXPECT_LE(urls_->most_at_once, 10U);
    EXPECT_EQ(dispatcher_->held(), 0U);
}

TEST_F(DispatcherTest, ASinkMayHaveALimitOfItsOwn)
{
    add_sink("ops").max_in_flight = 2;
    start();
    script("ops").hangs = [](const sink::Message&) { return true; };
    fill("a", 20, "");
    EXPECT_EQ(script("ops").at_once, 2U);
}

TEST_F(DispatcherTest, KeepsARateLimit)
{
    config::Sink& ops = add_sink("ops");
    ops.max_per_second = 5;
    start();
    fill("a", 100, "");
    pass(10s);
    EXPECT_GE(script("ops").receipts.size(), 54U);
    EXPECT_LE(script("ops").receipts.size(), 56U);
    pass(10s);
    EXPECT_EQ(script("ops").receipts.size(), 100U);
}

TEST_F(DispatcherTest, WakesForARateLimitThatHeldBackAFreshEvent)
{
    add_sink("ops").max_per_second = 1;
    start();
    add_task("1", "");
    add_task("2", "");
    step("1");
    pass(100ms);
    step("2");
    EXPECT_THAT(script("ops").receipts, SizeIs(1));
    pass(900ms);
    EXPECT_THAT(script("ops").receipts, SizeIs(2));
}

TEST_F(DispatcherTest, OneHungOriginDelaysNoOther)
{
    settings_.max_in_flight_per_origin = 4;
    start();
    urls_->hangs = [](const sink::Message& message) { return message.url.starts_with("https://hung."); };
    fill("hung", 500, "https://hung.example.com");
    EXPECT_EQ(urls_->at_once, 2U);
    const std::size_t before = urls_->receipts.size();
    fill("fine", 500, "https://fine.example.com");
    EXPECT_EQ(urls_->receipts.size() - before, 500U);
    EXPECT_EQ(count(DeliveryState::delivered), 500U);
    add_task("late", "https://other.example.com");
    step("late");
    EXPECT_EQ(state("late", 1), DeliveryState::delivered);
}

TEST_F(DispatcherTest, ABacklogStaysInTheStore)
{
    for (int origin = 0; origin < 10; ++origin)
        fill(fmt::format("o{}-", origin), 1000, fmt::format("https://o{}.example.com", origin));
    std::size_t most_held = 0;
    urls_->answer = [&](const sink::Message&) {
        most_held = std::max(most_held, dispatcher_->held());
        return ScriptedSink::http(200);
    };
    start();
    EXPECT_EQ(urls_->receipts.size(), 10'000U);
    EXPECT_EQ(count(DeliveryState::delivered), 10'000U);
    EXPECT_LE(most_held, 4096U);
    EXPECT_EQ(dispatcher_->held(), 0U);
}

TEST_F(DispatcherTest, ABacklogDoesNotStarveBesideFreshEvents)
{
    settings_.max_in_flight = 2;
    settings_.max_in_flight_per_origin = 2;
    settings_.retry_schedule.clear();
    fill("old", 100, "https://old.example.com");
    urls_->hangs = [](const sink::Message&) { return true; };
    urls_->timeout = 10ms;
    urls_->only_late = true;
    start();
    std::size_t most_waiting = 0;
    for (int i = 0; i < 110; ++i) {
        fill(fmt::format("new{}-", i), 2, "https://new.example.com");
        pass(10ms);
        most_waiting = std::max(most_waiting, dispatcher_->held() - dispatcher_->in_flight());
    }
    EXPECT_GT(most_waiting, 8U);
    const auto is_old = [](const auto& receipt) { return receipt.task.starts_with("old"); };
    EXPECT_GE(std::ranges::count_if(urls_->receipts, is_old), 90);
}

TEST_F(DispatcherTest, ReopensEverySink)
{
    add_sink("log");
    start();
    dispatcher_->reopen_sinks();
    EXPECT_EQ(script("log").reopened, 1U);
    EXPECT_EQ(urls_->reopened, 1U);
}

}  // namespace
}  // namespace pollhook::delivery
