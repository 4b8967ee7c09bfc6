#include "attempt_record.hpp"
#include "lanes.hpp"

#include <utility>

// Deliveries that enter or leave their lane elsewhere than in its order.

namespace pollhook::store {

namespace {

const std::string unconfigured_reason = "the sink is no longer configured";

}  // namespace

Lanes::Reopened Lanes::reopen_ended(const DeliveryKey& key, base::TimePoint now)
{
    Reopened reopened;
    DeliveryState state{};
    std::uint32_t attempts = 0;
    std::optional<Attempt> last;
    {
        Run row(find_, key.task, key.sink, key.sequence);
        if (!row.next())
            return {Reopening::not_found, {}};
        state = row.as<DeliveryState>(0);
        reopened.origin = row.as<OriginId>(1);
        attempts = row.as<std::uint32_t>(2);
        last = unpack(row.view(3));
    }
    if (state == DeliveryState::pending) {
        reopened.result = in_flight_.contains(key) ? Reopening::in_flight : Reopening::open_already;
        return reopened;
    }
    if (last)
        keep_attempt(key, attempts, *last);
    execute(reopen_, key.task, key.sink, key.sequence);
    counts_.move_deliveries(key.sink, state, DeliveryState::pending);
    if (key.sink == task_webhook)
        execute(reopen_webhook_, key.task);
    take_place(key, now);
    reopened.result = Reopening::reopened;
    return reopened;
}

Reopening Lanes::reopen(const DeliveryKey& key, base::TimePoint now)
{
    const Reopening result = reopen_ended(key, now).result;
    if (result == Reopening::open_already) {
        execute(hurry_, key.task, key.sink, key.sequence, now);
        in_flight_.search_anew();
    }
    return result;
}

void Lanes::add_late(const NewDelivery& delivery, base::TimePoint now)
{
    insert(delivery, DeliveryState::pending, std::nullopt);
    take_place(delivery.key, now);
}

/// `key` is open without being due. When it is the first of its lane it becomes the head; one that is in
/// flight stays so, and what is next is decided when it is settled.
void Lanes::take_place(const DeliveryKey& key, base::TimePoint now)
{
    in_flight_.crowd({key.task, key.sink});
    if (must_let_pass(key))
        return;
    std::optional<std::pair<std::uint32_t, base::TimePoint>> head;
    if (Run next(next_open_, key.task, key.sink, key.sequence); next.next() && !next.is_null(1))
        head.emplace(next.as<std::uint32_t>(0), next.time(1));
    if (head)
        execute(set_aside_, key.task, key.sink, head->first, head->second, std::nullopt, std::nullopt);
    execute(make_due_, key.task, key.sink, key.sequence, now);
    in_flight_.search_anew();
}

int Lanes::cancel_unconfigured(base::TimePoint before, std::size_t limit, base::TimePoint now)
{
    int cancelled = 0;
    std::vector<std::pair<SinkId, OriginId>> sinks;
    {
        Run rows(unconfigured_);
        while (rows.next())
            sinks.emplace_back(rows.as<SinkId>(0), rows.as<OriginId>(1));
    }
    for (const auto& [sink, origin] : sinks) {
        std::vector<TaskRow> tasks;
        {
            Run rows(old_heads_, origin, before, limit);
            while (rows.next())
                tasks.push_back(rows.as<TaskRow>(0));
        }
        for (const TaskRow task : tasks)
            cancelled += cancel_lane({task, sink}, before, now);
    }
    return cancelled;
}

int Lanes::cancel_lane(const LaneKey& lane, base::TimePoint before, base::TimePoint now)
{
    const int n = execute(
        cancel_lane_, lane.task, lane.sink, before, now, unconfigured_reason, sequence_in_flight(lane)
    );
    counts_.move_deliveries(lane.sink, DeliveryState::pending, DeliveryState::cancelled, n);
    const ClaimPolicy no_room;
    Claims claims(no_room);
    move_on(lane, now, claims);
    return n;
}

}  // namespace pollhook::store
