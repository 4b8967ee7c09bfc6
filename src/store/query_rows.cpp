#include "query_rows.hpp"

namespace pollhook::store {

TaskSummary read_task(const Run& row)
{
    TaskSummary task;
    task.row = row.as<TaskRow>(0);
    task.key.provider = row.text(1);
    task.key.id = row.text(2);
    task.status = row.as<task::Status>(3);
    task.upstream_status = row.text(4);
    task.progress = row.as<int>(5);
    task.sequence = row.as<std::uint32_t>(6);
    task.webhook_url = row.text(7);
    task.metadata = row.text(8);
    task.registered_at = row.time(9);
    task.changed_at = row.time(10);
    task.ended_at = row.optional_time(11);
    task.watching = row.integer(12) != 0;
    return task;
}

StoredEvent read_event(const Run& row)
{
    StoredEvent event;
    event.row = row.integer(0);
    event.id = row.text(1);
    event.type = row.as<task::EventType>(2);
    event.task.provider = row.text(3);
    event.task.id = row.text(4);
    event.sequence = row.as<std::uint32_t>(5);
    event.at = row.time(6);
    event.body = row.text(7);
    event.upstream_at = row.as<std::uint32_t>(8);
    event.traceparent = row.text(9);
    return event;
}

DeliverySummary read_delivery(const Run& row)
{
    DeliverySummary delivery;
    delivery.key = {row.as<TaskRow>(0), row.as<SinkId>(1), row.as<std::uint32_t>(2)};
    const bool to_task = delivery.key.sink == task_webhook;
    delivery.sink = to_task ? "task" : row.text(3);
    delivery.origin = row.text(4);
    if (to_task)
        delivery.url = row.text(5);
    delivery.task.provider = row.text(6);
    delivery.task.id = row.text(7);
    delivery.event_id = row.text(8);
    delivery.type = row.as<task::EventType>(9);
    delivery.state = row.as<DeliveryState>(10);
    delivery.attempts = row.as<std::uint32_t>(11);
    if (delivery.state == DeliveryState::pending)
        delivery.due = row.optional_time(12);
    delivery.ended_at = row.optional_time(13);
    delivery.reason = row.text(14);
    delivery.created_at = row.time(15);
    return delivery;
}

TransitionRow read_transition(const Run& row)
{
    TransitionRow transition;
    transition.sequence = row.as<std::uint32_t>(0);
    transition.type = row.as<task::EventType>(1);
    transition.from = row.as<task::Status>(2);
    transition.to = row.as<task::Status>(3);
    transition.from_progress = row.as<int>(4);
    transition.to_progress = row.as<int>(5);
    transition.upstream_status = row.text(6);
    transition.at = row.time(7);
    return transition;
}

Attempt read_attempt(const Run& row)
{
    Attempt attempt;
    attempt.at = row.time(0);
    attempt.http_status = row.as<int>(1);
    attempt.error_class = row.text(2);
    attempt.decision = row.text(3);
    attempt.peer = row.text(4);
    attempt.response_head = row.text(5);
    attempt.look_up = base::Duration(row.integer(6));
    attempt.connect = base::Duration(row.integer(7));
    attempt.tls = base::Duration(row.integer(8));
    attempt.first_byte = base::Duration(row.integer(9));
    attempt.total = base::Duration(row.integer(10));
    return attempt;
}

}  // namespace pollhook::store
