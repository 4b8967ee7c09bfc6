#include "dispatcher_fixture.hpp"

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using test::ScriptedSink;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DispatcherReloadTest : public DispatcherTest {
protected:
    /// The configuration as `sinks_` and `settings_` say now; each of `fresh` gets another sink object.
    void adopt(const std::vector<std::string>& fresh = {})
    {
        std::vector<store::SinkOpening> openings;
        for (const auto& [name, sink] : sinks_)
            openings.push_back({.name = name, .host = {}});
        const auto rows = world_.run(world_.store->open_sinks(std::move(openings)));
        Dispatcher::Next next;
        next.settings = settings_;
        next.task_webhooks = task_webhooks_;
        std::size_t i = 0;
        for (auto& [name, sink] : sinks_) {
            Dispatcher::NextSink& one = next.sinks.emplace_back();
            one.row = rows.at(i++);
            one.settings = sink.settings;
            const bool is_known = dispatcher_->has_sink(name);
            if (!is_known || std::ranges::find(fresh, name) != fresh.end())
                one.sink = std::make_shared<ScriptedSink>(world_.clock, sink.script);
        }
        dispatcher_->adopt(std::move(next));
        world_.clock.drain();
    }
    void add_plain(const std::string& id) { add_task(id, ""); }
    template <class T>
    void begin(boost::asio::awaitable<base::Result<T>> operation)
    {
        boost::asio::co_spawn(
            world_.loop,
            std::move(operation),
            [](std::exception_ptr failure, base::Result<T>) {
                if (failure)
                    std::rethrow_exception(failure);
            }
        );
    }
};

TEST_F(DispatcherReloadTest, ASinkThatIsReplacedOrRemovedGivesBackWhatHasNotLeft)
{
    add_sink("ops");
    add_sink("log");
    start();
    adopt();
    EXPECT_EQ(script("ops").recalled, 0U);
    adopt({"ops"});
    EXPECT_EQ(script("ops").recalled, 1U);
    EXPECT_EQ(script("log").recalled, 0U);
    const std::shared_ptr<ScriptedSink::Script> log = sinks_.at("log").script;
    sinks_.erase("log");
    adopt();
    EXPECT_EQ(log->recalled, 1U);
}

TEST_F(DispatcherReloadTest, WhatWaitsForARemovedSinkWaitsInTheStoreUntilItReturns)
{
    add_sink("ops").max_in_flight = 1;
    start();
    script("ops").hangs = [](const sink::Message&) { return true; };
    fill("a", 20, "");
    ASSERT_EQ(script("ops").at_once, 1U);
    const KnownSink ops = sinks_.at("ops");
    sinks_.clear();
    adopt();
    pass(30h);
    EXPECT_THAT(ops.script->receipts, SizeIs(1));
    EXPECT_EQ(dispatcher_->held(), 0U);
    EXPECT_EQ(count(DeliveryState::pending), 20U);
    sinks_.emplace("ops", ops);
    ops.script->hangs = nullptr;
    adopt();
    pass(1s);
    EXPECT_EQ(count(DeliveryState::delivered), 20U);
}

TEST_F(DispatcherReloadTest, AnAttemptUnderWayEndsWithTheSinkThatItBeganWith)
{
    add_sink("ops");
    start();
    add_plain("1");
    script("ops").hangs = [](const sink::Message&) { return true; };
    script("ops").only_late = true;
    step("1");
    step("1");
    const KnownSink ops = sinks_.at("ops");
    sinks_.clear();
    adopt();
    pass(20s);
    EXPECT_EQ(detail("1", 1, ops.row.id).summary.state, DeliveryState::delivered);
    EXPECT_EQ(detail("1", 2, ops.row.id).summary.state, DeliveryState::pending);
    ops.script->hangs = nullptr;
    sinks_.emplace("ops", ops);
    adopt();
    EXPECT_THAT(ops.script->sequences("1"), ElementsAre(1, 2));
}

TEST_F(DispatcherReloadTest, AnotherHostTakesOverWhileAttemptsAreUnderWayAtTheOldOne)
{
    add_sink("ops");
    start();
    script("ops").hangs = [](const sink::Message&) { return true; };
    fill("a", 5, "");
    ASSERT_GT(script("ops").at_once, 0U);
    script("ops").hangs = nullptr;
    const auto rows =
        world_.run(world_.store->open_sinks({{.name = "ops", .host = "https://new.example.com"}}));
    Dispatcher::Next next;
    next.settings = settings_;
    Dispatcher::NextSink& one = next.sinks.emplace_back();
    one.row = rows.front();
    one.settings = sinks_.at("ops").settings;
    one.sink = std::make_shared<ScriptedSink>(world_.clock, sinks_.at("ops").script);
    dispatcher_->adopt(std::move(next));
    pass(10min);
    EXPECT_EQ(count(DeliveryState::delivered), 5U);
    EXPECT_EQ(dispatcher_->held(), 0U);
}

TEST_F(DispatcherReloadTest, LimitsAndSchedulesHoldAtOnce)
{
    add_sink("ops");
    start();
    script("ops").answer = [](const sink::Message&) { return ScriptedSink::http(500); };
    add_plain("1");
    step("1");
    sinks_.at("ops").settings.retry_schedule = std::vector<base::Duration>{1s};
    adopt();
    pass(10s);
    EXPECT_EQ(count(DeliveryState::dead), 1U);

    script("ops").answer = nullptr;
    sinks_.at("ops").settings.max_per_second = 1;
    adopt();
    script("ops").receipts.clear();
    fill("b", 10, "");
    pass(3s);
    EXPECT_LE(script("ops").receipts.size(), 5U);
    sinks_.at("ops").settings.max_per_second.reset();
    adopt();
    pass(1s);
    EXPECT_THAT(script("ops").receipts, SizeIs(10));
}

TEST_F(DispatcherReloadTest, AReloadIsNoWayAroundARateLimit)
{
    add_sink("ops").max_per_second = 2;
    start();
    fill("a", 30, "");
    for (int i = 0; i < 40; ++i) {
        pass(100ms);
        adopt({"ops"});
    }
    EXPECT_LE(script("ops").receipts.size(), 11U);
}

TEST_F(DispatcherReloadTest, APausedSinkStaysPaused)
{
    add_sink("ops");
    start();
    world_.run(dispatcher_->pause_sink("ops", "maintenance"));
    add_plain("1");
    step("1");
    adopt({"ops"});
    pass(1h);
    EXPECT_THAT(script("ops").receipts, IsEmpty());
    world_.run(dispatcher_->resume_sink("ops"));
    world_.clock.drain();
    EXPECT_THAT(script("ops").receipts, SizeIs(1));
}

TEST_F(DispatcherReloadTest, AReplacedFileSinkWritesOnlyWhenTheFormerIsDone)
{
    config::Sink& log = add_sink("log");
    log.type = config::SinkType::file;
    log.path = "/events";
    start();
    const auto former = sinks_.at("log").script;
    former->hangs = [](const sink::Message&) { return true; };
    former->only_late = true;
    add_plain("1");
    add_plain("2");
    step("1");
    ASSERT_EQ(former->at_once, 1U);
    sinks_.at("log").script = std::make_shared<Script>();
    adopt({"log"});
    step("2");
    pass(10s);
    EXPECT_THAT(script("log").receipts, IsEmpty());
    pass(6s);
    EXPECT_THAT(script("log").sequences("2"), ElementsAre(1));
    EXPECT_EQ(count(DeliveryState::delivered), 2U);
}

class FileWriterTest : public DispatcherReloadTest {
protected:
    FileWriterTest()
    {
        config::Sink& log = add_sink("log");
        log.type = config::SinkType::file;
        log.path = "/a";
    }
    std::shared_ptr<Script> replace_by(const char* path)
    {
        sinks_.at("log").settings.path = path;
        sinks_.at("log").script = std::make_shared<Script>();
        adopt({"log"});
        return sinks_.at("log").script;
    }
    /// As on a disk that is stuck.
    void hang()
    {
        script("log").hangs = [](const sink::Message&) { return true; };
        script("log").only_late = true;
        script("log").timeout = 1h;
    }
};

TEST_F(FileWriterTest, NobodyWritesWhileOneFromBeforeTwoReloadsStillDoes)
{
    start();
    const auto first = sinks_.at("log").script;
    hang();
    add_plain("1");
    step("1");
    ASSERT_EQ(first->at_once, 1U);
    const auto elsewhere = replace_by("/b");
    add_plain("2");
    step("2");
    EXPECT_THAT(elsewhere->receipts, SizeIs(1)) << "another file is free";
    const auto idle = replace_by("/a");
    const auto last = replace_by("/a");
    add_plain("3");
    step("3");
    for (int i = 0; i < 58; ++i) {
        pass(1min);
        EXPECT_TRUE(first->at_once == 0 || last->receipts.empty());
    }
    EXPECT_THAT(idle->receipts, IsEmpty());
    EXPECT_NE(detail("3", 1, sinks_.at("log").row.id).summary.state, DeliveryState::delivered);
    pass(1h);
    EXPECT_THAT(last->sequences("3"), ElementsAre(1));
    EXPECT_EQ(count(DeliveryState::delivered), 3U);
}

TEST_F(FileWriterTest, WaitingForTheFormerOneHasADeadline)
{
    start();
    hang();
    add_plain("1");
    step("1");
    replace_by("/a");
    add_plain("2");
    step("2");
    pass(settings_.attempt_timeout);
    const auto attempts = detail("2", 1, sinks_.at("log").row.id).attempts;
    ASSERT_THAT(attempts, SizeIs(1));
    EXPECT_EQ(attempts.front().error_class, "timeout");
}

TEST_F(FileWriterTest, ATestOfTheSinkWaitsToo)
{
    start();
    const auto first = sinks_.at("log").script;
    hang();
    add_plain("1");
    step("1");
    const auto next = replace_by("/a");
    std::optional<sink::Outcome> outcome;
    boost::asio::co_spawn(
        world_.loop,
        dispatcher_->test_sink("log"),
        [&outcome](std::exception_ptr, std::optional<sink::Outcome> given) { outcome = std::move(given); }
    );
    world_.clock.drain();
    EXPECT_THAT(next->receipts, IsEmpty());
    pass(settings_.attempt_timeout);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->error_class, "timeout");
}

TEST_F(FileWriterTest, AStopDoesNotWaitForTheFormerOne)
{
    start();
    hang();
    add_plain("1");
    step("1");
    const auto next = replace_by("/a");
    add_plain("2");
    step("2");
    begin_stop(1s);
    pass(2s);
    EXPECT_TRUE(stopped_);
    EXPECT_THAT(next->receipts, IsEmpty());
}

TEST_F(DispatcherReloadTest, AResumeThatCrossesA410LeavesMemoryAndStoreOfOneMind)
{
    add_sink("ops");
    start();
    bool gone = true;
    script("ops").answer = [&](const sink::Message&) { return ScriptedSink::http(gone ? 410 : 200); };
    for (int round = 0; round < 4; ++round) {
        const std::string id = std::to_string(round);
        gone = true;
        add_plain(id);
        store::ClaimPolicy policy = dispatcher_->policy();
        std::vector<store::Change> batch;
        batch.push_back(change(id));
        store::Recorded recorded = world_.run(world_.store->record(std::move(batch), policy));
        // The resume is handed in before, at the same time as, or after the answer arrives.
        if (round % 2 == 0)
            begin(dispatcher_->resume_sink("ops"));
        dispatcher_->accept(policy.room, std::move(recorded.claimed), recorded.waiting);
        for (int i = 0; i < round; ++i)
            world_.loop.poll_one();
        begin(dispatcher_->resume_sink("ops"));
        world_.clock.drain();
        const auto stored = world_.run(world_.store->sinks());
        const auto row = std::ranges::find(stored, "ops", &store::SinkSummary::name);
        EXPECT_EQ(dispatcher_->sinks().front()->row.paused, row->paused) << "round " << round;
        gone = false;
        world_.run(dispatcher_->resume_sink("ops"));
        world_.clock.drain();
        EXPECT_FALSE(dispatcher_->sinks().front()->row.paused);
    }
    pass(1h);
    EXPECT_EQ(count(DeliveryState::delivered), 4U);
}

TEST_F(DispatcherReloadTest, APauseThatCrossesAResumeHolds)
{
    add_sink("ops");
    start();
    world_.run(dispatcher_->pause_sink("ops", "first"));
    begin(dispatcher_->resume_sink("ops"));
    begin(dispatcher_->pause_sink("ops", "second"));
    world_.clock.drain();
    EXPECT_TRUE(dispatcher_->sinks().front()->row.paused);
    const auto stored = world_.run(world_.store->sinks());
    EXPECT_TRUE(std::ranges::find(stored, "ops", &store::SinkSummary::name)->paused);
}

TEST_F(DispatcherReloadTest, JobsThatCannotBeReadAreAskedForAgain)
{
    add_sink("late");
    start();
    fill("a", 10, "");
    full_->unreadable_jobs = 3;
    store::JobRequest request;
    request.kind = store::JobKind::replay;
    request.sink = sinks_.at("late").row.id;
    const store::Job job = world_.run(world_.store->create_job(request, world_.clock.now()));
    dispatcher_->wake_jobs();
    pass(2s);
    EXPECT_EQ(world_.run(world_.store->job(job.id))->state, store::JobState::running);
    pass(1min);
    EXPECT_EQ(full_->unreadable_jobs, 0);
    EXPECT_EQ(world_.run(world_.store->job(job.id))->state, store::JobState::done);
}

}  // namespace
}  // namespace pollhook::delivery
