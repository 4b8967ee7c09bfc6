#include "outbox_invariants.hpp"

#include "attempt_record.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace pollhook::store {

OutboxInvariants::OutboxInvariants(SQLite::Database& database, Findings& findings)
    : findings_(findings),
      rows_(
          database,
          "SELECT d.task, t.provider, t.task_id, d.sink, d.sequence, d.type, d.state, d.due, d.attempts,"
          " d.attempts_before, d.ended_at, d.reason, d.last_attempt, e.type, a.http_status, "
          "a.error_class,"
          " d.sink = 0 OR EXISTS (SELECT 1 FROM sinks WHERE id = d.sink),"
          " EXISTS (SELECT 1 FROM origins WHERE id = d.origin)"
          " FROM deliveries d LEFT JOIN tasks t ON t.id = d.task"
          " LEFT JOIN events e ON e.id = d.event AND e.task = d.task AND e.sequence = d.sequence"
          " LEFT JOIN attempts a ON a.task = d.task AND a.sink = d.sink AND a.sequence = d.sequence"
          "  AND a.number = d.attempts"
          " WHERE d.task > ? AND d.task <= ? ORDER BY d.task, d.sink, d.sequence"
      )
{
}

void OutboxInvariants::check(TaskRow after, TaskRow last)
{
    lane_ = {};
    Run row(rows_, after, last);
    while (row.next()) {
        ++findings_.check.deliveries;
        Place place;
        place.task = row.as<TaskRow>(0);
        place.key = {row.text(1), row.text(2)};
        place.sink = row.as<SinkId>(3);
        place.sequence = row.as<std::uint32_t>(4);
        if (lane_.place.task != place.task || lane_.place.sink != place.sink) {
            leave_lane();
            lane_ = {};
        }
        lane_.place = place;
        delivery(row);
    }
    leave_lane();
}

void OutboxInvariants::delivery(const Run& row)
{
    const Place& place = lane_.place;
    findings_.expect(row.integer(16) != 0 && row.integer(17) != 0, "I0", place, "to no known destination");
    if (row.is_null(13))
        findings_.add("I8", place, "a delivery without its event");
    else
        findings_.expect(row.integer(13) == row.integer(5), "I5", place, "its event has another type");
    findings_.expect(row.integer(9) <= row.integer(8), "I6", place, "more attempts before than in all");
    lane_.last_superseded = false;
    switch (row.integer(6)) {
        case static_cast<int>(DeliveryState::pending): open(row); break;
        case static_cast<int>(DeliveryState::delivered): delivered(row); break;
        case static_cast<int>(DeliveryState::superseded): superseded(row); break;
        case static_cast<int>(DeliveryState::dead):
        case static_cast<int>(DeliveryState::cancelled): ended(row); break;
        default: findings_.add("I6", place, "a state that does not exist");
    }
}

void OutboxInvariants::open(const Run& row)
{
    const bool is_due = !row.is_null(7);
    const bool is_first = !std::exchange(lane_.has_open, true);
    findings_.expect(is_due || !is_first, "I6", lane_.place, "it waits for nothing and is never due");
    findings_.expect(!is_due || is_first, "I4", lane_.place, "it is due while an earlier one is open");
    findings_.expect(row.is_null(10), "I6", lane_.place, "it is open and has ended");
}

void OutboxInvariants::delivered(const Run& row)
{
    ended(row);
    std::optional<Attempt> attempt = unpack(row.view(12));
    if (!attempt && !row.is_null(14)) {
        attempt.emplace();
        attempt->http_status = row.as<int>(14);
        attempt->error_class = row.text(15);
    }
    if (!attempt || row.integer(8) == 0) {
        findings_.add("I6", lane_.place, "delivered without an attempt");
        return;
    }
    // Files and streams have no status.
    const bool has_none = attempt->http_status == 0 && lane_.place.sink != task_webhook;
    const bool is_success = attempt->http_status >= 200 && attempt->http_status < 300;
    findings_.expect(
        attempt->error_class.empty() && (has_none || is_success),
        "I6",
        lane_.place,
        fmt::format("delivered, but the answer was {}", attempt->http_status)
    );
}

void OutboxInvariants::superseded(const Run& row)
{
    ended(row);
    lane_.last_superseded = true;
    findings_.expect(
        !is_event_type(row.integer(5)) || !task::is_terminal(row.as<task::EventType>(5)),
        "I4",
        lane_.place,
        "the last word was superseded"
    );
}

void OutboxInvariants::ended(const Run& row)
{
    const bool has_reason =
        row.integer(6) == static_cast<int>(DeliveryState::delivered) || !row.view(11).empty();
    findings_.expect(has_reason, "I6", lane_.place, "it ended without a reason");
    findings_.expect(!row.is_null(10), "I6", lane_.place, "it has ended, and has no time of that");
    findings_.expect(row.is_null(7), "I6", lane_.place, "it has ended and is due");
}

void OutboxInvariants::leave_lane()
{
    if (lane_.last_superseded)
        findings_.add("I4", lane_.place, "superseded, and nothing newer is there");
}

}  // namespace pollhook::store
