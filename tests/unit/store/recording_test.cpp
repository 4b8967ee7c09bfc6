#include "fixture.hpp"

#include <boost/json.hpp>

#include <chrono>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

class RecordingTest : public StoreTest {
protected:
    RecordingTest() { open(); }
};

TEST_F(RecordingTest, WritesTaskTransitionAndEventTogether)
{
    Story a = add_task("a");
    const Change change = a.progress(30);
    EXPECT_EQ(record(change).applied, std::vector<bool>{true});

    const TaskDetail detail = run(store().task(a.key())).value();
    EXPECT_EQ(detail.summary.status, task::Status::running);
    EXPECT_EQ(detail.summary.progress, 30);
    EXPECT_EQ(detail.summary.sequence, 1U);
    EXPECT_EQ(detail.summary.upstream_status, "IN_PROGRESS");
    EXPECT_EQ(detail.summary.changed_at, a.now());
    EXPECT_FALSE(detail.summary.ended_at);
    ASSERT_EQ(detail.transitions.size(), 1U);
    EXPECT_EQ(detail.transitions[0].type, task::EventType::running);
    EXPECT_EQ(detail.transitions[0].from, task::Status::queued);
    EXPECT_EQ(detail.transitions[0].to_progress, 30);
    ASSERT_EQ(detail.events.size(), 1U);
    EXPECT_EQ(detail.events[0].id, change.event.id);
    EXPECT_EQ(detail.events[0].task, a.key());
    expect_right_counts();
}

TEST_F(RecordingTest, TheBodyHoldsTheTasksMetadata)
{
    Registration registration;
    registration.key = {"relay", "a"};
    registration.metadata = R"({"orderId":"A-17"})";
    std::vector<Registration> batch{registration};
    Story a(run(store().register_tasks(batch, noon)).front().task.row, "a");
    record(a.progress(30));

    const std::string body = run(store().last_event_body(a.row()));
    const auto value = boost::json::parse(body);
    EXPECT_EQ(value.at("data").at("metadata").at("orderId").as_string(), "A-17");
    const StoredEvent event = run(store().events({})).events.front();
    EXPECT_EQ(event.body, body);
    EXPECT_EQ(task::upstream_of(event.body, event.upstream_at), "{}");
}

TEST_F(RecordingTest, TheLastBodyOfATaskWithoutEventsIsEmpty)
{
    EXPECT_EQ(run(store().last_event_body(add_task("a").row())), "");
}

TEST_F(RecordingTest, AChangeOfAnotherSequenceIsNotApplied)
{
    Story a = add_task("a");
    Story b = add_task("b");
    const Change first = a.progress(10);
    record(first);
    std::vector<Change> batch{first, b.progress(10), a.progress(20)};
    batch[0].to_task_webhook = true;
    ClaimPolicy policy;
    const Recorded recorded = run(store().record(batch, policy));

    EXPECT_EQ(recorded.applied, (std::vector<bool>{false, true, true}));
    EXPECT_EQ(run(store().task(a.key())).value().events.size(), 2U);
    expect_right_counts();
}

TEST_F(RecordingTest, TheEndIsKeptWhenTheResultChangesLater)
{
    Story a = add_task("a");
    record(a.next(task::Status::succeeded));
    const base::TimePoint end = a.now();
    Change update = a.updated();
    update.settle_until = end + 10min;
    record(std::move(update));

    const TaskDetail detail = run(store().task(a.key())).value();
    EXPECT_EQ(detail.summary.ended_at, end);
    EXPECT_EQ(detail.summary.changed_at, a.now());
    EXPECT_EQ(detail.summary.status, task::Status::succeeded);
    EXPECT_EQ(run(store().watched("relay", {}, 10)).front().settle_until, end + 10min);
}

TEST_F(RecordingTest, GoesToTheTasksUrlAndToEverySinkThatWantsIt)
{
    Story a = add_task("a", "https://hooks.example.com/a");
    const SinkRow ops = open_sink("ops");
    Change change = a.progress(10);
    change.addressees = {to(ops)};
    const Recorded recorded = record(std::move(change));

    ASSERT_EQ(recorded.claimed.size(), 2U);
    const ClaimedDelivery& own = recorded.claimed[0];
    EXPECT_EQ(own.key, (DeliveryKey{a.row(), task_webhook, 1}));
    EXPECT_EQ(own.url, "https://hooks.example.com/a");
    EXPECT_EQ(own.attempts, 0U);
    EXPECT_EQ(own.committed_at, a.now());
    const ClaimedDelivery& sink = recorded.claimed[1];
    EXPECT_EQ(sink.key, (DeliveryKey{a.row(), ops.id, 1}));
    EXPECT_EQ(sink.origin, ops.origin);
    EXPECT_TRUE(sink.url.empty());
    EXPECT_EQ(own.event, sink.event);
    EXPECT_EQ(own.event->body, run(store().last_event_body(a.row())));
    EXPECT_EQ(own.event->row, run(store().events({})).events.front().row);
    EXPECT_TRUE(recorded.waiting.empty());
    expect_right_counts();
}

TEST_F(RecordingTest, EveryEventIsKeptEvenWhenNobodyWantsIt)
{
    Story a = add_task("a");
    EXPECT_TRUE(record(a.progress(10)).claimed.empty());
    EXPECT_EQ(run(store().events({})).events.size(), 1U);
}

TEST_F(RecordingTest, AdoptsTheRelaysCallbackUrlWhereTheTaskHasNone)
{
    Story a = add_task("a");
    Change change = a.progress(10);
    change.callback_url = "https://cb.example.com/x";
    change.callback_origin = "https://cb.example.com";
    const Recorded recorded = record(std::move(change));
    ASSERT_EQ(recorded.claimed.size(), 1U);
    EXPECT_EQ(recorded.claimed[0].url, "https://cb.example.com/x");
    EXPECT_EQ(delivery(recorded.claimed[0].key).origin, "https://cb.example.com");

    Change later = a.progress(20);
    later.callback_url = "https://other.example.com/";
    record(std::move(later));
    EXPECT_EQ(run(store().task(a.key())).value().summary.webhook_url, "https://cb.example.com/x");
}

TEST_F(RecordingTest, ClaimsNoMoreThanThereIsRoomFor)
{
    std::vector<Change> batch;
    for (const char* id : {"a", "b", "c"})
        batch.push_back(add_task(id, "https://hooks.example.com/x").progress(10));
    ClaimPolicy policy;
    policy.room = 2;
    const Recorded recorded = run(store().record(batch, policy));
    EXPECT_EQ(recorded.claimed.size(), 2U);
    EXPECT_EQ(recorded.waiting, std::vector{recorded.claimed[0].origin});
    expect_right_counts();
}

TEST_F(RecordingTest, ClaimsNothingForASaturatedOrigin)
{
    Story a = add_task("a", "https://hooks.example.com/x");
    const SinkRow ops = open_sink("ops");
    Change change = a.progress(10);
    change.addressees = {to(ops)};
    ClaimPolicy policy;
    policy.room = 10;
    policy.saturated = {ops.origin};
    const Recorded recorded = run(store().record({change}, policy));
    ASSERT_EQ(recorded.claimed.size(), 1U);
    EXPECT_EQ(recorded.claimed[0].key.sink, task_webhook);
    EXPECT_EQ(recorded.waiting, std::vector{ops.origin});
    EXPECT_EQ(delivery({a.row(), ops.id, 1}).due, a.now());
}

}  // namespace
}  // namespace pollhook::store
