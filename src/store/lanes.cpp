#include "lanes.hpp"

#include "lane_reasons.hpp"

namespace pollhook::store {

namespace {

const std::string no_reason;

}  // namespace

bool Lanes::add(const NewDelivery& delivery, Claims& claims)
{
    const DeliveryKey& key = delivery.key;
    const LaneKey lane{key.task, key.sink};
    int superseded = 0;
    if (delivery.latest && key.sequence > 1) {
        superseded = execute(
            supersede_,
            key.task,
            key.sink,
            key.sequence,
            delivery.at,
            superseded_reason,
            sequence_in_flight(lane)
        );
        counts_.move_deliveries(key.sink, DeliveryState::pending, DeliveryState::superseded, superseded);
    }
    const bool is_head =
        key.sequence == 1 || (in_flight_.find(lane) == nullptr && !first_open(lane).has_value());
    if (!is_head) {
        in_flight_.crowd(lane);
        insert(delivery, DeliveryState::pending, std::nullopt);
        if (superseded > 0)
            move_on(lane, delivery.at, claims);  // the head may have been among them
        return false;
    }
    const base::TimePoint due = claims.due(delivery.at);
    insert(delivery, DeliveryState::pending, due);
    if (!claims.take_room(delivery.origin)) {
        in_flight_.enters(delivery.origin, due);
        claims.leave(delivery.origin);
        return false;
    }
    InFlight::Claim claim;
    claim.sequence = key.sequence;
    claim.origin = delivery.origin;
    claim.type = delivery.type;
    claim.alone = true;
    in_flight_.add(lane, claim);
    return true;
}

void Lanes::insert(const NewDelivery& delivery, DeliveryState state, std::optional<base::TimePoint> due)
{
    execute(
        insert_,
        delivery.key.task,
        delivery.key.sink,
        delivery.key.sequence,
        delivery.event,
        delivery.type,
        delivery.origin,
        state,
        delivery.latest,
        due,
        delivery.at,
        std::nullopt,
        no_reason
    );
    counts_.add_deliveries(delivery.key.sink, state, 1);
}

void Lanes::add_cancelled(const NewDelivery& delivery, const std::string& reason)
{
    execute(
        insert_,
        delivery.key.task,
        delivery.key.sink,
        delivery.key.sequence,
        delivery.event,
        delivery.type,
        delivery.origin,
        DeliveryState::cancelled,
        delivery.latest,
        std::nullopt,
        delivery.at,
        delivery.at,
        reason
    );
    counts_.add_deliveries(delivery.key.sink, DeliveryState::cancelled, 1);
}

std::optional<Lanes::Waiting> Lanes::first_open(const LaneKey& lane)
{
    Run row(first_open_, lane.task, lane.sink);
    if (!row.next())
        return std::nullopt;
    Waiting first;
    first.key = {lane.task, lane.sink, row.as<std::uint32_t>(0)};
    first.origin = row.as<OriginId>(1);
    first.event = row.integer(2);
    first.attempts = row.as<std::uint32_t>(3);
    first.attempts_before = row.as<std::uint32_t>(4);
    first.rejected = row.as<std::uint32_t>(5);
    first.type = row.as<task::EventType>(6);
    first.due = row.optional_time(7);
    first.not_before = row.optional_time(8);
    return first;
}

/// 0: none; sequences begin with 1.
std::uint32_t Lanes::sequence_in_flight(const LaneKey& lane) const
{
    const InFlight::Claim* claim = in_flight_.find(lane);
    return claim == nullptr ? 0 : claim->sequence;
}

void Lanes::cancel_task_webhook(TaskRow task, const std::string& reason, base::TimePoint now)
{
    const LaneKey lane{task, task_webhook};
    execute(close_webhook_, task, reason);
    const int n = execute(cancel_, task, now, reason, sequence_in_flight(lane));
    counts_.move_deliveries(task_webhook, DeliveryState::pending, DeliveryState::cancelled, n);
    const ClaimPolicy no_room;
    Claims claims(no_room);
    move_on(lane, now, claims);
}

}  // namespace pollhook::store
