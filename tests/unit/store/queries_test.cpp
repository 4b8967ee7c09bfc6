#include "fixture.hpp"
#include "pollhook/store/backup.hpp"

#include <chrono>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

class QueriesTest : public StoreTest {
protected:
    QueriesTest() { open(); }

    std::vector<std::string> ids(const TaskQuery& query)
    {
        std::vector<std::string> ids;
        for (const TaskSummary& task : run(store().tasks(query)).tasks)
            ids.push_back(task.key.id);
        return ids;
    }

    /// Of all pages.
    std::vector<std::size_t> page_sizes(TaskQuery query)
    {
        std::vector<std::size_t> sizes;
        do {
            const TaskPage page = run(store().tasks(query));
            sizes.push_back(page.tasks.size());
            query.before = page.next;
        } while (query.before != 0);
        return sizes;
    }

    /// Of the events of all pages, with a 0 between pages.
    std::vector<std::uint32_t> sequences(EventQuery query)
    {
        std::vector<std::uint32_t> sequences;
        for (;;) {
            const EventPage page = run(store().events(query));
            for (const StoredEvent& event : page.events)
                sequences.push_back(event.sequence);
            if (page.next == 0)
                return sequences;
            sequences.push_back(0);
            query.after = page.next;
        }
    }
};

TEST_F(QueriesTest, TasksComeNewestFirstInPages)
{
    for (const char* id : {"a", "b", "c"})
        add_task(id);
    TaskQuery query;
    query.limit = 2;
    const TaskPage first = run(store().tasks(query));
    ASSERT_EQ(first.tasks.size(), 2U);
    EXPECT_EQ(first.tasks[0].key.id, "c");
    ASSERT_NE(first.next, 0);
    query.before = first.next;
    const TaskPage second = run(store().tasks(query));
    ASSERT_EQ(second.tasks.size(), 1U);
    EXPECT_EQ(second.tasks[0].key.id, "a");
    EXPECT_EQ(second.next, 0);
}

TEST_F(QueriesTest, TasksAreFoundByStatusProviderAndPartOfTheId)
{
    Story a = add_task("job-17");
    add_task("job-18");
    add_task("other%");
    record(a.progress(5));
    TaskQuery query;
    query.status = task::Status::running;
    EXPECT_EQ(ids(query), std::vector<std::string>{"job-17"});
    query.status.reset();
    query.q = "ob-1";
    EXPECT_EQ(ids(query), (std::vector<std::string>{"job-18", "job-17"}));
    query.q = "%";
    EXPECT_EQ(ids(query), std::vector<std::string>{"other%"});
    query.q = "'";
    EXPECT_TRUE(ids(query).empty());
    query.q.clear();
    query.provider = "nobody";
    EXPECT_TRUE(ids(query).empty());
}

TEST_F(QueriesTest, APageOfTasksLooksAtSoManyRows)
{
    for (const char* id : {"a1", "b2", "b3", "b4", "b5"})
        add_task(id);
    TaskQuery query;
    query.q = "a";
    query.most_looked_at = 2;
    EXPECT_EQ(page_sizes(query), (std::vector<std::size_t>{0, 0, 1}));
    query.q = "b";
    EXPECT_EQ(page_sizes(query), (std::vector<std::size_t>{2, 2, 0}));
    query.most_looked_at = 5;
    EXPECT_EQ(page_sizes(query), std::vector<std::size_t>{4}) << "nothing is left to look at";
}

TEST_F(QueriesTest, LimitsAreKeptWithinTheirRange)
{
    add_task("a");
    add_task("b");
    TaskQuery query;
    query.limit = 0;
    EXPECT_EQ(run(store().tasks(query)).tasks.size(), 1U);
    query.limit = 1'000'000'000;
    EXPECT_EQ(run(store().tasks(query)).tasks.size(), 2U);
}

TEST_F(QueriesTest, EventsComeOldestFirstInPages)
{
    Story a = add_task("a");
    Story b = add_task("b");
    record(a.progress(1));
    record(b.progress(1));
    record(a.progress(2));
    EventQuery query;
    query.limit = 2;
    const EventPage first = run(store().events(query));
    ASSERT_EQ(first.events.size(), 2U);
    EXPECT_EQ(first.events[1].task, b.key());
    EXPECT_EQ(first.next, first.events[1].row);
    query.after = first.next;
    const EventPage second = run(store().events(query));
    ASSERT_EQ(second.events.size(), 1U);
    EXPECT_EQ(second.events[0].sequence, 2U);
    EXPECT_EQ(second.next, 0);
}

TEST_F(QueriesTest, EventsComeNewestFirstInPages)
{
    Story a = add_task("a");
    for (std::int8_t i = 1; i <= 5; ++i)
        record(a.progress(i));
    EventQuery query;
    query.order = Order::newest_first;
    query.limit = 2;
    EXPECT_EQ(sequences(query), (std::vector<std::uint32_t>{5, 4, 0, 3, 2, 0, 1}));
    query.since = noon + 3min;
    EXPECT_EQ(sequences(query), (std::vector<std::uint32_t>{5, 4, 0, 3}));
}

TEST_F(QueriesTest, APageOfEventsLooksAtSoManyRowsInBothDirections)
{
    Story a = add_task("a");
    Story b = add_task("b");
    record(b.progress(1));
    for (std::int8_t i = 1; i <= 5; ++i)
        record(a.progress(i));
    EventQuery query;
    query.types = {task::EventType::running};
    query.most_looked_at = 2;
    EXPECT_EQ(sequences(query), (std::vector<std::uint32_t>{1, 1, 0, 0}));
    query.order = Order::newest_first;
    EXPECT_EQ(sequences(query), (std::vector<std::uint32_t>{0, 0, 1, 1}));
    query.types.clear();
    query.tasks = {b.key()};
    EXPECT_EQ(sequences(query), std::vector<std::uint32_t>{1}) << "an index finds them";
}

TEST_F(QueriesTest, NoPageIsSpentOnWhatRetentionHasDeleted)
{
    Story old = add_task("old");
    for (std::int8_t i = 1; i <= 8; ++i)
        record(old.progress(i));
    record(old.next(task::Status::succeeded));
    Story a = add_task("a");
    record(a.progress(1));
    ASSERT_EQ(run(store().prune(noon + 1h, 10, pruning)).tasks, 1U);
    EventQuery query;
    query.most_looked_at = 2;
    EXPECT_EQ(sequences(query), std::vector<std::uint32_t>{1});
    query.order = Order::newest_first;
    EXPECT_EQ(sequences(query), std::vector<std::uint32_t>{1});
    TaskQuery tasks;
    tasks.most_looked_at = 1;
    EXPECT_EQ(page_sizes(tasks), std::vector<std::size_t>{1});
}

TEST_F(QueriesTest, ARestoredCopyGivesItsEventsNewPositions)
{
    Story a = add_task("a");
    record(a.progress(1));
    const std::filesystem::path copy = directory() / "copy.db";
    copy_database(file(), copy, Existing::is_kept, {});
    Story lost = a;
    record(lost.progress(2));
    record(lost.progress(3));
    EventQuery query;
    query.after = run(store().events(query)).position;
    const auto restore = [&] {
        close();
        for (const char* suffix : {"-wal", "-shm"})
            std::filesystem::remove(file().string() + suffix);
        std::filesystem::copy_file(copy, file(), std::filesystem::copy_options::overwrite_existing);
        open();
    };
    restore();
    Story second = a;
    record(second.progress(4));
    query.after = run(store().events(query)).position;
    restore();
    for (std::int8_t i = 5; i <= 7; ++i)
        record(a.progress(i));
    query.most_looked_at = 2;
    EXPECT_EQ(sequences(query), (std::vector<std::uint32_t>{2, 3, 0, 4})) << "a reader sees them all";
    query.after = 0;
    EXPECT_EQ(sequences(query), (std::vector<std::uint32_t>{1, 0, 2, 3, 0, 4})) << "no page is empty";
    query.order = Order::newest_first;
    EXPECT_EQ(sequences(query), (std::vector<std::uint32_t>{4, 3, 0, 2, 0, 1}));
}

TEST_F(QueriesTest, EventsAreFoundByTypeTaskAndTime)
{
    Story a = add_task("a");
    Story b = add_task("b");
    for (std::int8_t i = 1; i <= 20; ++i)
        record(a.progress(i));
    record(b.next(task::Status::succeeded));
    EventQuery query;
    query.types = {task::EventType::succeeded, task::EventType::failed};
    ASSERT_EQ(run(store().events(query)).events.size(), 1U);
    query.types.clear();
    query.tasks = {a.key()};
    EXPECT_EQ(run(store().events(query)).events.size(), 20U);
    query.since = noon + 18min;
    EXPECT_EQ(run(store().events(query)).events.size(), 3U);
    query.since = noon + 24h;
    EXPECT_TRUE(run(store().events(query)).events.empty());
    query.since = noon - 24h;
    EXPECT_EQ(run(store().events(query)).events.size(), 20U);
}

TEST_F(QueriesTest, EventsAreFoundForSeveralTasksAndProviders)
{
    Story a = add_task("a");
    Story b = add_task("b");
    Story c = add_task("c");
    for (Story* one : {&a, &b, &c})
        record(one->progress(1));
    EventQuery query;
    query.tasks = {a.key(), c.key(), {"relay", "nobody"}};
    EXPECT_EQ(run(store().events(query)).events.size(), 2U);
    query.tasks.clear();
    query.providers = {"other"};
    EXPECT_TRUE(run(store().events(query)).events.empty());
    query.providers = {"other", "relay"};
    EXPECT_EQ(run(store().events(query)).events.size(), 3U);
}

TEST_F(QueriesTest, APageTellsHowFarItHasLooked)
{
    Story a = add_task("a");
    for (std::int8_t i = 1; i <= 10; ++i)
        record(a.progress(i));
    EventQuery query;
    query.types = {task::EventType::failed};
    query.after = 2;
    query.most_looked_at = 5;
    EventPage page = run(store().events(query));
    EXPECT_EQ(page.position, 7);
    EXPECT_EQ(page.next, 7) << "there is more to look at, though nothing was found";
    EXPECT_EQ(page.looked_from, 2);
    query.after = page.position;
    page = run(store().events(query));
    EXPECT_EQ(page.position, 10);
    EXPECT_EQ(page.next, 0);
    EXPECT_EQ(page.newest, 10);
}

TEST_F(QueriesTest, APageTellsWhatRetentionHasDeleted)
{
    Story a = add_task("a");
    Story b = add_task("b");
    record(a.progress(1));
    record(b.next(task::Status::succeeded));
    record(a.progress(2));
    EXPECT_EQ(run(store().events({})).deleted, 0);
    EXPECT_EQ(run(store().count_prunable(noon + 1h)), 1U);
    ASSERT_EQ(run(store().prune(noon + 1h, 10, pruning)).tasks, 1U);
    EXPECT_EQ(run(store().count_prunable(noon + 1h)), 0U);
    const EventPage page = run(store().events({}));
    EXPECT_EQ(page.deleted, 2);
    EXPECT_EQ(page.newest, 3);
    EXPECT_EQ(page.events.size(), 2U);
}

TEST_F(QueriesTest, EachCommitThatStoresEventsIsTold)
{
    int told = 0;
    store().on_new_events([&] { ++told; });
    Story a = add_task("a");
    EXPECT_EQ(told, 0) << "a registration is no event";
    record(a.progress(1));
    EXPECT_EQ(told, 1);
    record(a.progress(2));
    EXPECT_EQ(told, 2);
}

TEST_F(QueriesTest, EventsOfManyHoursAreFoundByTime)
{
    Story a = add_task("a");
    for (std::int8_t i = 1; i <= 50; ++i) {
        Change change = a.progress(i);
        change.transition.at = noon + std::chrono::hours(i);
        record(std::move(change));
    }
    EventQuery query;
    query.since = noon + 40h;
    const auto events = run(store().events(query)).events;
    ASSERT_EQ(events.size(), 11U);
    EXPECT_EQ(events.front().at, noon + 40h);
}

TEST_F(QueriesTest, DeliveriesAreFoundByWhatTheyAre)
{
    Story a = add_task("a", "https://hooks.example.com/a?token=1");
    Story b = add_task("b");
    const SinkRow ops = open_sink("ops");
    Change change = a.progress(1);
    change.addressees = {to(ops)};
    record(std::move(change));
    Change other = b.next(task::Status::succeeded);
    other.addressees = {to(ops)};
    record(std::move(other));
    settle({a.row(), ops.id, 1}, DeliveryState::delivered);

    const auto found = [&](const DeliveryQuery& query) { return run(store().deliveries(query)).deliveries; };
    EXPECT_EQ(found({}).size(), 3U);
    DeliveryQuery by_state;
    by_state.state = DeliveryState::delivered;
    ASSERT_EQ(found(by_state).size(), 1U);
    EXPECT_EQ(found(by_state)[0].sink, "ops");
    EXPECT_EQ(found(by_state)[0].origin, "sink:ops");
    EXPECT_EQ(found(by_state)[0].url, "");
    EXPECT_EQ(found(by_state)[0].task, a.key());
    DeliveryQuery by_sink;
    by_sink.sink = "task";
    ASSERT_EQ(found(by_sink).size(), 1U);
    EXPECT_EQ(found(by_sink)[0].url, "https://hooks.example.com/a?token=1");
    EXPECT_EQ(found(by_sink)[0].type, task::EventType::running);
    by_sink.sink = "ops";
    EXPECT_EQ(found(by_sink).size(), 2U);
    by_sink.sink = "nobody";
    EXPECT_TRUE(found(by_sink).empty());
    DeliveryQuery by_task;
    by_task.task = b.key();
    ASSERT_EQ(found(by_task).size(), 1U);
    by_task.sink = "ops";
    EXPECT_EQ(found(by_task).size(), 1U);
    DeliveryQuery by_origin;
    by_origin.origin = "https://hooks.example.com";
    EXPECT_EQ(found(by_origin).size(), 1U);
}

TEST_F(QueriesTest, DeliveriesComeNewestFirstInPages)
{
    Story a = add_task("a", "https://hooks.example.com/a");
    for (std::int8_t i = 1; i <= 5; ++i)
        record(a.progress(i));
    DeliveryQuery query;
    query.limit = 2;
    std::vector<std::uint32_t> sequences;
    do {
        const DeliveryPage page = run(store().deliveries(query));
        for (const DeliverySummary& delivery : page.deliveries)
            sequences.push_back(delivery.key.sequence);
        query.before = page.next;
    } while (query.before);
    EXPECT_EQ(sequences, (std::vector<std::uint32_t>{5, 4, 3, 2, 1}));
}

TEST_F(QueriesTest, APageOfDeliveriesLooksAtSoManyRows)
{
    Story a = add_task("a", "https://hooks.example.com/a");
    for (std::int8_t i = 1; i <= 5; ++i)
        record(a.progress(i));
    DeliveryQuery query;
    query.state = DeliveryState::dead;
    query.most_looked_at = 2;
    settle({a.row(), task_webhook, 1}, DeliveryState::dead);
    std::vector<std::size_t> sizes;
    do {
        const DeliveryPage page = run(store().deliveries(query));
        sizes.push_back(page.deliveries.size());
        query.before = page.next;
    } while (query.before);
    EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 0, 1}));
    query.task = a.key();
    EXPECT_EQ(run(store().deliveries(query)).deliveries.size(), 1U) << "an index finds them";
}

TEST_F(QueriesTest, UnknownTasksAndDeliveriesAreEmpty)
{
    EXPECT_FALSE(run(store().task({"relay", "x"})).has_value());
    EXPECT_FALSE(run(store().delivery({TaskRow{1}, task_webhook, 1})).has_value());
}

TEST_F(QueriesTest, TotalsCountWhatThereIs)
{
    EXPECT_FALSE(run(store().totals()).oldest_pending_delivery);
    Story a = add_task("a", "https://hooks.example.com/a");
    add_task("b");
    record(a.progress(1));
    record(a.progress(2));
    const Totals totals = run(store().totals());
    EXPECT_EQ(totals.tasks.at("relay").at(task::Status::queued), 1U);
    EXPECT_EQ(totals.tasks.at("relay").at(task::Status::running), 1U);
    EXPECT_EQ(totals.deliveries.at(DeliveryState::in_flight), 1U);
    EXPECT_EQ(totals.deliveries.at(DeliveryState::pending), 1U);
    EXPECT_EQ(totals.events, 2U);
    EXPECT_EQ(totals.oldest_pending_delivery, noon + 1min);
    EXPECT_GT(totals.size_bytes, 4096U);
}

}  // namespace
}  // namespace pollhook::store
