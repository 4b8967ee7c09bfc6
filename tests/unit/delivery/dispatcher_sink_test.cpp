#include "dispatcher_fixture.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using task::Status;
using test::ScriptedSink;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DispatcherSinkTest : public DispatcherTest {
protected:
    /// A task without a URL of its own, so that only sinks get its events.
    void add_plain(const std::string& id) { add_task(id, ""); }
    void pause(const std::string& name)
    {
        world_.run(dispatcher_->pause_sink(name, "paused by the operator"));
    }
    void resume(const std::string& name)
    {
        world_.run(dispatcher_->resume_sink(name));
        world_.clock.drain();
    }
    const Destination& destination(const std::string& name)
    {
        const auto all = dispatcher_->sinks();
        return **std::ranges::find_if(all, [&](const Destination* sink) { return sink->name() == name; });
    }
    /// What a sink got of pollhook's own events, as `type subject`.
    std::vector<std::string> own_events(const std::string& name)
    {
        std::vector<std::string> all;
        for (const auto& receipt : script(name).receipts)
            if (receipt.task.find('/') != std::string::npos)
                all.push_back(
                    std::string(boost::json::parse(receipt.body).at("type").as_string()) + ' ' + receipt.task
                );
        return all;
    }
};

TEST_F(DispatcherSinkTest, WhatComesForAPausedSinkWaitsAndGoesOutInOrder)
{
    add_sink("ops");
    start();
    add_plain("1");
    step("1");
    pause("ops");
    step("1");
    step("1");
    pass(48h);
    EXPECT_THAT(script("ops").sequences("1"), ElementsAre(1));
    EXPECT_EQ(count(DeliveryState::pending), 2U);
    EXPECT_EQ(dispatcher_->held(), 0U);
    resume("ops");
    EXPECT_THAT(script("ops").sequences("1"), ElementsAre(1, 2, 3));
}

TEST_F(DispatcherSinkTest, APauseOutlivesARestart)
{
    add_sink("ops");
    start();
    add_plain("1");
    pause("ops");
    sinks_.at("ops").row = {};
    kill();
    world_.open_store();
    sinks_.at("ops").row = world_.run(world_.store->open_sinks({{.name = "ops", .host = ""}})).front();
    start();
    step("1");
    pass(1h);
    EXPECT_THAT(script("ops").receipts, IsEmpty());
    EXPECT_EQ(destination("ops").row.pause_reason, "paused by the operator");
    resume("ops");
    EXPECT_THAT(script("ops").receipts, SizeIs(1));
}

TEST_F(DispatcherSinkTest, APauseTakesBackWhatWaitsForItsTurn)
{
    add_sink("ops").max_in_flight = 1;
    start();
    script("ops").hangs = [](const sink::Message&) { return true; };
    fill("a", 20, "");
    ASSERT_EQ(script("ops").at_once, 1U);
    pause("ops");
    pass(30s);
    EXPECT_THAT(script("ops").receipts, SizeIs(1));
    EXPECT_EQ(dispatcher_->held(), 0U);
    EXPECT_EQ(count(DeliveryState::pending), 20U);
}

TEST_F(DispatcherSinkTest, AGoneSinkIsPausedAndLosesNothing)
{
    add_sink("ops");
    add_sink("watch").events = {"sink.*"};
    start();
    add_plain("1");
    bool gone = true;
    script("ops").answer = [&](const sink::Message&) { return ScriptedSink::http(gone ? 410 : 200); };
    step("1");
    step("1");
    pass(24h);
    EXPECT_THAT(script("ops").sequences("1"), ElementsAre(1));
    EXPECT_TRUE(destination("ops").row.paused);
    EXPECT_EQ(destination("ops").row.pause_reason, "HTTP 410");
    EXPECT_THAT(own_events("watch"), ElementsAre("sink.paused sink/ops"));
    const auto detail = this->detail("1", 1, sinks_.at("ops").row.id);
    EXPECT_EQ(detail.summary.state, DeliveryState::pending);
    EXPECT_THAT(detail.attempts.at(0).decision, HasSubstr("the sink is paused: HTTP 410"));

    gone = false;
    resume("ops");
    EXPECT_THAT(script("ops").sequences("1"), ElementsAre(1, 1, 2));
}

TEST_F(DispatcherSinkTest, ASinkThatFailsIsAnnouncedToTheOthersAndItsRecoveryToo)
{
    add_sink("ops").events = {"*"};
    add_sink("watch").events = {"sink.*"};
    add_sink("tasks");
    start();
    bool down = true;
    script("ops").answer = [&](const sink::Message&) { return ScriptedSink::http(down ? 500 : 200); };
    for (const char* id : {"1", "2", "3", "4"}) {
        add_plain(id);
        step(id);
    }
    EXPECT_THAT(own_events("watch"), ElementsAre("sink.failing sink/ops"));
    EXPECT_THAT(own_events("tasks"), IsEmpty());
    down = false;
    pass(1h);
    EXPECT_THAT(own_events("watch"), ElementsAre("sink.failing sink/ops", "sink.recovered sink/ops"));
    EXPECT_THAT(own_events("ops"), IsEmpty());  // it is the last one to tell
}

TEST_F(DispatcherSinkTest, AFailedRequestCountsOnceForTheSinkAndForTheBreaker)
{
    add_sink("ops").events = {"*"};
    add_sink("watch").events = {"sink.*"};
    start();
    bool is_first = true;
    script("ops").answer = [&](const sink::Message&) {
        sink::Outcome outcome = ScriptedSink::http(500);
        outcome.carried = !std::exchange(is_first, false);
        return outcome;
    };
    for (const char* id : {"1", "2", "3", "4", "5", "6"}) {
        add_plain(id);
        step(id);
    }
    EXPECT_THAT(own_events("watch"), IsEmpty());
    EXPECT_EQ(dispatcher_->open_breakers(), 0U);
    EXPECT_EQ(destination("ops").health.failures_in_a_row(), 1U);
}

TEST_F(DispatcherSinkTest, TheRecoveryIsAnnouncedAlsoAfterARestart)
{
    add_sink("ops");
    add_sink("watch").events = {"sink.*"};
    start();
    script("ops").answer = [&](const sink::Message&) { return ScriptedSink::http(500); };
    for (const char* id : {"1", "2", "3"}) {
        add_plain(id);
        step(id);
    }
    ASSERT_THAT(own_events("watch"), SizeIs(1));
    script("ops").answer = nullptr;
    restart();
    pass(1h);
    EXPECT_THAT(own_events("watch"), ElementsAre("sink.failing sink/ops", "sink.recovered sink/ops"));
}

TEST_F(DispatcherSinkTest, ADeadDeliveryIsAnnouncedInTheTransactionThatEndsIt)
{
    add_sink("watch").events = {"delivery.dead"};
    settings_.retry_schedule.clear();
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(500); };
    start();
    add_task("1");
    step("1");
    ASSERT_THAT(own_events("watch"), ElementsAre("delivery.dead delivery/relay/1"));
    const auto event = boost::json::parse(script("watch").receipts.back().body);
    EXPECT_EQ(event.at("data").at("delivery").as_string(), key("1", 1, store::task_webhook).text());
    EXPECT_EQ(event.at("data").at("sink").as_string(), "task");
    EXPECT_EQ(event.at("data").at("eventType").as_string(), "task.running");
    EXPECT_EQ(event.at("data").at("attempts").as_int64(), 1);
    EXPECT_EQ(event.at("data").at("reason").as_string(), "dead: 1 attempts failed, last: HTTP 500");
}

TEST_F(DispatcherSinkTest, TheEndOfAnAnnouncementIsNotAnnounced)
{
    config::Sink& watch = add_sink("watch");
    watch.events = {"delivery.dead", "sink.*"};
    settings_.retry_schedule.clear();
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(500); };
    start();
    script("watch").answer = [](const sink::Message&) { return ScriptedSink::http(500); };
    add_task("1");
    step("1");
    pass(24h);
    // One for the task's URL and one for the sink, whose announcements end unannounced.
    EXPECT_THAT(own_events("watch"), SizeIs(2));
    EXPECT_EQ(count(DeliveryState::dead), 4U);
}

TEST_F(DispatcherSinkTest, AnOriginThatIsDownIsProbedAndTheOthersWaitWithoutSpendingAttempts)
{
    settings_.retry_schedule = {5s, 5min, 2h};
    start();
    bool down = true;
    urls_->answer = [&](const sink::Message&) { return ScriptedSink::http(down ? 503 : 200); };
    fill("a", 300, "https://a.example.com");
    pass(30min);
    EXPECT_LE(urls_->receipts.size(), 20U);
    EXPECT_EQ(dispatcher_->open_breakers(), 1U);
    EXPECT_LE(dispatcher_->held(), 256U);
    down = false;
    pass(3h);  // those that were probes wait for their own next attempt
    EXPECT_EQ(count(DeliveryState::delivered), 300U);
    EXPECT_EQ(dispatcher_->open_breakers(), 0U);
    EXPECT_EQ(count(DeliveryState::dead), 0U);
}

TEST_F(DispatcherSinkTest, ABacklogOfAnOriginThatNeverComesBackEnds)
{
    start();
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(503); };
    fill("a", 300, "https://a.example.com");
    pass(96h);
    EXPECT_EQ(count(DeliveryState::dead), 300U);
    EXPECT_EQ(dispatcher_->task_webhooks()->counts.dead, 300U);
    EXPECT_EQ(count(DeliveryState::pending), 0U);
}

TEST_F(DispatcherSinkTest, ARetryAfterAReopeningHasANewBudget)
{
    add_sink("ops");
    settings_.retry_schedule = {5s};
    start();
    add_plain("1");
    script("ops").answer = [](const sink::Message&) { return ScriptedSink::http(500); };
    step("1");
    pass(10s);
    ASSERT_EQ(count(DeliveryState::dead), 1U);
    script("ops").answer = [&](const sink::Message& message) {
        return ScriptedSink::http(message.attempt < 4 ? 500 : 200);
    };
    const auto dead = key("1", 1, sinks_.at("ops").row.id);
    EXPECT_EQ(world_.run(world_.store->reopen(dead, dispatcher_->outbox_now())), store::Reopening::reopened);
    const store::OriginId queue = sinks_.at("ops").row.origin;
    dispatcher_->add_waiting({&queue, 1});
    pass(10s);
    EXPECT_EQ(detail("1", 1, dead.sink).attempts.size(), 4U);
    EXPECT_EQ(count(DeliveryState::delivered), 1U);
}

TEST_F(DispatcherSinkTest, AReplayIsCarriedOutAtItsRate)
{
    config::Sink& late = add_sink("late");
    late.events = {};
    start();
    fill("a", 100, "");
    world_.run(world_.store->settle({}, {}, world_.clock.now(), {}));
    const auto before = script("late").receipts.size();
    store::JobRequest request;
    request.kind = store::JobKind::replay;
    request.sink = sinks_.at("late").row.id;
    request.per_second = 10;
    const store::Job job = world_.run(world_.store->create_job(request, world_.clock.now()));
    dispatcher_->wake_jobs();
    pass(2s);
    EXPECT_LE(script("late").receipts.size() - before, 30U);
    pass(20s);
    EXPECT_EQ(world_.run(world_.store->job(job.id))->state, store::JobState::done);
}

TEST_F(DispatcherSinkTest, AJobGoesOnAfterARestart)
{
    settings_.retry_schedule.clear();
    add_sink("ops");
    start();
    script("ops").answer = [](const sink::Message& message) {
        return ScriptedSink::http(message.attempt == 1 ? 400 : 200);
    };
    sinks_.at("ops").settings.rejected_retry_schedule.emplace();
    restart();
    fill("a", 50, "");
    ASSERT_EQ(count(DeliveryState::dead), 50U);
    store::JobRequest request;
    request.kind = store::JobKind::retry;
    request.per_second = 10;
    world_.run(world_.store->create_job(request, world_.clock.now()));
    dispatcher_->wake_jobs();
    pass(2s);
    EXPECT_GT(count(DeliveryState::delivered), 0U);
    EXPECT_GT(count(DeliveryState::dead), 0U);
    restart();
    pass(20s);
    EXPECT_EQ(count(DeliveryState::delivered), 50U);
}

TEST_F(DispatcherSinkTest, ATestGoesStraightToTheReceiverAndLeavesNoTrace)
{
    add_sink("ops");
    start();
    pause("ops");
    std::optional<sink::Outcome> outcome;
    boost::asio::co_spawn(
        world_.loop,
        dispatcher_->test_sink("ops"),
        [&](std::exception_ptr failure, std::optional<sink::Outcome> result) {
            if (failure)
                std::rethrow_exception(failure);
            outcome = std::move(result);
        }
    );
    world_.clock.drain();
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(outcome->delivered);
    EXPECT_THAT(own_events("ops"), ElementsAre("sink.test sink/ops"));
    EXPECT_FALSE(dispatcher_->has_sink("nobody"));
    EXPECT_TRUE(dispatcher_->has_sink("ops"));
    EXPECT_FALSE(dispatcher_->has_sink("task"));
}

TEST_F(DispatcherSinkTest, WhatAReceiverAllowsIsObeyed)
{
    add_sink("ops");
    start();
    script("ops").answer = [](const sink::Message&) {
        sink::Outcome outcome = ScriptedSink::http(200);
        outcome.consent = {.given = true, .per_second = 2};
        return outcome;
    };
    fill("a", 30, "");
    pass(10s);
    EXPECT_LE(script("ops").receipts.size(), 24U);
    EXPECT_GE(script("ops").receipts.size(), 18U);
    pass(10s);
    EXPECT_THAT(script("ops").receipts, SizeIs(30));
}

TEST_F(DispatcherSinkTest, TheRateThatAReceiverAllowsCanRiseAndBeLifted)
{
    add_sink("ops");
    start();
    std::optional<double> allowed = 1;
    script("ops").answer = [&](const sink::Message&) {
        sink::Outcome outcome = ScriptedSink::http(200);
        outcome.consent = {.given = true, .per_second = allowed};
        return outcome;
    };
    fill("a", 1000, "");
    pass(10s);
    EXPECT_LE(script("ops").receipts.size(), 14U);
    allowed = 10;
    pass(10s);
    EXPECT_GE(script("ops").receipts.size(), 80U);
    EXPECT_LE(script("ops").receipts.size(), 120U);
    allowed.reset();
    pass(1s);
    EXPECT_THAT(script("ops").receipts, SizeIs(1000));
}

TEST_F(DispatcherSinkTest, OneAtATimeUntilTheReceiverHasConsented)
{
    add_sink("ops");
    script("ops").asks_for_consent = true;
    start();
    script("ops").hangs = [](const sink::Message& message) { return message.attempt == 1; };
    script("ops").timeout = 1s;
    fill("a", 4, "");
    EXPECT_EQ(script("ops").at_once, 1U);
    pass(900ms);
    EXPECT_THAT(script("ops").receipts, SizeIs(1));

    script("ops").hangs = nullptr;
    script("ops").answer = [](const sink::Message&) {
        sink::Outcome outcome = ScriptedSink::http(200);
        outcome.consent = {.given = true, .per_second = std::nullopt};
        return outcome;
    };
    pass(1min);
    script("ops").hangs = [](const sink::Message&) { return true; };
    fill("b", 4, "");
    EXPECT_GE(script("ops").at_once, 2U);
}

}  // namespace
}  // namespace pollhook::delivery
