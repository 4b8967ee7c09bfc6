#include "jobs.hpp"

#include "statement.hpp"

#include <algorithm>
#include <string>

namespace pollhook::store {

namespace {

/// In one step, whether they match or not: a few milliseconds.
constexpr std::size_t rows_in_step = 500;

template <class T>
std::optional<std::string> text_or_null(const std::optional<task::TaskKey>& key, T task::TaskKey::* member)
{
    return key ? std::optional(*key.*member) : std::nullopt;
}

}  // namespace

/// A job under way: where it is and what this step changes.
struct Jobs::Step {
    Advanced result;
    std::size_t limit = 0;
    base::TimePoint outbox_now{};
    std::int64_t last_event = 0;
    // What was examined last.
    std::int64_t at_event = 0;
    DeliveryKey at{};
    bool at_end = false;

    void count(const Lanes::Reopened& reopened)
    {
        if (reopened.result != Reopening::reopened)
            return;
        ++result.deliveries;
        result.waiting.push_back(reopened.origin);
    }
    [[nodiscard]] bool is_full() const { return result.deliveries >= limit; }
};

Jobs::Jobs(SQLite::Database& database, Lanes& lanes)
    : database_(database),
      lanes_(lanes),
      insert_(
          database,
          "INSERT INTO jobs (kind, filter_state, filter_sink, filter_provider, filter_task, filter_origin, "
          "sink, since, until, types, per_second, created_at, last_event, at_event, total)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM events), ?, ?)"
      ),
      find_(database, std::string(select_jobs) + " WHERE id = ?"),
      find_place_(
          database, "SELECT last_event, at_event, at_task, at_sink, at_sequence FROM jobs WHERE id = ?"
      ),
      cancel_(database, "UPDATE jobs SET state = 2, ended_at = ?2 WHERE id = ?1 AND state = 0"),
      keep_(
          database,
          "UPDATE jobs SET state = ?2, ended_at = ?3, at_event = ?4, at_task = ?5, at_sink = ?6,"
          " at_sequence = ?7, examined = ?8, deliveries = ?9 WHERE id = ?1"
      ),
      prune_(database, "DELETE FROM jobs WHERE state <> 0 AND ended_at < ?"),
      ended_deliveries_(
          database,
          "SELECT task, sink, sequence, state = ?4 AND event <= ?5"
          " AND (?6 = '' OR sink = CASE ?6 WHEN 'task' THEN 0 ELSE (SELECT id FROM sinks WHERE name = ?6) "
          "END)"
          " AND (?7 IS NULL OR task = (SELECT id FROM tasks WHERE provider = ?7 AND task_id = ?8))"
          " AND (?9 = '' OR origin = (SELECT id FROM origins WHERE name = ?9))"
          " AND (?10 IS NULL OR created_at >= ?10) AND (?11 IS NULL OR created_at < ?11)"
          " FROM deliveries WHERE (task, sink, sequence) > (?1, ?2, ?3) ORDER BY task, sink, sequence LIMIT "
          "?12"
      ),
      past_events_(
          database,
          "SELECT id, task, sequence, type, at, (?3 = 0 OR (?3 >> type) & 1) AND at >= ?4 AND (?5 IS NULL OR "
          "at < ?5)"
          " FROM events WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?6"
      ),
      sink_origin_(database, "SELECT origin FROM sinks WHERE id = ?"),
      webhook_(database, "SELECT webhook_origin FROM tasks WHERE id = ? AND webhook_url <> ''")
{
}

Job Jobs::create(const JobRequest& request, const JobScope& scope, base::TimePoint now)
{
    const DeliveryFilter& filter = request.filter;
    const bool retries = request.kind == JobKind::retry;
    const std::optional<std::string> provider = text_or_null(filter.task, &task::TaskKey::provider);
    const std::optional<std::string> task = text_or_null(filter.task, &task::TaskKey::id);
    const std::optional<base::TimePoint> since = retries ? filter.since : std::optional(request.since);
    execute(
        insert_,
        request.kind,
        filter.state,
        filter.sink,
        provider,
        task,
        filter.origin,
        request.sink,
        since,
        retries ? filter.until : request.until,
        type_bits(request.types),
        request.per_second,
        now,
        scope.events_after,
        scope.total
    );
    return find(database_.getLastInsertRowid()).value();
}

std::optional<Job> Jobs::find(std::int64_t id)
{
    Run row(find_, id);
    return row.next() ? std::optional(read_job(row)) : std::nullopt;
}

bool Jobs::cancel(std::int64_t id, base::TimePoint now)
{
    return execute(cancel_, id, now) > 0;
}

void Jobs::prune(base::TimePoint before)
{
    execute(prune_, before);
}

base::Result<Advanced> Jobs::advance(
    std::int64_t id, std::size_t limit, base::TimePoint wall_now, base::TimePoint outbox_now
)
{
    std::optional<Job> job = find(id);
    if (!job)
        return Errc::conflict;
    Step step;
    step.result.job = *job;
    if (job->state != JobState::running)
        return step.result;
    step.limit = limit;
    step.outbox_now = outbox_now;
    {
        Run place(find_place_, id);
        place.next();
        step.last_event = place.integer(0);
        step.at_event = place.integer(1);
        step.at = {place.as<TaskRow>(2), place.as<SinkId>(3), place.as<std::uint32_t>(4)};
    }
    if (job->request.kind == JobKind::retry)
        retry(step);
    else
        replay(step);
    keep(step, wall_now);
    step.result.job = find(id).value();
    std::ranges::sort(step.result.waiting);
    const auto repeated = std::ranges::unique(step.result.waiting);
    step.result.waiting.erase(repeated.begin(), repeated.end());
    return step.result;
}

void Jobs::retry(Step& step)
{
    const DeliveryFilter& filter = step.result.job.request.filter;
    const std::optional<std::string> provider = text_or_null(filter.task, &task::TaskKey::provider);
    const std::optional<std::string> task = text_or_null(filter.task, &task::TaskKey::id);
    struct Candidate {
        DeliveryKey key;
        bool matches = false;
    };
    std::vector<Candidate> candidates;
    {
        Run rows(
            ended_deliveries_,
            step.at.task,
            step.at.sink,
            step.at.sequence,
            filter.state,
            step.last_event,
            filter.sink,
            provider,
            task,
            filter.origin,
            filter.since,
            filter.until,
            rows_in_step
        );
        while (rows.next())
            candidates.push_back(
                {{rows.as<TaskRow>(0), rows.as<SinkId>(1), rows.as<std::uint32_t>(2)}, rows.integer(3) != 0}
            );
    }
    for (const Candidate& one : candidates) {
        if (step.is_full())
            return;
        step.at = one.key;
        if (!one.matches)
            continue;
        ++step.result.job.examined;
        step.count(lanes_.reopen_ended(one.key, step.outbox_now));
    }
    step.at_end = candidates.size() < rows_in_step;
}

void Jobs::replay(Step& step)
{
    const JobRequest& request = step.result.job.request;
    struct Past {
        Lanes::NewDelivery delivery;
        bool matches = false;
    };
    std::vector<Past> events;
    {
        Run rows(
            past_events_,
            step.at_event,
            step.last_event,
            type_bits(request.types),
            request.since,
            request.until,
            rows_in_step
        );
        while (rows.next()) {
            Past& past = events.emplace_back();
            past.delivery.event = rows.integer(0);
            past.delivery.key = {rows.as<TaskRow>(1), request.sink, rows.as<std::uint32_t>(2)};
            past.delivery.type = rows.as<task::EventType>(3);
            past.delivery.at = rows.time(4);
            past.matches = rows.integer(5) != 0;
        }
    }
    for (Past& past : events) {
        if (step.is_full())
            return;
        Lanes::NewDelivery& delivery = past.delivery;
        step.at_event = delivery.event;
        if (!past.matches)
            continue;
        ++step.result.job.examined;
        const Lanes::Reopened reopened = lanes_.reopen_ended(delivery.key, step.outbox_now);
        step.count(reopened);
        if (reopened.result != Reopening::not_found)
            continue;
        if (const std::optional<OriginId> origin = origin_for(delivery.key)) {
            delivery.origin = *origin;
            lanes_.add_late(delivery, step.outbox_now);
            step.count({Reopening::reopened, *origin});
        }
    }
    step.at_end = events.size() < rows_in_step;
}

/// Empty when the task has no URL of its own.
std::optional<OriginId> Jobs::origin_for(const DeliveryKey& key)
{
    if (key.sink == task_webhook) {
        Run row(webhook_, key.task);
        return row.next() ? std::optional(row.as<OriginId>(0)) : std::nullopt;
    }
    Run row(sink_origin_, key.sink);
    return row.next() ? std::optional(row.as<OriginId>(0)) : std::nullopt;
}

void Jobs::keep(const Step& step, base::TimePoint now)
{
    const Job& job = step.result.job;
    execute(
        keep_,
        job.id,
        step.at_end ? JobState::done : JobState::running,
        step.at_end ? std::optional(now) : std::nullopt,
        step.at_event,
        step.at.task,
        step.at.sink,
        step.at.sequence,
        job.examined,
        job.deliveries + step.result.deliveries
    );
}

}  // namespace pollhook::store
