#include "lanes.hpp"

#include "statement.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace pollhook::store {
namespace {

// Terminal events (types 4 to 8, see task::EventType) are never superseded.
static_assert(
    static_cast<int>(task::EventType::succeeded) == 4 && static_cast<int>(task::EventType::expired) == 8
);
static_assert(
    static_cast<int>(DeliveryState::pending) == 0 && static_cast<int>(DeliveryState::in_flight) == 1
);
static_assert(
    static_cast<int>(DeliveryState::superseded) == 4 && static_cast<int>(DeliveryState::cancelled) == 5
);

const std::string superseded_reason = "superseded by a newer event";
const std::string no_reason;

}  // namespace

Lanes::Lanes(SQLite::Database& database, Counts& counts)
    : counts_(counts),
      supersede_(
          database,
          "UPDATE deliveries SET state = 4, due = NULL, ended_at = ?4, reason = ?5"
          " WHERE task = ?1 AND sink = ?2 AND sequence < ?3 AND state = 0 AND type NOT BETWEEN 4 AND 8"
      ),
      has_open_(database, "SELECT 1 FROM deliveries WHERE task = ? AND sink = ? AND state < 2 LIMIT 1"),
      insert_(
          database,
          "INSERT INTO deliveries (task, sink, sequence, event, type, origin, state, latest, due, created_at,"
          " ended_at, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
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
          "SELECT task, sink, sequence, event, attempts, type FROM deliveries INDEXED BY deliveries_due"
          " WHERE origin = ? AND due IS NOT NULL AND due <= ? ORDER BY due LIMIT ?"
      ),
      next_due_(
          database,
          "SELECT due FROM deliveries INDEXED BY deliveries_due"
          " WHERE origin = ?1 AND due IS NOT NULL AND due < ?2 ORDER BY due LIMIT 1"
      ),
      mark_(
          database,
          "UPDATE deliveries SET state = ?4, due = ?5, attempts = ?6 WHERE task = ?1 AND sink = ?2 AND "
          "sequence = ?3"
      ),
      end_(
          database,
          "UPDATE deliveries SET state = ?4, due = NULL, attempts = ?5, ended_at = ?6, reason = ?7"
          " WHERE task = ?1 AND sink = ?2 AND sequence = ?3"
      ),
      find_claimed_(
          database,
          "SELECT origin, event, attempts, type FROM deliveries"
          " WHERE task = ? AND sink = ? AND sequence = ? AND state = 1"
      ),
      next_waiting_(
          database,
          "SELECT sequence, origin, event, attempts, type FROM deliveries"
          " WHERE task = ? AND sink = ? AND sequence > ? AND state = 0 ORDER BY sequence LIMIT 1"
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
      url_(database, "SELECT webhook_url FROM tasks WHERE id = ?"),
      event_(
          database,
          "SELECT e.event_id, e.type, e.sequence, e.at, e.upstream_at, e.body, t.provider, t.task_id"
          " FROM events e JOIN tasks t ON t.id = e.task WHERE e.id = ?"
      ),
      gone_(database, "SELECT webhook_gone FROM tasks WHERE id = ?"),
      close_webhook_(database, "UPDATE tasks SET webhook_gone = ?2 WHERE id = ?1"),
      cancel_(
          database,
          "UPDATE deliveries SET state = 5, due = NULL, ended_at = ?2, reason = ?3"
          " WHERE task = ?1 AND sink = 0 AND state = 0"
      ),
      release_(database, "UPDATE deliveries SET state = 0, due = ?1 WHERE due = ?2")
{
}

bool Lanes::add(const NewDelivery& delivery, Claims& claims)
{
    const DeliveryKey& key = delivery.key;
    bool is_head = true;
    if (key.sequence > 1) {
        if (delivery.latest) {
            const int n =
                execute(supersede_, key.task, key.sink, key.sequence, delivery.at, superseded_reason);
            counts_.add_deliveries(DeliveryState::pending, -n);
            counts_.add_deliveries(DeliveryState::superseded, n);
        }
        Run open(has_open_, key.task, key.sink);
        is_head = !open.next();
    }
    const bool claimed = is_head && claims.take_room(delivery.origin);
    const DeliveryState state = claimed ? DeliveryState::in_flight : DeliveryState::pending;
    std::optional<std::int64_t> due;
    if (is_head)
        due = claimed ? claimed_due : base::to_unix_ms(claims.due(delivery.at));
    if (is_head && !claimed)
        claims.leave(delivery.origin);
    execute(
        insert_,
        key.task,
        key.sink,
        key.sequence,
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
    counts_.add_deliveries(state, 1);
    return claimed;
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
    counts_.add_deliveries(DeliveryState::cancelled, 1);
}

std::vector<OriginBacklog> Lanes::backlog()
{
    std::vector<OriginBacklog> backlog;
    Run rows(origins_);
    while (rows.next()) {
        const OriginId origin = rows.as<OriginId>(0);
        if (Run next(next_due_, origin, claimed_due); next.next())
            backlog.push_back({origin, rows.text(1), next.time(0)});
    }
    return backlog;
}

Claimed Lanes::claim(const std::vector<ClaimRequest>& requests, base::TimePoint now)
{
    ClaimPolicy unlimited;
    unlimited.room = std::numeric_limits<std::size_t>::max();
    Claims claims(unlimited);
    Claimed result;
    // A wall clock at the end of time must not reach what is claimed.
    const std::int64_t until = std::min(base::to_unix_ms(now), claimed_due - 1);
    for (const ClaimRequest& request : requests) {
        std::vector<Head> heads;
        {
            Run rows(due_, request.origin, until, request.limit);
            while (rows.next()) {
                const DeliveryKey key{rows.as<TaskRow>(0), rows.as<SinkId>(1), rows.as<std::uint32_t>(2)};
                heads.push_back(
                    {key,
                     request.origin,
                     rows.integer(3),
                     rows.as<std::uint32_t>(4),
                     rows.as<task::EventType>(5)}
                );
            }
        }
        for (const Head& head : heads)
            hand_over(head, claims);
        Run next(next_due_, request.origin, claimed_due);
        result.next_due.push_back(next.next() ? std::optional(next.time(0)) : std::nullopt);
    }
    result.claimed = claims.take_claimed();
    return result;
}

Settled Lanes::settle(const std::vector<Settlement>& batch, base::TimePoint now, const ClaimPolicy& policy)
{
    Claims claims(policy);
    for (const Settlement& settlement : batch)
        settle(settlement, now, claims);
    Settled result;
    result.claimed = claims.take_claimed();
    result.waiting = claims.take_waiting();
    return result;
}

void Lanes::settle(const Settlement& settlement, base::TimePoint now, Claims& claims)
{
    std::optional<Head> head = find_claimed(settlement.key);
    if (!head)
        return;  // the task was removed meanwhile
    if (settlement.attempt) {
        ++head->attempts;
        keep_attempt(head->key, head->attempts, *settlement.attempt);
    }
    if (settlement.state != DeliveryState::pending) {
        end(*head, settlement.state, settlement.reason, now);
        promote(head->key, now, claims);
    } else if (was_overtaken(*head)) {
        end(*head, DeliveryState::superseded, superseded_reason, now);
        promote(head->key, now, claims);
    } else if (const std::string gone = why_gone(head->key); !gone.empty()) {
        end(*head, DeliveryState::cancelled, gone, now);
    } else {
        const DeliveryKey& key = head->key;
        execute(
            mark_, key.task, key.sink, key.sequence, DeliveryState::pending, settlement.due, head->attempts
        );
        counts_.add_deliveries(DeliveryState::in_flight, -1);
        counts_.add_deliveries(DeliveryState::pending, 1);
    }
}

std::optional<Lanes::Head> Lanes::find_claimed(const DeliveryKey& key)
{
    Run row(find_claimed_, key.task, key.sink, key.sequence);
    if (!row.next())
        return std::nullopt;
    return Head{
        key, row.as<OriginId>(0), row.integer(1), row.as<std::uint32_t>(2), row.as<task::EventType>(3)
    };
}

std::optional<Lanes::Head> Lanes::next_waiting(const DeliveryKey& after)
{
    Run row(next_waiting_, after.task, after.sink, after.sequence);
    if (!row.next())
        return std::nullopt;
    const DeliveryKey key{after.task, after.sink, row.as<std::uint32_t>(0)};
    return Head{
        key, row.as<OriginId>(1), row.integer(2), row.as<std::uint32_t>(3), row.as<task::EventType>(4)
    };
}

bool Lanes::was_overtaken(const Head& head)
{
    if (task::is_terminal(head.type))
        return false;
    Run row(overtaken_, head.key.task, head.key.sink, head.key.sequence);
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

void Lanes::end(const Head& head, DeliveryState state, const std::string& reason, base::TimePoint now)
{
    execute(end_, head.key.task, head.key.sink, head.key.sequence, state, head.attempts, now, reason);
    counts_.add_deliveries(DeliveryState::in_flight, -1);
    counts_.add_deliveries(state, 1);
}

void Lanes::promote(const DeliveryKey& ended, base::TimePoint now, Claims& claims)
{
    const std::optional<Head> next = next_waiting(ended);
    if (!next)
        return;
    if (claims.take_room(next->origin)) {
        hand_over(*next, claims);
        return;
    }
    const DeliveryKey& key = next->key;
    const base::TimePoint due = claims.due(now);
    execute(mark_, key.task, key.sink, key.sequence, DeliveryState::pending, due, next->attempts);
    claims.leave(next->origin);
}

void Lanes::hand_over(const Head& head, Claims& claims)
{
    const DeliveryKey& key = head.key;
    execute(mark_, key.task, key.sink, key.sequence, DeliveryState::in_flight, claimed_due, head.attempts);
    counts_.add_deliveries(DeliveryState::pending, -1);
    counts_.add_deliveries(DeliveryState::in_flight, 1);

    ClaimedDelivery delivery;
    delivery.key = key;
    delivery.origin = head.origin;
    delivery.attempts = head.attempts;
    delivery.event = load(head.event, claims);
    delivery.committed_at = delivery.event->at;
    if (key.sink == task_webhook) {
        Run url(url_, key.task);
        if (url.next())
            delivery.url = url.text(0);
    }
    claims.add(std::move(delivery));
}

std::shared_ptr<const StoredEvent> Lanes::load(std::int64_t event, Claims& claims)
{
    if (auto known = claims.event(event))
        return known;
    auto stored = std::make_shared<StoredEvent>();
    Run row(event_, event);
    row.next();
    stored->row = event;
    stored->id = row.text(0);
    stored->type = row.as<task::EventType>(1);
    stored->sequence = row.as<std::uint32_t>(2);
    stored->at = row.time(3);
    stored->upstream_at = row.as<std::uint32_t>(4);
    stored->body = row.text(5);
    stored->task.provider = row.text(6);
    stored->task.id = row.text(7);
    claims.remember(stored);
    return stored;
}

void Lanes::cancel_task_webhook(TaskRow task, const std::string& reason, base::TimePoint now)
{
    execute(close_webhook_, task, reason);
    const int n = execute(cancel_, task, now, reason);
    counts_.add_deliveries(DeliveryState::pending, -n);
    counts_.add_deliveries(DeliveryState::cancelled, n);
}

void Lanes::release_claimed()
{
    const int n = execute(release_, base::TimePoint(), claimed_due);
    counts_.add_deliveries(DeliveryState::in_flight, -n);
    counts_.add_deliveries(DeliveryState::pending, n);
}

}  // namespace pollhook::store
