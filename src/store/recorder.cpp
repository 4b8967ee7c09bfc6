#include "recorder.hpp"

#include "pollhook/task/trace.hpp"
#include "statement.hpp"

#include <fmt/format.h>

#include <utility>

namespace pollhook::store {

Recorder::Recorder(SQLite::Database& database, Counts& counts, Origins& origins, Lanes& lanes)
    : database_(database),
      counts_(counts),
      origins_(origins),
      lanes_(lanes),
      find_(
          database,
          "SELECT sequence, status, peak_rank, progress, stalled_announced, unknown_word, provider, "
          "webhook_url,"
          " webhook_origin, webhook_gone, metadata, ended_at, traceparent, tracestate, registered_at FROM "
          "tasks WHERE id = ?"
      ),
      adopt_(database, "UPDATE tasks SET webhook_url = ?2, webhook_origin = ?3 WHERE id = ?1"),
      // Two statements, since one that names ended_at or settle_until rewrites the entries of the partial
      // indexes.
      advance_(
          database,
          "UPDATE tasks SET sequence = ?2, status = ?3, peak_rank = ?4, progress = ?5, stalled_announced = "
          "?6,"
          " unknown_word = ?7, upstream_status = ?8, changed_at = ?9, result_digest = ?10 WHERE id = ?1"
      ),
      finish_(
          database,
          "UPDATE tasks SET sequence = ?2, status = ?3, peak_rank = ?4, progress = ?5, stalled_announced = "
          "?6,"
          " unknown_word = ?7, upstream_status = ?8, changed_at = ?9, result_digest = ?10, settle_until = "
          "?11,"
          " ended_at = coalesce(ended_at, ?9) WHERE id = ?1"
      ),
      transition_(
          database,
          "INSERT INTO transitions (task, sequence, type, from_status, to_status, from_progress, to_progress,"
          " upstream_status, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
      ),
      event_(
          database,
          "INSERT INTO events (task, sequence, type, at, event_id, upstream_at, body, traceparent)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
      )
{
}

Recorded Recorder::record(const std::vector<Change>& batch, const ClaimPolicy& policy)
{
    Claims claims(policy);
    Recorded result;
    result.applied.reserve(batch.size());
    for (const Change& change : batch)
        result.applied.push_back(record(change, claims));
    result.claimed = claims.take_claimed();
    result.waiting = claims.take_waiting();
    return result;
}

bool Recorder::record(const Change& change, Claims& claims)
{
    std::optional<TaskState> state = find(change.task);
    if (!state || state->stopped || state->known.sequence + 1 != change.transition.sequence)
        return false;
    adopt_webhook(change, *state);
    advance(change, *state);
    const std::shared_ptr<const StoredEvent> event = keep_event(change, *state);
    hand_out(change, *state, event, claims);
    return true;
}

std::optional<Recorder::TaskState> Recorder::find(TaskRow task)
{
    Run row(find_, task);
    if (!row.next())
        return std::nullopt;
    TaskState state;
    state.known.sequence = row.as<std::uint32_t>(0);
    state.known.status = row.as<task::Status>(1);
    state.known.peak_rank = row.as<std::uint8_t>(2);
    state.known.progress = row.as<std::int8_t>(3);
    state.known.stalled_announced = row.integer(4) != 0;
    state.known.unknown_word = row.as<std::uint32_t>(5);
    state.provider = row.text(6);
    state.webhook_url = row.text(7);
    state.webhook_origin = row.as<OriginId>(8);
    state.webhook_gone = row.text(9);
    state.metadata = row.text(10);
    state.stopped = !row.is_null(11) && !task::is_terminal(state.known.status);
    state.traceparent = row.text(12);
    state.tracestate = row.text(13);
    state.registered_at = row.time(14);
    return state;
}

void Recorder::adopt_webhook(const Change& change, TaskState& state)
{
    if (!state.webhook_url.empty() || change.callback_url.empty())
        return;
    state.webhook_url = change.callback_url;
    state.webhook_origin = origins_.row_of(change.callback_origin);
    execute(adopt_, change.task, state.webhook_url, state.webhook_origin);
}

void Recorder::advance(const Change& change, const TaskState& state)
{
    const task::Transition& step = change.transition;
    const task::Known known = task::apply(state.known, step, change.upstream_status);
    const bool ended = task::is_terminal(known.status);
    Run update(
        ended ? finish_ : advance_,
        change.task,
        known.sequence,
        known.status,
        known.peak_rank,
        known.progress,
        known.stalled_announced,
        known.unknown_word,
        change.upstream_status,
        step.at,
        change.result_digest
    );
    if (ended)
        update.bind(11, change.settle_until);
    update.execute();
    if (known.status != state.known.status) {
        counts_.add_task(state.provider, state.known.status, -1);
        counts_.add_task(state.provider, known.status, 1);
    }
    execute(
        transition_,
        change.task,
        step.sequence,
        step.type,
        step.from,
        step.to,
        step.from_progress,
        step.to_progress,
        change.upstream_status,
        step.at
    );
}

std::shared_ptr<StoredEvent> Recorder::keep_event(const Change& change, const TaskState& state)
{
    task::EventBody body = task::assemble(change.event, state.metadata);
    std::string traceparent = trace_of(change, state);
    const task::Transition& step = change.transition;
    execute(
        event_,
        change.task,
        step.sequence,
        step.type,
        step.at,
        change.event.id,
        body.upstream_at,
        Blob{body.bytes},
        traceparent
    );
    counts_.add_events(1);
    auto event = std::make_shared<StoredEvent>();
    event->row = database_.getLastInsertRowid();
    event->id = change.event.id;
    event->type = step.type;
    event->task = change.key;
    event->sequence = step.sequence;
    event->at = step.at;
    event->body = std::move(body.bytes);
    event->upstream_at = body.upstream_at;
    event->traceparent = std::move(traceparent);
    event->tracestate = state.tracestate;
    return event;
}

/// The event's span, in the trace that the registration belongs to or else in the task's own.
std::string Recorder::trace_of(const Change& change, const TaskState& state)
{
    auto trace = task::parse_traceparent(state.traceparent);
    if (!trace)
        trace = task::begin_trace(
            fmt::format("{} {} {}", change.key.provider, change.key.id, base::to_unix_ms(state.registered_at))
        );
    return task::continue_trace(*trace, change.event.id).text();
}

void Recorder::hand_out(
    const Change& change,
    const TaskState& state,
    const std::shared_ptr<const StoredEvent>& event,
    Claims& claims
)
{
    const auto hand_to = [&](SinkId sink, OriginId origin, bool latest) {
        const Lanes::NewDelivery delivery{
            .key = {change.task, sink, change.transition.sequence},
            .origin = origin,
            .event = event->row,
            .type = event->type,
            .latest = latest,
            .at = event->at,
        };
        if (sink == task_webhook && !state.webhook_gone.empty())
            lanes_.add_cancelled(delivery, state.webhook_gone);
        else if (lanes_.add(delivery, claims)) {
            ClaimedDelivery claimed;
            claimed.key = delivery.key;
            claimed.origin = origin;
            claimed.committed_at = event->at;
            if (sink == task_webhook)
                claimed.url = state.webhook_url;
            claimed.event = event;
            claims.add(std::move(claimed));
        }
    };
    if (change.to_task_webhook && !state.webhook_url.empty())
        hand_to(task_webhook, state.webhook_origin, change.task_webhook_latest);
    for (const Addressee& to : change.addressees)
        if (!to.filter || to.filter->matches(state.metadata))
            hand_to(to.sink, to.origin, to.latest);
}

}  // namespace pollhook::store
