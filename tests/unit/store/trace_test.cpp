#include "pollhook/task/trace.hpp"

#include "fixture.hpp"
#include "schema.hpp"

#include <SQLiteCpp/Database.h>

namespace pollhook::store {
namespace {

constexpr std::string_view callers = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class TraceTest : public StoreTest {
protected:
    Story add_traced(std::string_view traceparent)
    {
        Registration registration;
        registration.key = {"relay", "a"};
        registration.webhook_url = "https://hooks.example.com/a";
        registration.webhook_origin = "https://hooks.example.com";
        registration.traceparent = traceparent;
        registration.tracestate = traceparent.empty() ? "" : "rojo=1";
        std::vector<Registration> batch{registration};
        return {run(store().register_tasks(batch, noon)).front().task.row, "a"};
    }
    static Change to_url(Change change)
    {
        change.to_task_webhook = true;
        return change;
    }
};

TEST_F(TraceTest, EventsContinueTheRegistrationsTraceEachWithASpanOfItsOwn)
{
    open();
    Story a = add_traced(callers);
    const Recorded first = record(to_url(a.progress(10)));
    record(to_url(a.progress(20)));
    const auto events = run(store().events({})).events;
    ASSERT_EQ(events.size(), 2U);
    const auto one = task::parse_traceparent(events[0].traceparent);
    const auto two = task::parse_traceparent(events[1].traceparent);
    const auto caller = task::parse_traceparent(callers);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->trace, caller->trace);
    EXPECT_EQ(two->trace, caller->trace);
    EXPECT_NE(one->span, two->span);
    EXPECT_NE(one->span, caller->span);
    ASSERT_EQ(first.claimed.size(), 1U);
    EXPECT_EQ(first.claimed[0].event->traceparent, events[0].traceparent);
    EXPECT_EQ(first.claimed[0].event->tracestate, "rojo=1");
    EXPECT_EQ(run(store().delivery(first.claimed[0].key))->traceparent, events[0].traceparent);
}

TEST_F(TraceTest, ATaskWithoutACallersTraceHasOneOfItsOwn)
{
    open();
    Story a = add_traced("");
    Story b = add_task("b");
    record(a.progress(10));
    record(a.progress(20));
    record(b.progress(10));
    const auto events = run(store().events({})).events;
    ASSERT_EQ(events.size(), 3U);
    const auto trace = [&](std::size_t i) {
        return task::parse_traceparent(events[i].traceparent).value().trace;
    };
    EXPECT_EQ(trace(0), trace(1));
    EXPECT_NE(trace(0), trace(2));
}

TEST_F(TraceTest, AClaimFromTheStoreHasTheSameTrace)
{
    open();
    Story a = add_traced(callers);
    EXPECT_TRUE(record(to_url(a.progress(10)), 0).claimed.empty());
    const std::string stored = run(store().events({})).events.at(0).traceparent;
    reopen();
    const auto backlog = run(store().backlog());
    ASSERT_EQ(backlog.size(), 1U);
    std::vector<ClaimRequest> requests{{.origin = backlog[0].origin, .limit = 10}};
    const Claimed claimed = run(store().claim(requests, noon + std::chrono::hours(1)));
    ASSERT_EQ(claimed.claimed.size(), 1U);
    EXPECT_EQ(claimed.claimed[0].event->traceparent, stored);
    EXPECT_EQ(claimed.claimed[0].event->tracestate, "rojo=1");
}

TEST_F(TraceTest, AKnownTaskKeepsItsTraceAndAResumedOneTakesTheNewOne)
{
    open();
    Story a = add_traced(callers);
    add_traced("00-11111111111111111111111111111111-2222222222222222-01");
    record(a.progress(10));
    EXPECT_EQ(run(store().events({})).events.at(0).traceparent.substr(0, 36), callers.substr(0, 36));
    (void)run(store().stop_watching(a.key(), noon));
    add_traced("00-11111111111111111111111111111111-2222222222222222-01");
    record(a.progress(20));
    EXPECT_EQ(
        run(store().events({})).events.at(1).traceparent.substr(0, 36), "00-11111111111111111111111111111111-"
    );
}

TEST_F(TraceTest, OwnEventsHaveTracesToo)
{
    open();
    const SinkRow ops = open_sink("ops");
    task::Announcement announcement;
    announcement.type = task::EventType::sink_failing;
    announcement.subject = "sink/other";
    announcement.at = noon;
    std::vector<Announcing> batch{{.announcement = announcement, .sinks = {ops}}};
    ClaimPolicy policy;
    policy.room = 10;
    const Settled settled = run(store().announce(batch, policy));
    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_TRUE(task::parse_traceparent(settled.claimed[0].event->traceparent));
}

TEST_F(TraceTest, EventsOfVersion2HaveNoneAndTheirTasksGoOnWithOne)
{
    {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        migrate(database, schema_steps().first(2), [](int) { ADD_FAILURE() << "nothing to back up"; });
        database.exec(R"sql(
            INSERT INTO tasks (id, provider, task_id, registered_at, changed_at) VALUES (1, 'relay', 'a', 5, 6);
            INSERT INTO counts VALUES (0, 'relay', 0, 1);
        )sql");
    }
    open();
    EXPECT_TRUE(std::filesystem::exists(directory() / "pollhook.db.v2.backup"));
    Story a(TaskRow{1}, "a");
    record(a.progress(10));
    EXPECT_TRUE(task::parse_traceparent(run(store().events({})).events.at(0).traceparent));
    expect_right_counts();
}

}  // namespace
}  // namespace pollhook::store
