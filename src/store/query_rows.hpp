#pragma once

#include "pollhook/store/store.hpp"
#include "statement.hpp"

namespace pollhook::store {

// The rows that people ask for: the columns to select and how to read them.

inline constexpr const char* select_tasks =
    "SELECT id, provider, task_id, status, upstream_status, progress, sequence, webhook_url, metadata, "
    "registered_at,"
    " changed_at, ended_at, ended_at IS NULL OR settle_until IS NOT NULL, contradiction FROM tasks";
TaskSummary read_task(const Run& row);

// CROSS JOIN keeps events outermost: a range of rows bounds the work.
inline constexpr const char* select_events =
    "SELECT e.id, e.event_id, e.type, t.provider, t.task_id, e.sequence, e.at, e.body, e.upstream_at, "
    "e.traceparent"
    " FROM events e CROSS JOIN tasks t ON t.id = e.task";
StoredEvent read_event(const Run& row);

// CROSS JOIN keeps deliveries outermost: its primary key gives the order.
inline constexpr const char* select_deliveries =
    "SELECT d.task, d.sink, d.sequence, s.name, o.name, t.webhook_url, t.provider, t.task_id, e.event_id, "
    "d.type,"
    " d.state, d.attempts, d.due, d.ended_at, d.reason, d.created_at"
    " FROM deliveries d CROSS JOIN tasks t ON t.id = d.task CROSS JOIN events e ON e.id = d.event"
    " LEFT JOIN sinks s ON s.id = d.sink LEFT JOIN origins o ON o.id = d.origin";
DeliverySummary read_delivery(const Run& row);

/// sequence, type, from_status, to_status, from_progress, to_progress, upstream_status, at
TransitionRow read_transition(const Run& row);
/// at, http_status, error_class, decision, peer, response_head, look_up, connect, tls, first_byte, total
Attempt read_attempt(const Run& row);

}  // namespace pollhook::store
