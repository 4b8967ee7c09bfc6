#include "fixture.hpp"

#include <chrono>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

class AnnouncementTest : public StoreTest {
protected:
    AnnouncementTest()
    {
        open();
        ops_ = open_sink("ops");
    }

    Announcing about(
        const std::string& subject,
        task::EventType type = task::EventType::sink_failing,
        base::TimePoint at = noon
    )
    {
        Announcing announcing;
        announcing.announcement.type = type;
        announcing.announcement.subject = subject;
        announcing.announcement.members = R"(,"sink":"ops")";
        announcing.announcement.at = at;
        announcing.sinks = {ops_};
        return announcing;
    }
    Settled announce(Announcing announcing, std::size_t room = 100)
    {
        ClaimPolicy policy;
        policy.room = room;
        return run(store().announce({std::move(announcing)}, policy));
    }

    SinkRow ops_;
};

TEST_F(AnnouncementTest, IsAnEventWithADeliveryForEachOfItsSinks)
{
    Announcing announcing = about("sink/ops");
    const std::vector<SinkRow> sinks = run(store().open_sinks({{"ops", ""}, {"log", ""}}));
    announcing.sinks = sinks;
    const Settled settled = announce(announcing);
    ASSERT_EQ(settled.claimed.size(), 2U);
    EXPECT_EQ(settled.claimed[0].key.sink, sinks[0].id);
    EXPECT_EQ(settled.claimed[1].key.sink, sinks[1].id);
    EXPECT_EQ(settled.claimed[1].origin, sinks[1].origin);

    const auto events = run(store().events({})).events;
    ASSERT_EQ(events.size(), 1U);
    const StoredEvent& event = events[0];
    EXPECT_EQ(event.type, task::EventType::sink_failing);
    EXPECT_EQ(event.task, (task::TaskKey{"", "sink/ops"}));
    EXPECT_EQ(event.sequence, 1U);
    EXPECT_EQ(event.id, task::event_id(announcing.announcement, 1));
    EXPECT_EQ(event.body, task::assemble(announcing.announcement, 1).bytes);
    EXPECT_EQ(settled.claimed[0].event->body, event.body);
    EXPECT_EQ(settled.claimed[0].event->row, event.row);
    EXPECT_EQ(settled.claimed[0].committed_at, noon);

    DeliveryQuery query;
    query.task = task::TaskKey{"", "sink/ops"};
    EXPECT_EQ(run(store().deliveries(query)).deliveries.size(), 2U);
    expect_right_counts();
}

TEST_F(AnnouncementTest, ASubjectIsALane)
{
    announce(about("sink/ops"));
    const Settled second = announce(about("sink/ops", task::EventType::sink_recovered, noon + 1s));
    EXPECT_TRUE(second.claimed.empty());
    EXPECT_EQ(announce(about("provider/x", task::EventType::provider_failing)).claimed.size(), 1U);
    const auto events = run(store().events({})).events;
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[1].sequence, 2U);
    EXPECT_EQ(events[2].sequence, 1U);

    DeliveryQuery query;
    query.task = task::TaskKey{"", "sink/ops"};
    const auto deliveries = run(store().deliveries(query)).deliveries;
    ASSERT_EQ(deliveries.size(), 2U);
    const Settled settled = settle(deliveries[1].key, DeliveryState::delivered);
    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_EQ(settled.claimed[0].event->type, task::EventType::sink_recovered);
}

TEST_F(AnnouncementTest, WithoutRoomItWaits)
{
    const Settled settled = announce(about("sink/ops"), 0);
    EXPECT_TRUE(settled.claimed.empty());
    ASSERT_EQ(settled.waiting, std::vector{ops_.origin});
    const Claimed claimed = run(store().claim({{ops_.origin, 10}}, noon));
    ASSERT_EQ(claimed.claimed.size(), 1U);
    EXPECT_EQ(claimed.claimed[0].event->task.id, "sink/ops");
}

TEST_F(AnnouncementTest, ASettlementAnnouncesInItsOwnTransaction)
{
    Story task = add_task("a", "https://hooks.example.com/a");
    const DeliveryKey key = record(task.progress(10)).claimed[0].key;
    Settlement dead;
    dead.key = key;
    dead.state = DeliveryState::dead;
    dead.reason = "dead: 10 attempts failed";
    ClaimPolicy policy;
    policy.room = 10;
    const Settled settled = run(
        store().settle({dead}, {about("delivery/relay/a", task::EventType::delivery_dead)}, noon + 1h, policy)
    );
    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_EQ(settled.claimed[0].event->type, task::EventType::delivery_dead);
    EXPECT_EQ(state(key), DeliveryState::dead);
}

TEST_F(AnnouncementTest, SubjectsAreNoTasks)
{
    add_task("a");
    announce(about("sink/ops"));
    EXPECT_EQ(run(store().tasks({})).tasks.size(), 1U);
    EXPECT_FALSE(run(store().task({"", "sink/ops"})));
    EXPECT_EQ(run(store().watched("", TaskRow{}, 10)).size(), 0U);
    const Totals totals = run(store().totals());
    EXPECT_EQ(totals.tasks.size(), 1U);
    EXPECT_EQ(totals.events, 1U);
    expect_right_counts();
}

TEST_F(AnnouncementTest, ASubjectIsPrunedWhenAllOfItIsOldAndDelivered)
{
    const Settled first = announce(about("sink/ops"));
    EXPECT_EQ(run(store().prune(noon + 1h, 10, pruning)).tasks, 0U);
    settle(first.claimed[0].key, DeliveryState::delivered);
    EXPECT_EQ(run(store().prune(noon, 10, pruning)).tasks, 0U);
    EXPECT_EQ(run(store().prune(noon + 1ms, 10, pruning)).tasks, 1U);
    EXPECT_TRUE(run(store().events({})).events.empty());
    expect_right_counts();
}

TEST_F(AnnouncementTest, OldEventsOfABusySubjectArePruned)
{
    settle(announce(about("sink/ops")).claimed[0].key, DeliveryState::delivered);
    settle(
        announce(about("sink/ops", task::EventType::sink_recovered, noon + 1min)).claimed[0].key,
        DeliveryState::dead
    );
    const Settled last = announce(about("sink/ops", task::EventType::sink_failing, noon + 2h));
    EXPECT_FALSE(run(store().prune(noon + 1h, 1, pruning)).is_done);
    EXPECT_EQ(run(store().events({})).events.size(), 2U);
    run(store().prune(noon + 1h, 1, pruning));
    const auto events = run(store().events({})).events;
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].sequence, 3U);
    EXPECT_EQ(run(store().deliveries({})).deliveries.size(), 1U);
    EXPECT_EQ(announce(about("sink/ops", task::EventType::sink_failing, noon + 3h)).claimed.size(), 0U);
    EXPECT_EQ(run(store().events({})).events.back().sequence, 4U);
    EXPECT_EQ(settle(last.claimed[0].key, DeliveryState::delivered).claimed.size(), 1U);
    expect_right_counts();
}

TEST_F(AnnouncementTest, AnOldEventWithAnOpenDeliveryStays)
{
    announce(about("sink/ops"), 0);
    announce(about("sink/ops", task::EventType::sink_recovered, noon + 2h), 0);
    run(store().prune(noon + 1h, 10, pruning));
    EXPECT_EQ(run(store().events({})).events.size(), 2U);
}

}  // namespace
}  // namespace pollhook::store
