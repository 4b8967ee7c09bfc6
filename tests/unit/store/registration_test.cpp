#include "fixture.hpp"

#include <chrono>
#include <cstdint>
#include <map>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

class RegistrationTest : public StoreTest {
protected:
    RegistrationTest() { open(); }

    static Registration task(const std::string& id)
    {
        Registration registration;
        registration.key = {"relay", id};
        return registration;
    }
    std::vector<Registered> add(std::vector<Registration> batch)
    {
        return run(store().register_tasks(std::move(batch), noon));
    }
    TaskSummary summary(const std::string& id)
    {
        task::TaskKey key{"relay", id};
        return run(store().task(key)).value().summary;
    }
    std::vector<WatchedTask> watched(TaskRow after = {}, std::size_t limit = 100)
    {
        return run(store().watched("relay", after, limit));
    }
};

TEST_F(RegistrationTest, TellsNewTasksFromKnownOnesInTheOrderOfTheBatch)
{
    add({task("a")});
    const auto result = add({task("b"), task("a"), task("b"), task("c")});

    ASSERT_EQ(result.size(), 4U);
    EXPECT_TRUE(result[0].created);
    EXPECT_FALSE(result[1].created);
    EXPECT_FALSE(result[2].created);
    EXPECT_TRUE(result[3].created);
    EXPECT_EQ(result[1].task.id, "a");
    EXPECT_EQ(result[0].task.row, result[2].task.row);
    EXPECT_EQ(result[3].task.registered_at, noon);
    expect_right_counts();
}

TEST_F(RegistrationTest, FillsInWhatAKnownTaskLacksAndChangesNothingElse)
{
    add({task("a")});
    Registration again = task("a");
    again.webhook_url = "https://hooks.example.com/1";
    again.webhook_origin = "https://hooks.example.com";
    again.metadata = R"({"order":1})";
    add({again});
    again.webhook_url = "https://other.example.com/2";
    again.metadata = R"({"order":2})";
    add({again});

    EXPECT_EQ(summary("a").webhook_url, "https://hooks.example.com/1");
    EXPECT_EQ(summary("a").metadata, R"({"order":1})");
}

TEST_F(RegistrationTest, AKnownTaskComesWithItsState)
{
    Story story = add_task("a");
    record(story.progress(40));

    const Registered known = add({task("a")}).front();
    EXPECT_EQ(known.task.known.sequence, 1U);
    EXPECT_EQ(known.task.known.status, task::Status::running);
    EXPECT_EQ(known.task.known.progress, 40);
    EXPECT_EQ(known.task.known.peak_rank, 1);
    EXPECT_EQ(known.task.changed_at, story.now());
}

TEST_F(RegistrationTest, TakesTenThousandTasksAtOnce)
{
    std::vector<Registration> batch;
    for (int i = 0; i < 10'000; ++i)
        batch.push_back(task(std::to_string(i)));
    EXPECT_EQ(add(std::move(batch)).size(), 10'000U);
    expect_right_counts();
}

TEST_F(RegistrationTest, WatchedTasksComeInPagesWithoutFinishedOnes)
{
    Story a = add_task("a");
    add_task("b");
    add_task("c");
    Story d = add_task("d");
    record(a.next(task::Status::succeeded));
    Change settling = d.next(task::Status::succeeded);
    settling.settle_until = noon + 1h;
    settling.result_digest = 0xfedcba9876543210U;
    record(std::move(settling));

    const auto first = watched({}, 2);
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].id, "b");
    EXPECT_EQ(first[1].id, "c");
    const auto rest = watched(first[1].row, 2);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].id, "d");
    EXPECT_EQ(rest[0].settle_until, noon + 1h);
    EXPECT_EQ(rest[0].result_digest, 0xfedcba9876543210U);
    EXPECT_TRUE(run(store().watched("other", {}, 10)).empty());
}

TEST_F(RegistrationTest, ATaskIsNoLongerWatchedWhenItsSettlingEnds)
{
    Story a = add_task("a");
    Change change = a.next(task::Status::succeeded);
    change.settle_until = noon + 1h;
    record(std::move(change));
    run(store().end_settling({a.row()}));
    EXPECT_TRUE(watched().empty());
}

TEST_F(RegistrationTest, AStoppedTaskKeepsItsHistoryAndWhatIsOpen)
{
    Story a = add_task("a", "https://hooks.example.com/a");
    const Recorded recorded = record(a.progress(10));
    record(a.progress(20));
    const DeliveryKey first = recorded.claimed.front().key;

    EXPECT_EQ(run(store().stop_watching(a.key(), noon + 1h)), a.row());
    EXPECT_EQ(run(store().stop_watching({"relay", "x"}, noon)), std::nullopt);
    const TaskDetail detail = run(store().task(a.key())).value();
    EXPECT_EQ(detail.summary.status, task::Status::running);
    EXPECT_EQ(detail.summary.ended_at, noon + 1h);
    EXPECT_FALSE(detail.summary.watching);
    EXPECT_EQ(detail.events.size(), 2U);
    EXPECT_TRUE(watched().empty());

    const Settled settled = settle(first, DeliveryState::delivered);
    EXPECT_EQ(settled.claimed.size(), 1U);
    EXPECT_FALSE(record(a.progress(30)).applied.front());
    expect_right_counts();
}

TEST_F(RegistrationTest, AStoppedTaskIsWatchedAgainWhenItIsRegisteredAgain)
{
    Story a = add_task("a");
    record(a.progress(10));
    run(store().stop_watching(a.key(), noon + 1h));

    Registration found;
    found.key = a.key();
    found.resume = false;
    const Registered seen = run(store().register_tasks({found}, noon + 2h)).front();
    EXPECT_TRUE(seen.stopped);
    EXPECT_FALSE(seen.resumed);
    EXPECT_TRUE(watched().empty());

    Registration wanted;
    wanted.key = a.key();
    const Registered again = run(store().register_tasks({wanted}, noon + 3h)).front();
    EXPECT_FALSE(again.created);
    EXPECT_TRUE(again.resumed);
    EXPECT_FALSE(again.stopped);
    EXPECT_EQ(again.task.row, a.row());
    EXPECT_EQ(again.task.known.sequence, 1U);
    ASSERT_EQ(watched().size(), 1U);
    EXPECT_EQ(watched()[0].registered_at, noon + 3h);
    EXPECT_EQ(watched()[0].changed_at, noon + 3h);
    EXPECT_TRUE(record(a.progress(20)).applied.front());
    EXPECT_TRUE(run(store().task(a.key())).value().summary.watching);
}

TEST_F(RegistrationTest, ATaskThatHasEndedIsNotWatchedAgain)
{
    Story a = add_task("a");
    Change end = a.next(task::Status::succeeded);
    end.settle_until = noon + 1h;
    record(std::move(end));
    ASSERT_EQ(watched().size(), 1U);
    run(store().stop_watching(a.key(), noon + 2h));
    EXPECT_TRUE(watched().empty());
    EXPECT_EQ(run(store().task(a.key())).value().summary.ended_at, a.now());

    Registration wanted;
    wanted.key = a.key();
    const Registered again = run(store().register_tasks({wanted}, noon + 3h)).front();
    EXPECT_FALSE(again.resumed);
    EXPECT_FALSE(again.stopped);
    EXPECT_TRUE(watched().empty());
}

TEST_F(RegistrationTest, AStoppedTaskIsPrunedLikeOneThatEnded)
{
    Story a = add_task("a");
    record(a.progress(10));
    run(store().stop_watching(a.key(), noon + 1h));
    EXPECT_EQ(run(store().prune(noon + 1h, 10, pruning)).tasks, 0U);
    EXPECT_EQ(run(store().prune(noon + 1h + 1ms, 10, pruning)).tasks, 1U);
    EXPECT_FALSE(run(store().task(a.key())).has_value());
    EXPECT_TRUE(run(store().events({})).events.empty());
    expect_right_counts();
}

TEST_F(RegistrationTest, AStoppedTaskIsNotCountedUntilItIsWatchedAgain)
{
    Story a = add_task("a");
    Story done = add_task("done");
    record(a.progress(10));
    record(done.next(task::Status::succeeded));
    const auto counted = [&] { return run(store().totals()).tasks["relay"]; };
    const std::map<task::Status, std::uint64_t> one{{task::Status::succeeded, 1}};
    const std::map<task::Status, std::uint64_t> both{
        {task::Status::running, 1}, {task::Status::succeeded, 1}
    };
    EXPECT_EQ(counted(), both);
    for (const Story* story : {&a, &a, &done})
        EXPECT_TRUE(run(store().stop_watching(story->key(), noon + 1h)));
    EXPECT_EQ(counted(), one);
    expect_right_counts();

    Registration wanted;
    wanted.key = a.key();
    wanted.resume = true;
    run(store().register_tasks({wanted}, noon + 2h));
    EXPECT_EQ(counted(), both);
    expect_right_counts();
}

TEST_F(RegistrationTest, RowsAreNotUsedAgain)
{
    const Story a = add_task("a");
    run(store().stop_watching(a.key(), noon));
    ASSERT_EQ(run(store().prune(noon + 1h, 10, pruning)).tasks, 1U);
    EXPECT_GT(add_task("b").row(), a.row());
}

TEST_F(RegistrationTest, PruningDeletesOldFinishedTasksOnly)
{
    Story done = add_task("done", "https://hooks.example.com/a");
    Story open = add_task("open", "https://hooks.example.com/b");
    Story fresh = add_task("fresh");
    Story running = add_task("running");
    const Recorded delivered = record(done.next(task::Status::succeeded));
    settle(delivered.claimed.front().key, DeliveryState::delivered);
    record(open.next(task::Status::succeeded));
    record(fresh.progress(10));
    record(fresh.next(task::Status::succeeded));
    record(running.progress(10));

    EXPECT_EQ(run(store().prune(noon + 90s, 10, pruning)).tasks, 1U);
    EXPECT_FALSE(run(store().task(done.key())).has_value());
    EXPECT_TRUE(run(store().task(open.key())).has_value());
    EXPECT_TRUE(run(store().task(fresh.key())).has_value());
    EXPECT_TRUE(run(store().task(running.key())).has_value());
    expect_right_counts();
}

TEST_F(RegistrationTest, PruningGoesInSteps)
{
    for (int i = 0; i < 5; ++i) {
        Story story = add_task(std::to_string(i));
        record(story.next(task::Status::succeeded));
    }
    EXPECT_EQ(run(store().prune(noon + 24h, 3, pruning)).tasks, 3U);
    EXPECT_EQ(run(store().prune(noon + 24h, 3, pruning)).tasks, 2U);
    EXPECT_TRUE(run(store().prune(noon + 24h, 3, pruning)).is_done);
}

TEST_F(RegistrationTest, KeepsTheContradictionOfARelay)
{
    Story a = add_task("a");
    record(a.next(task::Status::succeeded));
    run(store().note_contradiction(a.row(), "FAILURE", noon));
    EXPECT_EQ(run(store().task(a.key())).value().contradiction, "FAILURE");
}

TEST_F(RegistrationTest, SinksKeepTheirRows)
{
    const auto first = run(store().open_sinks({{"ops", ""}, {"log", ""}}));
    const auto again = run(store().open_sinks({{"log", ""}, {"audit", ""}, {"ops", ""}}));
    ASSERT_EQ(again.size(), 3U);
    EXPECT_EQ(again[0].id, first[1].id);
    EXPECT_EQ(again[2].id, first[0].id);
    EXPECT_EQ(again[2].origin, first[0].origin);
    EXPECT_NE(again[1].id, task_webhook);
}

TEST_F(RegistrationTest, SmallValuesAreKeptByName)
{
    EXPECT_EQ(run(store().meta("key")), std::nullopt);
    run(store().set_meta("key", "1"));
    run(store().set_meta("key", "2"));
    reopen();
    EXPECT_EQ(run(store().meta("key")), "2");
}

}  // namespace
}  // namespace pollhook::store
