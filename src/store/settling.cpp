#include "attempt_record.hpp"
#include "lane_reasons.hpp"
#include "lanes.hpp"

#include <string>

// What became of deliveries, and which one of the lane is next.

namespace pollhook::store {

namespace {

/// Of an answer, for an attempt to be kept in the row of its delivery: rows shall stay small.
constexpr std::size_t small_answer = 256;

}  // namespace

void Lanes::settle(const std::vector<Settlement>& batch, base::TimePoint now, Claims& claims)
{
    for (const Settlement& settlement : batch)
        settle(settlement, now, claims);
}

void Lanes::settle(const Settlement& settlement, base::TimePoint now, Claims& claims)
{
    const DeliveryKey& key = settlement.key;
    const LaneKey lane{key.task, key.sink};
    const InFlight::Claim* found = in_flight_.find(lane);
    if (found == nullptr || found->sequence != key.sequence)
        return;  // settled before
    const InFlight::Claim claim = *found;
    in_flight_.remove(lane);
    const std::uint32_t attempts = claim.attempts + (settlement.attempt ? 1 : 0);
    const std::uint32_t rejected = claim.rejected + (settlement.rejected ? 1 : 0);
    if (settlement.state != DeliveryState::pending)
        end(key, attempts, settlement, settlement.state, settlement.reason, now);
    else if (!claim.alone && was_overtaken(key, claim.type))
        end(key, attempts, settlement, DeliveryState::superseded, superseded_reason, now);
    else if (const std::string gone = why_gone(key); !gone.empty())
        end(key, attempts, settlement, DeliveryState::cancelled, gone, now);
    else {
        if (settlement.attempt)
            keep_attempt(key, attempts, *settlement.attempt);
        if (claim.alone || !must_let_pass(key)) {
            execute(wait_, key.task, key.sink, key.sequence, settlement.due, attempts, rejected);
            in_flight_.enters(claim.origin, settlement.due);
            return;
        }
        execute(set_aside_, key.task, key.sink, key.sequence, settlement.due, attempts, rejected);
    }
    if (!claim.alone)
        move_on(lane, now, claims);
}

/// An earlier one was re-opened while this was in flight.
bool Lanes::must_let_pass(const DeliveryKey& key)
{
    if (key.sequence <= 1)
        return false;
    Run row(waits_below_, key.task, key.sink, key.sequence);
    return row.next();
}

bool Lanes::was_overtaken(const DeliveryKey& key, task::EventType type)
{
    if (task::is_terminal(type))
        return false;
    Run row(overtaken_, key.task, key.sink, key.sequence);
    return row.next();
}

std::string Lanes::why_gone(const DeliveryKey& key)
{
    if (key.sink != task_webhook)
        return {};
    Run row(gone_, key.task);
    return row.next() ? row.text(0) : std::string();
}

void Lanes::keep_attempt(const DeliveryKey& key, std::uint32_t number, const Attempt& attempt)
{
    execute(
        attempt_,
        key.task,
        key.sink,
        key.sequence,
        number,
        attempt.at,
        attempt.http_status,
        attempt.error_class,
        attempt.decision,
        attempt.peer,
        attempt.look_up,
        attempt.connect,
        attempt.tls,
        attempt.first_byte,
        attempt.total,
        Blob{attempt.response_head}
    );
}

void Lanes::end(
    const DeliveryKey& key,
    std::uint32_t attempts,
    const Settlement& settlement,
    DeliveryState state,
    const std::string& reason,
    base::TimePoint now
)
{
    std::string record;
    Blob packed;
    if (settlement.attempt && settlement.attempt->response_head.size() <= small_answer) {
        record = pack(*settlement.attempt);
        packed.bytes = record;
    } else if (settlement.attempt)
        keep_attempt(key, attempts, *settlement.attempt);
    execute(end_, key.task, key.sink, key.sequence, state, attempts, now, reason, packed);
    counts_.move_deliveries(key.sink, DeliveryState::pending, state);
}

/// Makes the first of a lane that is open its head, and sends it on when nothing of the lane is in flight.
void Lanes::move_on(const LaneKey& lane, base::TimePoint now, Claims& claims)
{
    const std::optional<Waiting> next = first_open(lane);
    if (!next)
        return;
    const base::TimePoint at_once = claims.due(now);
    base::TimePoint due = at_once;
    if (next->due)
        due = *next->due;
    else {
        if (next->not_before && *next->not_before > at_once)
            due = *next->not_before;
        execute(wait_, lane.task, lane.sink, next->key.sequence, due, next->attempts, next->rejected);
    }
    if (in_flight_.find(lane) != nullptr)
        return;
    if (due <= at_once && claims.take_room(next->origin)) {
        hand_over(*next, claims);
        return;
    }
    in_flight_.enters(next->origin, due);
    claims.leave(next->origin);
}

}  // namespace pollhook::store
