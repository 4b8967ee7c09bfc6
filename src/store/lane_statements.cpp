#include "attempt_record.hpp"
#include "lanes.hpp"

#include <string>

// What lanes ask of the database.

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

std::string room_for_attempt()
{
    return "zeroblob(" + std::to_string(reserved_for_attempt) + ")";
}

constexpr const char* event_columns =
    "e.event_id, e.type, e.sequence, e.at, e.upstream_at, e.body, t.provider, t.task_id, t.webhook_url, "
    "t.sequence, e.traceparent, t.tracestate";

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

}  // namespace pollhook::store
