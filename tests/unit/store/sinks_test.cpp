#include "fixture.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

class SinksTest : public StoreTest {
protected:
    SinksTest() { open(); }

    Change to_sink(Story& task, const SinkRow& sink)
    {
        Change change = task.progress(static_cast<std::int8_t>(++progress_));
        change.to_task_webhook = false;
        change.addressees = {to(sink)};
        return change;
    }
    SinkSummary summary(const std::string& name)
    {
        for (SinkSummary& sink : run(store().sinks()))
            if (sink.name == name)
                return std::move(sink);
        ADD_FAILURE() << "no sink " << name;
        return {};
    }
    DeliveryKey key(const Story& task, const SinkRow& sink, std::uint32_t sequence)
    {
        return {task.row(), sink.id, sequence};
    }

    int progress_ = 0;
};

TEST_F(SinksTest, SinksOfOneHostShareItsRow)
{
    const auto rows =
        run(store().open_sinks({{"a", "https://example.com"}, {"b", "https://example.com"}, {"log", ""}}));
    EXPECT_EQ(rows[0].host, rows[1].host);
    EXPECT_NE(rows[0].origin, rows[1].origin);
    EXPECT_NE(rows[0].host, rows[0].origin);
    EXPECT_EQ(rows[2].host, rows[2].origin);
}

TEST_F(SinksTest, APauseIsRememberedWithItsReason)
{
    const SinkRow ops = open_sink("ops");
    EXPECT_FALSE(ops.paused);
    run(store().pause_sink(ops.id, "HTTP 410 Gone", noon));
    run(store().pause_sink(ops.id, "paused by the operator", noon + 1h));
    reopen();
    const SinkRow again = open_sink("ops");
    EXPECT_TRUE(again.paused);
    EXPECT_EQ(again.pause_reason, "HTTP 410 Gone");
    EXPECT_EQ(again.paused_at, noon);
    EXPECT_TRUE(summary("ops").paused);
    EXPECT_EQ(summary("ops").pause_reason, "HTTP 410 Gone");
    EXPECT_EQ(summary("ops").paused_at, noon);

    run(store().resume_sink(ops.id));
    reopen();
    EXPECT_FALSE(open_sink("ops").paused);
    EXPECT_FALSE(summary("ops").paused_at);
}

TEST_F(SinksTest, OnlyWhatWasOpenedLastIsConfigured)
{
    run(store().open_sinks({{"ops", ""}, {"log", ""}}));
    run(store().open_sinks({{"log", ""}, {"audit", ""}}));
    EXPECT_FALSE(summary("ops").configured);
    EXPECT_TRUE(summary("log").configured);
    EXPECT_TRUE(summary("audit").configured);
    EXPECT_TRUE(summary("task").configured);
    EXPECT_EQ(summary("task").id, task_webhook);
}

TEST_F(SinksTest, ASummaryCountsTheDeliveriesOfItsSink)
{
    const auto rows = run(store().open_sinks({{"ops", ""}, {"log", ""}}));
    Story task = add_task("a", "https://hooks.example.com/a");
    record(to_sink(task, rows[0]));
    record(to_sink(task, rows[0]));
    Change change = to_sink(task, rows[1]);
    change.to_task_webhook = true;
    record(std::move(change));
    settle(key(task, rows[1], 3), DeliveryState::dead);

    using Counts = std::map<DeliveryState, std::uint64_t>;
    EXPECT_EQ(
        summary("ops").deliveries, (Counts{{DeliveryState::in_flight, 1}, {DeliveryState::pending, 1}})
    );
    EXPECT_EQ(summary("log").deliveries, (Counts{{DeliveryState::dead, 1}}));
    EXPECT_EQ(summary("task").deliveries, (Counts{{DeliveryState::in_flight, 1}}));
    EXPECT_EQ(summary("ops").oldest_pending, noon + 1min);
    EXPECT_FALSE(summary("log").oldest_pending);
    EXPECT_EQ(summary("task").oldest_pending, noon + 3min);
    expect_right_counts();
}

TEST_F(SinksTest, AnEventGoesToTheSinksWhoseFilterItsMetadataMatch)
{
    const SinkRow ops = open_sink("ops");
    Registration registration;
    registration.key = {"relay", "a"};
    registration.metadata = R"({"shop":"north"})";
    Story task(run(store().register_tasks({registration}, noon))[0].task.row, "a");
    const auto wants = [](const char* shop) {
        return std::make_shared<const MetadataFilter>(std::vector<MetadataFilter::Condition>{{"shop", {shop}}}
        );
    };
    Change change = to_sink(task, ops);
    change.addressees[0].filter = wants("south");
    EXPECT_TRUE(record(std::move(change)).claimed.empty());
    change = to_sink(task, ops);
    change.addressees[0].filter = wants("north");
    EXPECT_EQ(record(std::move(change)).claimed.size(), 1U);
    EXPECT_EQ(run(store().events({})).events.size(), 2U);
}

TEST_F(SinksTest, PruningEndsWhatIsOldAndWaitsForSinksThatAreGone)
{
    const auto rows = run(store().open_sinks({{"ops", ""}, {"log", ""}}));
    Story task = add_task("a");
    Story other = add_task("b");
    for (int i = 0; i < 3; ++i) {
        record(to_sink(task, rows[0]), 0);  // at 1, 2 and 3 min
        record(to_sink(other, rows[1]), 0);
    }
    run(store().open_sinks({{"log", ""}}));
    run(store().prune(noon + 2min + 1ms, 10, pruning));

    EXPECT_EQ(state(key(task, rows[0], 1)), DeliveryState::cancelled);
    EXPECT_EQ(delivery(key(task, rows[0], 1)).reason, "the sink is no longer configured");
    EXPECT_EQ(delivery(key(task, rows[0], 1)).ended_at, pruning);
    EXPECT_EQ(state(key(task, rows[0], 2)), DeliveryState::cancelled);
    EXPECT_EQ(state(key(task, rows[0], 3)), DeliveryState::pending);
    EXPECT_TRUE(delivery(key(task, rows[0], 3)).due);
    EXPECT_EQ(state(key(other, rows[1], 1)), DeliveryState::pending);
    expect_right_counts();

    run(store().stop_watching(task.key(), noon + 1h));
    EXPECT_EQ(run(store().prune(noon + 2h, 10, pruning)).tasks, 1U);
    EXPECT_FALSE(run(store().task(task.key())));
    EXPECT_TRUE(run(store().task(other.key())));
    expect_right_counts();
}

TEST_F(SinksTest, PruningIsDoneWhenNothingWaitsForSinksThatAreGone)
{
    const SinkRow ops = open_sink("ops");
    std::vector<Story> tasks;
    for (const char* id : {"a", "b", "c"})
        record(to_sink(tasks.emplace_back(add_task(id)), ops), 0);
    run(store().open_sinks({}));
    const auto waiting = [&] {
        return std::ranges::count_if(tasks, [&](const Story& task) {
            return state(key(task, ops, 1)) == DeliveryState::pending;
        });
    };
    for (const int left : {2, 1, 0}) {
        EXPECT_FALSE(run(store().prune(noon + 1h, 1, pruning)).is_done);
        EXPECT_EQ(waiting(), left);
    }
    EXPECT_TRUE(run(store().prune(noon + 1h, 1, pruning)).is_done);
    expect_right_counts();
}

TEST_F(SinksTest, PruningDoesNotWaitForWhatIsUnderWayToASinkThatIsGone)
{
    const SinkRow ops = open_sink("ops");
    Story task = add_task("a");
    record(to_sink(task, ops));
    run(store().open_sinks({}));
    EXPECT_TRUE(run(store().prune(noon + 1h, 1, pruning)).is_done);
    EXPECT_EQ(state(key(task, ops, 1)), DeliveryState::in_flight);
}

}  // namespace
}  // namespace pollhook::store
