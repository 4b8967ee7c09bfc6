#include "lanes.hpp"

#include <limits>
#include <memory>
#include <utility>

// Handing deliveries to the dispatcher.

namespace pollhook::store {

namespace {

/// The event of a delivery from `event_columns`, which begin at `column`; known ones are shared.
std::shared_ptr<const StoredEvent> read_event(const Run& row, int column, std::int64_t event, Claims& claims)
{
    if (auto known = claims.event(event))
        return known;
    auto stored = std::make_shared<StoredEvent>();
    stored->row = event;
    stored->id = row.view(column);
    stored->type = row.as<task::EventType>(column + 1);
    stored->sequence = row.as<std::uint32_t>(column + 2);
    stored->at = row.time(column + 3);
    stored->upstream_at = row.as<std::uint32_t>(column + 4);
    stored->body = row.view(column + 5);
    stored->task.provider = row.view(column + 6);
    stored->task.id = row.view(column + 7);
    stored->traceparent = row.view(column + 10);
    stored->tracestate = row.view(column + 11);
    claims.remember(stored);
    return stored;
}

}  // namespace

std::vector<OriginBacklog> Lanes::backlog()
{
    std::vector<OriginBacklog> backlog;
    Run rows(origins_);
    while (rows.next()) {
        const OriginId origin = rows.as<OriginId>(0);
        for (Run next(next_due_, origin); next.next();) {
            if (in_flight_.find({next.as<TaskRow>(0), next.as<SinkId>(1)}) != nullptr)
                continue;
            backlog.push_back({origin, rows.text(1), next.time(2)});
            break;
        }
    }
    return backlog;
}

Claimed Lanes::claim(const std::vector<ClaimRequest>& requests, base::TimePoint now)
{
    ClaimPolicy unlimited;
    unlimited.room = std::numeric_limits<std::size_t>::max();
    Claims claims(unlimited);
    Claimed result;
    for (const ClaimRequest& request : requests) {
        InFlight::Place place = in_flight_.searched(request.origin);
        std::optional<base::TimePoint> next_due;
        std::size_t room = request.limit;
        Run row(
            due_,
            request.origin,
            place.due,
            place.created_at,
            place.key.task,
            place.key.sink,
            place.key.sequence
        );
        while (row.next()) {
            const DeliveryKey key{row.as<TaskRow>(2), row.as<SinkId>(3), row.as<std::uint32_t>(4)};
            const LaneKey lane{key.task, key.sink};
            if (in_flight_.find(lane) == nullptr) {
                if (room == 0 || row.time(0) > now) {
                    next_due = row.time(0);
                    break;
                }
                --room;
                InFlight::Claim claim;
                claim.sequence = key.sequence;
                claim.origin = request.origin;
                claim.attempts = row.as<std::uint32_t>(6);
                claim.attempts_before = row.as<std::uint32_t>(7);
                claim.rejected = row.as<std::uint32_t>(8);
                claim.type = row.as<task::EventType>(9);
                claim.alone = row.as<std::uint32_t>(19) == key.sequence;
                in_flight_.add(lane, claim);

                ClaimedDelivery delivery;
                delivery.key = key;
                delivery.origin = request.origin;
                delivery.attempts = claim.attempts;
                delivery.spent = claim.attempts - claim.attempts_before;
                delivery.rejected = claim.rejected;
                delivery.event = read_event(row, 10, row.integer(5), claims);
                delivery.committed_at = delivery.event->at;
                if (key.sink == task_webhook)
                    delivery.url = row.view(18);
                claims.add(std::move(delivery));
            }
            place = {.due = row.integer(0), .created_at = row.integer(1), .key = key};
        }
        in_flight_.set_searched(request.origin, place);
        result.next_due.push_back(next_due);
    }
    result.claimed = claims.take_claimed();
    return result;
}

void Lanes::hand_over(const Waiting& next, Claims& claims)
{
    const DeliveryKey& key = next.key;
    InFlight::Claim claim;
    claim.sequence = key.sequence;
    claim.origin = next.origin;
    claim.attempts = next.attempts;
    claim.attempts_before = next.attempts_before;
    claim.rejected = next.rejected;
    claim.type = next.type;

    ClaimedDelivery delivery;
    delivery.key = key;
    delivery.origin = next.origin;
    delivery.attempts = next.attempts;
    delivery.spent = next.attempts - next.attempts_before;
    delivery.rejected = next.rejected;
    Run row(event_, next.event);
    row.next();
    delivery.event = read_event(row, 0, next.event, claims);
    delivery.committed_at = delivery.event->at;
    if (key.sink == task_webhook)
        delivery.url = row.view(8);
    claim.alone = row.as<std::uint32_t>(9) == key.sequence;
    in_flight_.add({key.task, key.sink}, claim);
    claims.add(std::move(delivery));
}

}  // namespace pollhook::store
