#include "lanes.hpp"

#include "attempt_record.hpp"

#include <limits>
#include <utility>

namespace pollhook::store {

namespace {

// Terminal events (types 4 to 8, see task::EventType) are never superseded.
static_assert(
    static_cast<int>(task::EventType::succeeded) == 4 && static_cast<int>(task::EventType::expired) == 8
);
static_assert(static_cast<int>(DeliveryState::pending) == 0);
static_assert(
    static_cast<int>(DeliveryState::superseded) == 4 && static_cast<int>(DeliveryState::cancelled) == 5
);

const std::string superseded_reason = "superseded by a newer event";
const std::string no_reason;
/// Of an answer, for an attempt to be kept in the row of its delivery: rows shall stay small.
constexpr std::size_t small_answer = 256;

std::string room_for_attempt()
{
    return "zeroblob(" + std::to_string(reserved_for_attempt) + ")";
}

constexpr const char* event_columns =
    "e.event_id, e.type, e.sequence, e.at, e.upstream_at, e.body, t.provider, t.task_id, t.webhook_url, "
    "t.sequence";

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
    claims.remember(stored);
    return stored;
}

}  // namespace

Lanes::Lanes(SQLite::Database& database, Counts& counts)
    : counts_(counts),
      supersede_(
          database,
          "UPDATE deliveries SET state = 4, due = NULL, ended_at = ?4, reason = ?5"
          " WHERE task = ?1 AND sink = ?2 AND sequence < ?3 AND state = 0 AND type NOT BETWEEN 4 AND 8"
          " AND sequence <> ?6"
      ),
      insert_(
          database,
          "INSERT INTO deliveries (task, sink, sequence, event, type, origin, state, latest, due, created_at,"
          " ended_at, reason, last_attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, " +
              room_for_attempt() + ")"
      ),
      origins_(
          database,
          // One step into the index for each origin, whatever the number of deliveries.
          "WITH RECURSIVE found (origin) AS (SELECT min(origin) FROM deliveries WHERE due IS NOT NULL UNION "
          "ALL"
          "  SELECT (SELECT min(origin) FROM deliveries WHERE due IS NOT NULL AND origin > found.origin)"
          "  FROM found WHERE found.origin IS NOT NULL)"
          " SELECT found.origin, origins.name FROM found JOIN origins ON origins.id = found.origin"
      ),
      due_(
          database,
          "SELECT d.due, d.created_at, d.task, d.sink, d.sequence, d.event, d.attempts, d.attempts_before, "
          "d.rejected, d.type, " +
              std::string(event_columns) +
              " FROM deliveries d INDEXED BY deliveries_due CROSS JOIN events e ON e.id = d.event"
              " CROSS JOIN tasks t ON t.id = d.task"
              " WHERE d.origin = ? AND d.due IS NOT NULL"
              " AND (d.due, d.created_at, d.task, d.sink, d.sequence) > (?, ?, ?, ?, ?)"
              " ORDER BY d.due, d.created_at, d.task, d.sink, d.sequence"
      ),
      next_due_(
          database,
          "SELECT task, sink, due FROM deliveries INDEXED BY deliveries_due"
          " WHERE origin = ? AND due IS NOT NULL ORDER BY due"
      ),
      wait_(
          database,
          "UPDATE deliveries SET due = ?4, attempts = ?5, rejected = ?6, not_before = NULL"
          " WHERE task = ?1 AND sink = ?2 AND sequence = ?3"
      ),
      end_(
          database,
          "UPDATE deliveries SET state = ?4, due = NULL, attempts = ?5, ended_at = ?6, reason = ?7, "
          "last_attempt = "
          "?8 WHERE task = ?1 AND sink = ?2 AND sequence = ?3"
      ),
      first_open_(
          database,
          "SELECT sequence, origin, event, attempts, attempts_before, rejected, type, due, not_before FROM"
          " deliveries"
          " WHERE task = ? AND sink = ? AND state = 0 ORDER BY sequence LIMIT 1"
      ),
      next_open_(
          database,
          "SELECT sequence, due FROM deliveries"
          " WHERE task = ? AND sink = ? AND sequence > ? AND state = 0 ORDER BY sequence LIMIT 1"
      ),
      waits_below_(
          database,
          "SELECT 1 FROM deliveries WHERE task = ? AND sink = ? AND sequence < ? AND state = 0 LIMIT 1"
      ),
      set_aside_(
          database,
          "UPDATE deliveries SET due = NULL, not_before = ?4, attempts = coalesce(?5, attempts),"
          " rejected = coalesce(?6, rejected)"
          " WHERE task = ?1 AND sink = ?2 AND sequence = ?3"
      ),
      overtaken_(
          database,
          "SELECT 1 FROM deliveries"
          " WHERE task = ? AND sink = ? AND sequence > ? AND state = 0 AND latest = 1 LIMIT 1"
      ),
      attempt_(
          database,
          "INSERT INTO attempts (task, sink, sequence, number, at, http_status, error_class, decision, peer, "
          "look_up,"
          " connect, tls, first_byte, total, response_head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?, ?)"
      ),
      event_(
          database,
          "SELECT " + std::string(event_columns) +
              " FROM events e CROSS JOIN tasks t ON t.id = e.task WHERE e.id = ?"
      ),
      gone_(database, "SELECT webhook_gone FROM tasks WHERE id = ?"),
      close_webhook_(database, "UPDATE tasks SET webhook_gone = ?2 WHERE id = ?1"),
      cancel_(
          database,
          "UPDATE deliveries SET state = 5, due = NULL, ended_at = ?2, reason = ?3"
          " WHERE task = ?1 AND sink = 0 AND state = 0 AND sequence <> ?4"
      ),
      find_(
          database,
          "SELECT state, origin, attempts, last_attempt FROM deliveries"
          " WHERE task = ? AND sink = ? AND sequence = ?"
      ),
      reopen_(
          database,
          "UPDATE deliveries SET state = 0, ended_at = NULL, reason = '', attempts_before = attempts, "
          "rejected = 0,"
          " last_attempt = " +
              room_for_attempt() + " WHERE task = ? AND sink = ? AND sequence = ?"
      ),
      reopen_webhook_(database, "UPDATE tasks SET webhook_gone = '' WHERE id = ? AND webhook_gone <> ''"),
      make_due_(
          database,
          "UPDATE deliveries SET due = ?4, not_before = NULL WHERE task = ?1 AND sink = ?2 AND sequence = ?3"
      ),
      hurry_(
          database,
          "UPDATE deliveries SET due = ?4"
          " WHERE task = ?1 AND sink = ?2 AND sequence = ?3 AND state = 0 AND due > ?4"
      ),
      unconfigured_(database, "SELECT id, origin FROM sinks WHERE configured = 0"),
      old_heads_(
          database,
          "SELECT task FROM deliveries INDEXED BY deliveries_due"
          " WHERE origin = ? AND due IS NOT NULL AND created_at < ? LIMIT ?"
      ),
      cancel_lane_(
          database,
          "UPDATE deliveries SET state = 5, due = NULL, ended_at = ?4, reason = ?5"
          " WHERE task = ?1 AND sink = ?2 AND state = 0 AND created_at < ?3 AND sequence <> ?6"
      )
{
}

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
