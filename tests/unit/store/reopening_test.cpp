#include "fixture.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint later = noon + 2h;

/// One lane: a task and its own URL.
class ReopeningTest : public StoreTest {
protected:
    ReopeningTest()
    {
        open();
        task_ = add_task("a", "https://hooks.example.com/a");
    }

    [[nodiscard]] DeliveryKey key(std::uint32_t sequence) const
    {
        return {task_.row(), task_webhook, sequence};
    }
    /// Steps, the first of which is in flight.
    void record_steps(int n)
    {
        for (int i = 0; i < n; ++i) {
            const Recorded recorded = record(task_.progress(static_cast<std::int8_t>(++progress_)));
            if (!recorded.claimed.empty())
                origin_ = recorded.claimed[0].origin;
        }
    }
    Reopening reopen_delivery(std::uint32_t sequence, base::TimePoint now = later)
    {
        return run(store().reopen(key(sequence), now));
    }
    std::vector<ClaimedDelivery> claim(base::TimePoint now = later)
    {
        return run(store().claim({{origin_, 10}}, now)).claimed;
    }
    Settled settle_at(
        std::uint32_t sequence, DeliveryState state, base::TimePoint outbox_now, base::TimePoint due = {}
    )
    {
        Settlement settlement;
        settlement.key = key(sequence);
        settlement.state = state;
        settlement.due = due;
        settlement.attempt.emplace();
        ClaimPolicy policy;
        policy.room = 10;
        policy.now = outbox_now;
        return run(store().settle({settlement}, {}, outbox_now, policy));
    }

    Story task_{TaskRow{}, ""};
    OriginId origin_{};
    int progress_ = 0;
};

TEST_F(ReopeningTest, OpensWhatHasEnded)
{
    for (const auto ended : {DeliveryState::dead, DeliveryState::delivered, DeliveryState::cancelled}) {
        record_steps(1);
        const auto sequence = static_cast<std::uint32_t>(progress_);
        settle_at(sequence, ended, noon);
        EXPECT_EQ(reopen_delivery(sequence), Reopening::reopened);
        const DeliverySummary open = delivery(key(sequence));
        EXPECT_EQ(open.state, DeliveryState::pending);
        EXPECT_EQ(open.due, later);
        EXPECT_FALSE(open.ended_at);
        EXPECT_EQ(open.reason, "");
        const auto claimed = claim();
        ASSERT_EQ(claimed.size(), 1U);
        EXPECT_EQ(claimed[0].key, key(sequence));
        settle_at(sequence, DeliveryState::delivered, later);
    }
    expect_right_counts();
}

TEST_F(ReopeningTest, KeepsTheAttemptsAndBeginsANewBudget)
{
    record_steps(1);
    settle_at(1, DeliveryState::pending, noon, noon);
    EXPECT_EQ(claim()[0].spent, 1U);
    settle_at(1, DeliveryState::dead, noon);
    reopen_delivery(1);
    ClaimedDelivery claimed = claim().at(0);
    EXPECT_EQ(claimed.attempts, 2U);
    EXPECT_EQ(claimed.spent, 0U);
    settle_at(1, DeliveryState::pending, later, later);
    claimed = claim().at(0);
    EXPECT_EQ(claimed.attempts, 3U);
    EXPECT_EQ(claimed.spent, 1U);
    EXPECT_EQ(run(store().delivery(key(1)))->attempts.size(), 3U);
}

TEST_F(ReopeningTest, BeginsANewBudgetForRejectionsToo)
{
    record_steps(1);
    Settlement rejection;
    rejection.key = key(1);
    rejection.due = noon;
    rejection.attempt = Attempt();
    rejection.rejected = true;
    run(store().settle({rejection}, {}, noon, ClaimPolicy()));
    EXPECT_EQ(claim().at(0).rejected, 1U);
    settle_at(1, DeliveryState::dead, noon);
    reopen_delivery(1);
    EXPECT_EQ(claim().at(0).rejected, 0U);
}

TEST_F(ReopeningTest, LeavesWhatIsOpenOrUnknown)
{
    record_steps(2);
    EXPECT_EQ(reopen_delivery(1), Reopening::in_flight);
    EXPECT_EQ(reopen_delivery(2), Reopening::open_already);
    EXPECT_FALSE(delivery(key(2)).due);
    EXPECT_EQ(reopen_delivery(3), Reopening::not_found);
    EXPECT_EQ(state(key(1)), DeliveryState::in_flight);
}

TEST_F(ReopeningTest, AHeadThatWaitsForItsTimeIsDueAtOnce)
{
    record_steps(1);
    settle_at(1, DeliveryState::pending, noon, noon + 24h);
    EXPECT_EQ(reopen_delivery(1), Reopening::open_already);
    EXPECT_EQ(delivery(key(1)).due, later);
    EXPECT_EQ(reopen_delivery(1, noon + 3h), Reopening::open_already);
    EXPECT_EQ(delivery(key(1)).due, later);
    EXPECT_EQ(claim().size(), 1U);
    EXPECT_EQ(delivery(key(1)).attempts, 1U);
}

TEST_F(ReopeningTest, GoesBeforeAHeadThatWaits)
{
    record_steps(2);
    settle_at(1, DeliveryState::dead, noon);
    settle_at(2, DeliveryState::pending, noon, noon + 24h);
    reopen_delivery(1);
    EXPECT_EQ(delivery(key(1)).due, later);
    EXPECT_FALSE(delivery(key(2)).due);
    ASSERT_EQ(claim().size(), 1U);

    // Its turn does not make the next one's attempt earlier.
    const Settled settled = settle_at(1, DeliveryState::delivered, later);
    EXPECT_TRUE(settled.claimed.empty());
    EXPECT_EQ(settled.waiting, std::vector{origin_});
    EXPECT_EQ(delivery(key(2)).due, noon + 24h);
    EXPECT_EQ(claim(noon + 24h).size(), 1U);
}

TEST_F(ReopeningTest, WaitsBehindAnEarlierOne)
{
    record_steps(3);
    settle_at(1, DeliveryState::dead, noon);
    settle_at(2, DeliveryState::dead, noon);
    settle_at(3, DeliveryState::delivered, noon);
    reopen_delivery(2);
    reopen_delivery(3);
    reopen_delivery(1);
    for (std::uint32_t sequence : {1U, 2U, 3U}) {
        auto claimed = sequence == 1 ? claim() : std::vector<ClaimedDelivery>();
        if (sequence == 1) {
            ASSERT_EQ(claimed.size(), 1U);
            EXPECT_EQ(claimed[0].key, key(1));
        }
        const auto next = settle_at(sequence, DeliveryState::delivered, later).claimed;
        if (sequence < 3) {
            ASSERT_EQ(next.size(), 1U);
            EXPECT_EQ(next[0].key, key(sequence + 1));
        }
    }
    expect_right_counts();
}

TEST_F(ReopeningTest, WhatIsInFlightEndsFirst)
{
    record_steps(3);
    settle_at(1, DeliveryState::dead, noon);
    EXPECT_EQ(state(key(2)), DeliveryState::in_flight);
    reopen_delivery(1);
    EXPECT_TRUE(claim().empty());
    const Settled settled = settle_at(2, DeliveryState::delivered, later);
    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_EQ(settled.claimed[0].key, key(1));
    EXPECT_EQ(settle_at(1, DeliveryState::delivered, later).claimed.at(0).key, key(3));
}

TEST_F(ReopeningTest, OneThatFailsLetsAnEarlierOnePass)
{
    record_steps(2);
    settle_at(1, DeliveryState::dead, noon);
    reopen_delivery(1);
    const Settled settled = settle_at(2, DeliveryState::pending, later, later + 5min);
    ASSERT_EQ(settled.claimed.size(), 1U);
    EXPECT_EQ(settled.claimed[0].key, key(1));
    EXPECT_FALSE(delivery(key(2)).due);
    EXPECT_EQ(delivery(key(2)).attempts, 1U);
    EXPECT_TRUE(settle_at(1, DeliveryState::delivered, later).claimed.empty());
    EXPECT_EQ(delivery(key(2)).due, later + 5min);
    expect_right_counts();
}

TEST_F(ReopeningTest, AfterACrashTheEarliestIsTheHead)
{
    record_steps(3);
    settle_at(1, DeliveryState::dead, noon);
    reopen_delivery(1);
    reopen();
    const auto claimed = claim();
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(claimed[0].key, key(1));
    EXPECT_EQ(settle_at(1, DeliveryState::delivered, later).claimed.at(0).key, key(2));
    expect_right_counts();
}

TEST_F(ReopeningTest, OpensAGoneUrlAgain)
{
    record_steps(2);
    run(store().cancel_task_webhook(task_.row(), "HTTP 410 Gone", noon));
    settle_at(1, DeliveryState::cancelled, noon);
    reopen_delivery(2);
    ASSERT_EQ(claim().size(), 1U);
    settle_at(2, DeliveryState::pending, later, later);
    EXPECT_EQ(state(key(2)), DeliveryState::pending);
    record_steps(1);
    EXPECT_EQ(state(key(3)), DeliveryState::pending);
}

TEST_F(ReopeningTest, ALaneWhoseHeadIsSupersededGoesOn)
{
    // In order `block` at first, then, after a change of the configuration, `latest`.
    record(task_.progress(10), 0);
    record(task_.next(task::Status::succeeded), 0);
    Change update = task_.updated();
    update.task_webhook_latest = true;
    const Recorded recorded = record(std::move(update), 0);
    EXPECT_EQ(state(key(1)), DeliveryState::superseded);
    EXPECT_TRUE(delivery(key(2)).due);
    EXPECT_FALSE(delivery(key(3)).due);
    EXPECT_EQ(recorded.waiting.size(), 1U);
}

/// What holds in every lane at any time.
class LaneInvariants : public StoreTest {
protected:
    void expect_sound_lanes()
    {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
        SQLite::Statement open(
            database,
            "SELECT task, sink, state, due, ended_at IS NOT NULL FROM deliveries ORDER BY task, sink, "
            "sequence"
        );
        // The first that is open is due, and no other is; so a crash strands nothing.
        std::set<std::pair<std::int64_t, int>> lanes;
        while (open.executeStep()) {
            const int state = open.getColumn(2).getInt();
            EXPECT_NE(state, 1);
            EXPECT_EQ(state >= 2, open.getColumn(4).getInt() == 1);
            const bool is_head =
                state == 0 && lanes.emplace(open.getColumn(0).getInt64(), open.getColumn(1).getInt()).second;
            EXPECT_EQ(is_head, !open.getColumn(3).isNull());
        }
        DeliveryQuery query;
        query.state = DeliveryState::in_flight;
        query.limit = 1000;
        std::set<std::pair<TaskRow, SinkId>> busy;
        for (const DeliverySummary& one : run(store().deliveries(query)).deliveries)
            EXPECT_TRUE(busy.emplace(one.key.task, one.key.sink).second) << "two in flight";
        expect_right_counts();
    }
};

TEST_F(LaneInvariants, HoldWhateverHappens)
{
    open();
    std::mt19937 random(20261121);
    const auto below = [&](std::size_t n) { return random() % n; };
    SinkRow ops = open_sink("ops");
    std::vector<Story> tasks;
    std::vector<int> progress(2);
    std::vector<SinkId> sinks{task_webhook, ops.id};
    for (const char* id : {"a", "b"})
        tasks.push_back(add_task(id, "https://hooks.example.com/x"));
    std::vector<ClaimedDelivery> claimed;
    const auto take = [&](std::vector<ClaimedDelivery> more) {
        std::ranges::move(more, std::back_inserter(claimed));
    };
    base::TimePoint now = noon;
    int delivered = 0;
    for (int round = 0; round < 600; ++round) {
        now += 1min;
        ClaimPolicy policy;
        policy.room = below(2);
        policy.now = now;
        switch (below(8)) {
            case 0: {
                const std::size_t which = below(2);
                if (progress[which] >= 90)
                    break;
                Change change = tasks[which].progress(static_cast<std::int8_t>(++progress[which]));
                change.addressees = {to(ops)};
                change.addressees[0].latest = below(3) == 0;
                change.task_webhook_latest = below(3) == 0;
                take(run(store().record({change}, policy)).claimed);
                break;
            }
            case 1:
                for (const OriginBacklog& origin : run(store().backlog()))
                    take(run(store().claim({{origin.origin, 1 + below(2)}}, now)).claimed);
                break;
            case 2:
            case 3:
            case 4: {
                if (claimed.empty())
                    break;
                std::swap(claimed[below(claimed.size())], claimed.back());
                Settlement settlement;
                settlement.key = claimed.back().key;
                claimed.pop_back();
                constexpr std::array states{
                    DeliveryState::pending, DeliveryState::delivered, DeliveryState::dead
                };
                settlement.state = states.at(below(3));
                settlement.due = now + std::chrono::minutes(below(20));
                delivered += settlement.state == DeliveryState::delivered ? 1 : 0;
                if (below(2) == 0)
                    settlement.attempt.emplace();
                take(run(store().settle({settlement}, {}, now, policy)).claimed);
                break;
            }
            case 5:
            case 6: {
                const std::size_t which = below(2);
                const auto sequence =
                    static_cast<std::uint32_t>(1 + below(static_cast<std::size_t>(progress[which]) + 1));
                run(store().reopen({tasks[which].row(), sinks[below(2)], sequence}, now));
                break;
            }
            default:
                if (below(4) == 0) {
                    run(store().cancel_task_webhook(tasks[below(2)].row(), "HTTP 410 Gone", now));
                } else if (below(4) == 0) {
                    reopen();
                    claimed.clear();
                } else if (below(4) == 0) {
                    JobRequest request;
                    request.kind = JobKind::replay;
                    request.sink = sinks[below(2)];
                    request.since = now - 30min;
                    const Job job = run(store().create_job(request, now));
                    run(store().advance_job(job.id, 3, now, now));
                }
                break;
        }
        expect_sound_lanes();
        if (HasFailure())
            FAIL() << "in round " << round;
    }
    EXPECT_GT(delivered, 30);
    // When nothing fails any more, everything ends.
    for (int round = 0; round < 500; ++round) {
        now += 1h;
        ClaimPolicy policy;
        policy.room = 10;
        policy.now = now;
        for (const OriginBacklog& origin : run(store().backlog()))
            take(run(store().claim({{origin.origin, 10}}, now)).claimed);
        if (claimed.empty())
            break;
        std::vector<Settlement> batch;
        for (const ClaimedDelivery& one : std::exchange(claimed, {}))
            batch.push_back({.key = one.key, .state = DeliveryState::delivered});
        take(run(store().settle(batch, {}, now, policy)).claimed);
    }
    const Totals totals = run(store().totals());
    EXPECT_EQ(totals.deliveries.count(DeliveryState::pending), 0U);
    EXPECT_EQ(totals.deliveries.count(DeliveryState::in_flight), 0U);
    expect_sound_lanes();
}

}  // namespace
}  // namespace pollhook::store
