#include "fixture.hpp"

#include <chrono>
#include <set>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint later = noon + 24h;

class JobsTest : public StoreTest {
protected:
    JobsTest()
    {
        open();
        ops_ = open_sink("ops");
    }

    /// A task whose one delivery to its own URL ended as `state`, a minute after noon.
    Story ended(const std::string& id, DeliveryState state, const std::string& url = "https://a.example/x")
    {
        Story task = add_task(id, url);
        settle(record(task.progress(10)).claimed.at(0).key, state);
        return task;
    }
    Job create(const JobRequest& request) { return run(store().create_job(request, noon + 1h)); }
    Advanced advance(std::int64_t id, std::size_t limit = 100)
    {
        return run(store().advance_job(id, limit, noon + 2h, noon + 30min));
    }
    JobRequest replay(base::TimePoint since = noon) const
    {
        JobRequest request;
        request.kind = JobKind::replay;
        request.sink = ops_.id;
        request.since = since;
        request.per_second = 2.5;
        return request;
    }
    static DeliveryKey own(const Story& task, std::uint32_t sequence = 1)
    {
        return {task.row(), task_webhook, sequence};
    }

    SinkRow ops_;
};

TEST_F(JobsTest, ARetryOpensDeadDeliveriesUnlessToldOtherwise)
{
    const Story dead = ended("dead", DeliveryState::dead);
    const Story delivered = ended("delivered", DeliveryState::delivered);
    const Story cancelled = ended("cancelled", DeliveryState::cancelled);
    Job job = create({});
    EXPECT_EQ(job.request.kind, JobKind::retry);
    EXPECT_EQ(job.request.filter.state, DeliveryState::dead);
    EXPECT_EQ(job.total, 1U);
    EXPECT_EQ(job.state, JobState::running);
    EXPECT_EQ(job.created_at, noon + 1h);

    const Advanced advanced = advance(job.id);
    EXPECT_EQ(advanced.deliveries, 1U);
    EXPECT_EQ(advanced.job.state, JobState::done);
    EXPECT_EQ(advanced.job.ended_at, noon + 2h);
    EXPECT_EQ(advanced.job.examined, 1U);
    EXPECT_EQ(advanced.job.deliveries, 1U);
    ASSERT_EQ(advanced.waiting.size(), 1U);
    EXPECT_EQ(run(store().claim({{advanced.waiting[0], 10}}, later)).claimed.size(), 1U);
    EXPECT_EQ(state(own(dead)), DeliveryState::in_flight);
    EXPECT_EQ(state(own(delivered)), DeliveryState::delivered);

    JobRequest request;
    request.filter.state = DeliveryState::cancelled;
    advance(create(request).id);
    EXPECT_EQ(state(own(cancelled)), DeliveryState::pending);
    EXPECT_EQ(state(own(delivered)), DeliveryState::delivered);
    expect_right_counts();
}

TEST_F(JobsTest, FiltersSelectByEverything)
{
    const Story a = ended("a", DeliveryState::dead);
    const Story b = ended("b", DeliveryState::dead);
    Story c = add_task("c");
    Change change = c.progress(10);
    change.addressees = {to(ops_)};
    change.transition.at = noon + 10min;
    settle(record(std::move(change)).claimed.at(0).key, DeliveryState::dead);

    const auto selected = [&](const DeliveryFilter& filter) {
        JobRequest request;
        request.filter = filter;
        const Job job = create(request);
        EXPECT_EQ(run(store().count_matching(request)), job.total);
        const Advanced advanced = advance(job.id);
        EXPECT_EQ(advanced.deliveries, job.total);
        for (const OriginId origin : advanced.waiting)
            run(store().claim({{origin, 10}}, later));
        std::set<std::string> ids;
        for (const DeliverySummary& one : run(store().deliveries({})).deliveries)
            if (one.state == DeliveryState::in_flight) {
                ids.insert(one.task.id);
                settle(one.key, DeliveryState::dead);
            }
        return ids;
    };
    using Ids = std::set<std::string>;
    EXPECT_EQ(selected({}), (Ids{"a", "b", "c"}));
    DeliveryFilter filter;
    filter.sink = "ops";
    EXPECT_EQ(selected(filter), (Ids{"c"}));
    filter.sink = "task";
    EXPECT_EQ(selected(filter), (Ids{"a", "b"}));
    filter.task = b.key();
    EXPECT_EQ(selected(filter), (Ids{"b"}));
    filter = {};
    filter.origin = "sink:ops";
    EXPECT_EQ(selected(filter), (Ids{"c"}));
    filter.origin = "nowhere";
    EXPECT_EQ(selected(filter), Ids());
    filter = {};
    filter.since = noon + 10min;
    EXPECT_EQ(selected(filter), (Ids{"c"}));
    filter = {};
    filter.until = noon + 10min;
    EXPECT_EQ(selected(filter), (Ids{"a", "b"}));
    filter.task = task::TaskKey{"relay", "x"};
    EXPECT_EQ(selected(filter), Ids());
    expect_right_counts();
}

TEST_F(JobsTest, CountingLeavesOutWhatIsOpenUnlessAskedFor)
{
    ended("a", DeliveryState::dead);
    ended("b", DeliveryState::delivered);
    Story c = add_task("c", "https://a.example/x");
    record(c.progress(10));
    JobRequest request;
    EXPECT_EQ(run(store().count_matching(request)), 2U);
    request.filter.state = DeliveryState::in_flight;
    EXPECT_EQ(run(store().count_matching(request)), 1U);
}

TEST_F(JobsTest, ARetryGoesOnExactlyAfterARestartAtAnyStep)
{
    std::vector<Story> tasks;
    for (int i = 0; i < 7; ++i)
        tasks.push_back(ended(std::to_string(i), i == 3 ? DeliveryState::delivered : DeliveryState::dead));
    const Job job = create({});
    EXPECT_EQ(job.total, 6U);
    std::size_t opened = 0;
    for (int step = 0; step < 10 && run(store().job(job.id))->state == JobState::running; ++step) {
        reopen();
        const Advanced advanced = advance(job.id, 1);
        EXPECT_LE(advanced.deliveries, 1U);
        opened += advanced.deliveries;
        // What was re-opened dies again, and is not taken a second time.
        for (const OriginId origin : advanced.waiting)
            for (const ClaimedDelivery& one : run(store().claim({{origin, 10}}, later)).claimed)
                settle(one.key, DeliveryState::dead);
    }
    EXPECT_EQ(opened, 6U);
    const Job end = run(store().job(job.id)).value();
    EXPECT_EQ(end.state, JobState::done);
    EXPECT_EQ(end.examined, 6U);
    EXPECT_EQ(end.deliveries, 6U);
    for (const Story& task : tasks)
        EXPECT_EQ(delivery(own(task)).attempts, task.key().id == "3" ? 1U : 2U);
}

TEST_F(JobsTest, AReplayGoesOnExactlyAfterARestartAtAnyStep)
{
    Story task = add_task("a");
    for (int i = 1; i <= 5; ++i)
        record(task.progress(static_cast<std::int8_t>(i)));
    const std::uint64_t counted = run(store().count_matching(replay()));
    const Job job = create(replay());
    EXPECT_EQ(job.total, counted);
    EXPECT_EQ(job.total, 5U);
    std::vector<std::uint32_t> received;
    for (int step = 0; step < 20; ++step) {
        reopen();
        const Advanced advanced = advance(job.id, 2);
        EXPECT_LE(advanced.deliveries, 2U);
        for (const ClaimedDelivery& one : run(store().claim({{ops_.origin, 10}}, later)).claimed) {
            received.push_back(one.key.sequence);
            settle(one.key, DeliveryState::delivered, 0);
        }
    }
    EXPECT_EQ(received, (std::vector<std::uint32_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(run(store().job(job.id))->deliveries, 5U);
    expect_right_counts();
}

TEST_F(JobsTest, AReplayMakesAndOpensAndLeavesAlone)
{
    Story task = add_task("a");
    const auto to_ops = [&](Change change) {
        change.addressees = {to(ops_)};
        return change;
    };
    record(to_ops(task.progress(1)));
    settle({task.row(), ops_.id, 1}, DeliveryState::delivered);
    record(task.progress(2));  // to nobody
    record(to_ops(task.progress(3)));

    const Advanced advanced = advance(create(replay()).id);
    EXPECT_EQ(advanced.job.total, 3U);
    EXPECT_EQ(advanced.job.examined, 3U);
    EXPECT_EQ(advanced.deliveries, 2U);
    EXPECT_EQ(state({task.row(), ops_.id, 1}), DeliveryState::pending);
    EXPECT_EQ(state({task.row(), ops_.id, 2}), DeliveryState::pending);
    EXPECT_EQ(state({task.row(), ops_.id, 3}), DeliveryState::in_flight);
    // The one in flight ends first, then they go in order.
    EXPECT_EQ(settle({task.row(), ops_.id, 3}, DeliveryState::delivered).claimed.at(0).key.sequence, 1U);
    EXPECT_EQ(settle({task.row(), ops_.id, 1}, DeliveryState::delivered).claimed.at(0).key.sequence, 2U);
    EXPECT_TRUE(settle({task.row(), ops_.id, 2}, DeliveryState::delivered).claimed.empty());
    expect_right_counts();
}

TEST_F(JobsTest, AReplaySendsTheTypesAndTimesThatWereAskedFor)
{
    Story task = add_task("a");
    record(task.progress(1));                    // running, at 1 min
    record(task.progress(2));                    // progress, at 2 min
    record(task.next(task::Status::succeeded));  // at 3 min
    Announcing announcing;
    announcing.announcement.type = task::EventType::sink_failing;
    announcing.announcement.subject = "sink/ops";
    announcing.announcement.at = noon + 4min;
    run(store().announce({announcing}, ClaimPolicy()));

    JobRequest request = replay(noon + 2min);
    request.until = noon + 4min;
    EXPECT_EQ(create(request).total, 2U);
    request.types = {task::EventType::running, task::EventType::succeeded};
    Job job = create(request);
    EXPECT_EQ(job.total, 1U);
    EXPECT_EQ(job.request.types, request.types);
    EXPECT_EQ(job.request.since, noon + 2min);
    EXPECT_EQ(job.request.until, noon + 4min);
    EXPECT_EQ(job.request.per_second, 2.5);
    EXPECT_EQ(job.request.sink, ops_.id);
    EXPECT_EQ(advance(job.id).deliveries, 1U);
    EXPECT_EQ(state({task.row(), ops_.id, 3}), DeliveryState::pending);

    request = replay();
    request.types = {task::EventType::sink_failing};
    job = create(request);
    EXPECT_EQ(advance(job.id).deliveries, 1U);
    DeliveryQuery query;
    query.task = task::TaskKey{"", "sink/ops"};
    EXPECT_EQ(run(store().deliveries(query)).deliveries.size(), 1U);
}

TEST_F(JobsTest, AReplayToTheTasksOwnUrlsSkipsThoseWithout)
{
    Story with = add_task("with", "https://a.example/x");
    Story without = add_task("without");
    Change change = with.progress(1);
    change.to_task_webhook = false;
    record(std::move(change));
    record(without.progress(1));
    JobRequest request = replay();
    request.sink = task_webhook;
    const Advanced advanced = advance(create(request).id);
    EXPECT_EQ(advanced.deliveries, 1U);
    EXPECT_EQ(delivery(own(with)).origin, "https://hooks.example.com");
    EXPECT_FALSE(run(store().delivery(own(without))));
}

TEST_F(JobsTest, AJobCoversWhatWasThereWhenItWasCreated)
{
    Story task = add_task("a");
    record(task.progress(1));
    const Job job = create(replay());
    const Job empty = create({});
    record(task.progress(2));
    ended("b", DeliveryState::dead);
    EXPECT_EQ(advance(job.id).deliveries, 1U);
    EXPECT_EQ(advance(empty.id).deliveries, 0U);
}

TEST_F(JobsTest, ACancelledJobDoesNothingMore)
{
    ended("a", DeliveryState::dead);
    ended("b", DeliveryState::dead);
    const Job job = create({});
    EXPECT_EQ(advance(job.id, 1).deliveries, 1U);
    EXPECT_TRUE(run(store().cancel_job(job.id, noon + 3h)));
    EXPECT_FALSE(run(store().cancel_job(job.id, noon + 4h)));
    EXPECT_FALSE(run(store().cancel_job(99, noon)));
    const Advanced advanced = advance(job.id);
    EXPECT_EQ(advanced.deliveries, 0U);
    EXPECT_EQ(advanced.job.state, JobState::cancelled);
    EXPECT_EQ(advanced.job.ended_at, noon + 3h);
    EXPECT_EQ(advanced.job.deliveries, 1U);
    EXPECT_EQ(try_run(store().advance_job(99, 1, noon, noon)).error(), Errc::conflict);
}

TEST_F(JobsTest, JobsAreListedRunningFirstAndForgottenInTime)
{
    const Job first = create(replay());
    const Job second = create({});
    const Job third = create(replay());
    advance(second.id);
    advance(third.id);
    std::vector<std::int64_t> ids;
    for (const Job& job : run(store().jobs(10)))
        ids.push_back(job.id);
    EXPECT_EQ(ids, (std::vector{first.id, third.id, second.id}));
    EXPECT_EQ(run(store().jobs(1)).size(), 1U);
    run(store().prune(noon + 3h, 1, pruning));
    EXPECT_EQ(run(store().jobs(10)).size(), 1U);
    EXPECT_TRUE(run(store().job(first.id)));
    EXPECT_FALSE(run(store().job(second.id)));
    EXPECT_EQ(name(JobKind::replay), "replay");
    EXPECT_EQ(name(JobState::cancelled), "cancelled");
}

TEST_F(JobsTest, AStepExaminesABoundedNumberOfRows)
{
    Story task = add_task("a");
    std::vector<Change> batch;
    for (int i = 0; i < 1200; ++i) {
        Story other = add_task(std::to_string(i));
        batch.push_back(other.progress(1));
    }
    run(store().record(batch, ClaimPolicy()));
    record(task.next(task::Status::succeeded));
    JobRequest request = replay();
    request.types = {task::EventType::succeeded};
    const Job job = create(request);
    EXPECT_EQ(advance(job.id).deliveries, 0U);
    EXPECT_EQ(advance(job.id).deliveries, 0U);
    const Advanced last = advance(job.id);
    EXPECT_EQ(last.deliveries, 1U);
    EXPECT_EQ(last.job.state, JobState::done);
}

}  // namespace
}  // namespace pollhook::store
