#include "fixture.hpp"

#include <chrono>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

/// A task with its own URL; its lane is (task, 0).
class LanesTest : public StoreTest {
protected:
    LanesTest() { open(); }

    Change latest(Change change)
    {
        change.task_webhook_latest = true;
        return change;
    }
    [[nodiscard]] DeliveryKey key(std::uint32_t sequence) const
    {
        return {task_.row(), task_webhook, sequence};
    }
    OriginId origin()
    {
        const auto backlog = run(store().backlog());
        return backlog.at(0).origin;
    }
    Claimed claim(OriginId origin, base::TimePoint now, std::size_t limit = 10)
    {
        return run(store().claim({{origin, limit}}, now));
    }

    void begin() { task_ = add_task("a", "https://hooks.example.com/a"); }

    Story task_{TaskRow{}, ""};
};

TEST_F(LanesTest, OnlyTheHeadOfALaneIsClaimed)
{
    begin();
    EXPECT_EQ(record(task_.progress(10)).claimed.size(), 1U);
    const Recorded second = record(task_.progress(20));
    EXPECT_TRUE(second.claimed.empty());
    EXPECT_TRUE(second.waiting.empty());
    EXPECT_EQ(state(key(2)), DeliveryState::pending);
    EXPECT_FALSE(delivery(key(2)).due);
}

TEST_F(LanesTest, LanesOfOtherTasksAndSinksGoOn)
{
    begin();
    record(task_.progress(10));
    Story other = add_task("b", "https://hooks.example.com/b");
    EXPECT_EQ(record(other.progress(10)).claimed.size(), 1U);
    Change change = task_.progress(20);
    change.addressees = {to(open_sink("ops"))};
    EXPECT_EQ(record(std::move(change)).claimed.size(), 1U);
}

TEST_F(LanesTest, ADeliveredHeadHandsOverTheNext)
{
    begin();
    record(task_.progress(10));
    record(task_.progress(20));
    record(task_.progress(30));
    const Settled settled = settle(key(1), DeliveryState::delivered);

    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_EQ(settled.claimed[0].key, key(2));
    EXPECT_EQ(settled.claimed[0].url, "https://hooks.example.com/a");
    EXPECT_EQ(settled.claimed[0].event->sequence, 2U);
    EXPECT_EQ(settled.claimed[0].event->task, task_.key());
    EXPECT_EQ(settled.claimed[0].committed_at, settled.claimed[0].event->at);
    EXPECT_EQ(state(key(1)), DeliveryState::delivered);
    EXPECT_EQ(delivery(key(1)).ended_at, noon + 1h);
    EXPECT_EQ(state(key(3)), DeliveryState::pending);
    expect_right_counts();
}

TEST_F(LanesTest, WithoutRoomTheNextBecomesDue)
{
    begin();
    record(task_.progress(10));
    record(task_.progress(20));
    const Settled settled = settle(key(1), DeliveryState::dead, 0);
    EXPECT_TRUE(settled.claimed.empty());
    ASSERT_EQ(settled.waiting.size(), 1U);
    EXPECT_EQ(delivery(key(2)).due, noon + 1h);

    const Claimed claimed = claim(settled.waiting[0], noon + 1h);
    ASSERT_EQ(claimed.claimed.size(), 1U);
    EXPECT_EQ(claimed.claimed[0].key, key(2));
    expect_right_counts();
}

TEST_F(LanesTest, AFailedHeadStaysHeadUntilItsTime)
{
    begin();
    record(task_.progress(10));
    record(task_.progress(20));
    const Settled settled = settle_again(key(1), noon + 2h);
    EXPECT_TRUE(settled.claimed.empty());
    EXPECT_EQ(delivery(key(1)).due, noon + 2h);
    EXPECT_EQ(delivery(key(1)).attempts, 1U);

    const Claimed early = claim(origin(), noon + 2h - 1ms);
    EXPECT_TRUE(early.claimed.empty());
    EXPECT_EQ(early.next_due, std::vector{std::optional(noon + 2h)});
    const Claimed then = claim(origin(), noon + 2h);
    ASSERT_EQ(then.claimed.size(), 1U);
    EXPECT_EQ(then.claimed[0].key, key(1));
    EXPECT_EQ(then.claimed[0].attempts, 1U);
    EXPECT_EQ(then.next_due, std::vector{std::optional<base::TimePoint>()});
}

TEST_F(LanesTest, RejectionsAreCountedForThemselvesAlsoOverARestart)
{
    begin();
    const OriginId origin = record(task_.progress(10)).claimed.at(0).origin;
    EXPECT_EQ(settle_again(key(1), noon).claimed.size(), 0U);
    EXPECT_EQ(claim(origin, noon).claimed.at(0).rejected, 0U);
    Settlement rejection;
    rejection.key = key(1);
    rejection.due = noon;
    rejection.attempt = Attempt();
    rejection.rejected = true;
    run(store().settle({rejection}, {}, noon, ClaimPolicy()));

    reopen();
    const ClaimedDelivery claimed = claim(origin, noon).claimed.at(0);
    EXPECT_EQ(claimed.spent, 2U);
    EXPECT_EQ(claimed.rejected, 1U);
    Settlement given_back;
    given_back.key = key(1);
    given_back.due = noon;
    run(store().settle({given_back}, {}, noon, ClaimPolicy()));
    EXPECT_EQ(claim(origin, noon).claimed.at(0).rejected, 1U);
}

TEST_F(LanesTest, AttemptsAreNumberedAndKept)
{
    begin();
    record(task_.progress(10));
    const OriginId origin =
        record(add_task("b", "https://hooks.example.com/b").progress(10)).claimed[0].origin;
    settle_again(key(1), noon);
    claim(origin, noon);
    Settlement last;
    last.key = key(1);
    last.state = DeliveryState::dead;
    last.reason = "HTTP 410 Gone";
    Attempt attempt;
    attempt.at = noon + 5s;
    attempt.http_status = 410;
    attempt.error_class = "http";
    attempt.decision = "dead: HTTP 410 Gone";
    attempt.peer = "192.0.2.1:443";
    attempt.response_head = std::string("go\0ne\xff", 6);
    attempt.look_up = 1ms;
    attempt.connect = 2ms;
    attempt.tls = 3ms;
    attempt.first_byte = 4ms;
    attempt.total = 5ms;
    last.attempt = attempt;
    run(store().settle({last}, {}, noon + 6s, ClaimPolicy()));

    const DeliveryDetail detail = run(store().delivery(key(1))).value();
    EXPECT_EQ(detail.summary.state, DeliveryState::dead);
    EXPECT_EQ(detail.summary.reason, "HTTP 410 Gone");
    EXPECT_EQ(detail.summary.attempts, 2U);
    ASSERT_EQ(detail.attempts.size(), 2U);
    EXPECT_EQ(detail.attempts[0].http_status, 503);
    const Attempt& kept = detail.attempts[1];
    EXPECT_EQ(kept.at, attempt.at);
    EXPECT_EQ(kept.error_class, "http");
    EXPECT_EQ(kept.decision, attempt.decision);
    EXPECT_EQ(kept.peer, attempt.peer);
    EXPECT_EQ(kept.response_head, attempt.response_head);
    EXPECT_EQ(kept.look_up + kept.connect, 3ms);
    EXPECT_EQ(kept.tls, 3ms);
    EXPECT_EQ(kept.first_byte, 4ms);
    EXPECT_EQ(kept.total, 5ms);
}

TEST_F(LanesTest, AClaimThatIsGivenBackCountsAsNoAttempt)
{
    begin();
    record(task_.progress(10));
    Settlement back;
    back.key = key(1);
    back.due = noon;
    run(store().settle({back}, {}, noon, ClaimPolicy()));
    EXPECT_EQ(delivery(key(1)).attempts, 0U);
    EXPECT_EQ(state(key(1)), DeliveryState::pending);
}

TEST_F(LanesTest, SettlingWhatIsNotClaimedChangesNothing)
{
    begin();
    record(task_.progress(10));
    settle(key(1), DeliveryState::delivered);
    settle(key(1), DeliveryState::dead);
    settle(key(7), DeliveryState::dead);
    EXPECT_EQ(state(key(1)), DeliveryState::delivered);
    EXPECT_EQ(run(store().delivery(key(1))).value().attempts.size(), 1U);
    expect_right_counts();
}

TEST_F(LanesTest, LatestSupersedesWhatWaits)
{
    begin();
    record(latest(task_.progress(10)), 0);
    const Recorded second = record(latest(task_.progress(20)));
    ASSERT_EQ(second.claimed.size(), 1U);
    EXPECT_EQ(second.claimed[0].key, key(2));
    EXPECT_EQ(state(key(1)), DeliveryState::superseded);
    EXPECT_EQ(delivery(key(1)).ended_at, task_.now());
    EXPECT_FALSE(delivery(key(1)).reason.empty());
    expect_right_counts();
}

TEST_F(LanesTest, LatestLeavesWhatIsOnItsWay)
{
    begin();
    record(latest(task_.progress(10)));
    record(latest(task_.progress(20)));
    record(latest(task_.progress(30)));
    EXPECT_EQ(state(key(1)), DeliveryState::in_flight);
    EXPECT_EQ(state(key(2)), DeliveryState::superseded);
    const Settled settled = settle(key(1), DeliveryState::delivered);
    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_EQ(settled.claimed[0].key, key(3));
}

TEST_F(LanesTest, AFailedDeliveryThatWasOvertakenIsSuperseded)
{
    begin();
    record(latest(task_.progress(10)));
    record(latest(task_.progress(20)));
    const Settled settled = settle_again(key(1), noon + 2h);
    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_EQ(settled.claimed[0].key, key(2));
    EXPECT_EQ(state(key(1)), DeliveryState::superseded);
    EXPECT_EQ(delivery(key(1)).attempts, 1U);
    expect_right_counts();
}

TEST_F(LanesTest, InBlockOrderAFailedDeliveryIsNotOvertaken)
{
    begin();
    record(task_.progress(10));
    record(task_.progress(20));
    EXPECT_TRUE(settle_again(key(1), noon + 2h).claimed.empty());
    EXPECT_EQ(state(key(1)), DeliveryState::pending);
}

TEST_F(LanesTest, ATerminalEventIsNeverSuperseded)
{
    begin();
    record(latest(task_.next(task::Status::succeeded)), 0);
    record(latest(task_.updated()));
    EXPECT_EQ(state(key(1)), DeliveryState::pending);
    EXPECT_EQ(state(key(2)), DeliveryState::pending);

    const Claimed head = claim(origin(), noon + 1h);
    ASSERT_EQ(head.claimed.size(), 1U);
    EXPECT_EQ(head.claimed[0].key, key(1));
    settle_again(key(1), noon + 2h);
    EXPECT_EQ(state(key(1)), DeliveryState::pending);
    EXPECT_EQ(delivery(key(1)).due, noon + 2h);
}

TEST_F(LanesTest, GoneUrlsGetNothingMore)
{
    begin();
    record(task_.progress(10));
    record(task_.progress(20));
    run(store().cancel_task_webhook(task_.row(), "HTTP 410 Gone", noon));
    EXPECT_EQ(state(key(1)), DeliveryState::in_flight);
    EXPECT_EQ(state(key(2)), DeliveryState::cancelled);
    EXPECT_EQ(delivery(key(2)).reason, "HTTP 410 Gone");
    EXPECT_TRUE(settle(key(1), DeliveryState::dead).claimed.empty());

    EXPECT_TRUE(record(task_.next(task::Status::succeeded)).claimed.empty());
    EXPECT_EQ(state(key(3)), DeliveryState::cancelled);
    EXPECT_EQ(delivery(key(3)).reason, "HTTP 410 Gone");
    expect_right_counts();
}

TEST_F(LanesTest, AnAttemptThatWasUnderWayToAGoneUrlIsTheLast)
{
    begin();
    record(task_.progress(10));
    run(store().cancel_task_webhook(task_.row(), "HTTP 410 Gone", noon));
    settle_again(key(1), noon + 2h);
    EXPECT_EQ(state(key(1)), DeliveryState::cancelled);
    EXPECT_EQ(delivery(key(1)).reason, "HTTP 410 Gone");
    EXPECT_TRUE(run(store().backlog()).empty());
    expect_right_counts();
}

TEST_F(LanesTest, ALaneWithItsHeadInFlightWaitsEvenWhenTheOneBetweenEnded)
{
    begin();
    const SinkRow ops = open_sink("ops");
    const auto to_ops = [&](Change change) {
        change.to_task_webhook = false;
        change.addressees = {to(ops)};
        change.addressees[0].latest = true;
        return change;
    };
    record(to_ops(task_.progress(10)));
    record(to_ops(task_.progress(20)));
    record(to_ops(task_.progress(30)));
    EXPECT_EQ(state({task_.row(), ops.id, 2}), DeliveryState::superseded);
    EXPECT_TRUE(record(to_ops(task_.progress(40))).claimed.empty());
}

TEST_F(LanesTest, ClaimTakesTheLongestDueFirst)
{
    std::vector<Change> batch;
    for (const char* id : {"a", "b", "c"})
        batch.push_back(add_task(id, "https://hooks.example.com/x").progress(10));
    batch[0].transition.at += 2s;
    batch[1].transition.at += 1s;
    batch[2].transition.at += 3s;
    run(store().record(batch, ClaimPolicy()));

    const Claimed two = claim(origin(), noon + 1h, 2);
    ASSERT_EQ(two.claimed.size(), 2U);
    EXPECT_EQ(two.claimed[0].event->task.id, "b");
    EXPECT_EQ(two.claimed[1].event->task.id, "a");
    EXPECT_EQ(two.next_due, std::vector{std::optional(batch[2].transition.at)});
    const Claimed none = claim(origin(), noon + 1h, 0);
    EXPECT_TRUE(none.claimed.empty());
    expect_right_counts();
}

TEST_F(LanesTest, TheBacklogNamesEveryOriginWithSomethingUnclaimed)
{
    EXPECT_TRUE(run(store().backlog()).empty());
    const SinkRow ops = open_sink("ops");
    const SinkRow log = open_sink("log");
    for (int i = 0; i < 3; ++i) {
        Change change = add_task(std::to_string(i), "https://hooks.example.com/x").progress(10);
        change.addressees = {to(ops), to(log)};
        change.transition.at += std::chrono::seconds(i);
        ClaimPolicy policy;
        policy.room = 100;
        policy.saturated = {ops.origin};
        if (i == 2)
            policy.room = 0;
        run(store().record({change}, policy));
    }
    const auto backlog = run(store().backlog());
    ASSERT_EQ(backlog.size(), 3U);
    EXPECT_EQ(backlog[0].name, "sink:ops");
    EXPECT_EQ(backlog[0].next_due, noon + 1min);
    EXPECT_EQ(backlog[1].name, "sink:log");
    EXPECT_EQ(backlog[1].next_due, noon + 1min + 2s);
    EXPECT_EQ(backlog[2].name, "https://hooks.example.com");
}

TEST_F(LanesTest, AClockThatWasSetBackDelaysNothing)
{
    begin();
    record(task_.progress(10));
    ClaimPolicy policy;
    policy.now = noon + 1h;
    Settlement again{.key = key(1)};
    again.due = noon + 1h + 5min;
    run(store().settle({again}, {}, noon + 1h, policy));

    reopen();
    run(store().start_outbox(noon - 24h));
    EXPECT_EQ(run(store().backlog()).at(0).next_due, noon - 24h + 5min);
    // Once is enough.
    reopen();
    run(store().start_outbox(noon - 24h + 1min));
    EXPECT_EQ(run(store().backlog()).at(0).next_due, noon - 24h + 5min);
}

TEST_F(LanesTest, AnIdleOutboxKnowsHowFarItCameWhenTheClockIsSetBack)
{
    run(store().start_outbox(noon));
    begin();
    record(task_.progress(10));
    Settlement again{.key = key(1)};
    again.due = noon + 5h;
    ClaimPolicy policy;
    policy.now = noon;
    run(store().settle({again}, {}, noon, policy));
    // Nothing happens for three hours; then the daemon stops, with a clock that is two hours behind.
    run(store().note_outbox(noon + 3h));
    reopen();
    run(store().start_outbox(noon + 1h));
    EXPECT_EQ(run(store().backlog()).at(0).next_due, noon + 3h);
}

}  // namespace
}  // namespace pollhook::store
