#include "tasks.hpp"

#include "statement.hpp"

#include <algorithm>
#include <utility>

namespace pollhook::store {
namespace {

constexpr const char* no_metadata = "{}";
/// Feeds show the newest tasks of an account, never so many.
constexpr std::int64_t most_remembered = 1'000'000;

/// What read_watched() takes, in its order.
const std::string select_watched =
    "SELECT id, task_id, sequence, status, peak_rank, progress, stalled_announced, unknown_word, "
    "registered_at,"
    " changed_at, settle_until, result_digest";
constexpr int watched_columns = 12;

WatchedTask read_watched(const Run& row)
{
    WatchedTask task;
    task.row = row.as<TaskRow>(0);
    task.id = row.text(1);
    task.known.sequence = row.as<std::uint32_t>(2);
    task.known.status = row.as<task::Status>(3);
    task.known.peak_rank = row.as<std::uint8_t>(4);
    task.known.progress = row.as<std::int8_t>(5);
    task.known.stalled_announced = row.integer(6) != 0;
    task.known.unknown_word = row.as<std::uint32_t>(7);
    task.registered_at = row.time(8);
    task.changed_at = std::max(row.time(9), task.registered_at);
    task.settle_until = row.optional_time(10);
    task.result_digest = row.as<std::uint64_t>(11);
    return task;
}

}  // namespace

Tasks::Tasks(SQLite::Database& database, Counts& counts, Origins& origins)
    : database_(database),
      counts_(counts),
      origins_(origins),
      insert_(
          database,
          "INSERT INTO tasks (provider, task_id, webhook_url, webhook_origin, metadata, registered_at, "
          "changed_at, traceparent, tracestate)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8) ON CONFLICT (provider, task_id) DO NOTHING"
      ),
      find_(
          database,
          select_watched + ", webhook_url, metadata, ended_at FROM tasks WHERE provider = ? AND task_id = ?"
      ),
      fill_webhook_(database, "UPDATE tasks SET webhook_url = ?2, webhook_origin = ?3 WHERE id = ?1"),
      fill_metadata_(database, "UPDATE tasks SET metadata = ?2 WHERE id = ?1"),
      watched_(
          database,
          select_watched +
              " FROM tasks INDEXED BY tasks_watched"
              " WHERE provider = ? AND id > ? AND (ended_at IS NULL OR settle_until IS NOT NULL)"
              " ORDER BY id LIMIT ?"
      ),
      end_settling_(
          database, "UPDATE tasks SET settle_until = NULL WHERE id = ? AND settle_until IS NOT NULL"
      ),
      contradict_(database, "UPDATE tasks SET contradiction = ?2, contradicted_at = ?3 WHERE id = ?1"),
      last_body_(database, "SELECT body FROM events WHERE task = ? ORDER BY sequence DESC LIMIT 1"),
      prunable_(
          database,
          "SELECT id FROM tasks WHERE ended_at IS NOT NULL AND ended_at < ? AND NOT EXISTS"
          " (SELECT 1 FROM deliveries WHERE task = tasks.id AND state < 2) ORDER BY ended_at LIMIT ?"
      ),
      describe_(
          database,
          "SELECT provider, status, (SELECT count(*) FROM events WHERE task = tasks.id),"
          " (SELECT max(id) FROM events WHERE task = tasks.id) FROM tasks WHERE id = ?"
      ),
      count_deliveries_(
          database, "SELECT sink, state, count(*) FROM deliveries WHERE task = ? GROUP BY sink, state"
      ),
      delete_(database, "DELETE FROM tasks WHERE id = ?"),
      stop_(
          database, "UPDATE tasks SET ended_at = coalesce(ended_at, ?2), settle_until = NULL WHERE id = ?1"
      ),
      resume_(
          database,
          "UPDATE tasks SET ended_at = NULL, registered_at = ?2, traceparent = ?3, tracestate = ?4 WHERE id "
          "= "
          "?1"
      ),
      old_own_events_(
          database,
          "SELECT e.id, e.task, e.sequence FROM tasks t CROSS JOIN events e ON e.task = t.id"
          " WHERE t.provider = '' AND t.sequence > 1 AND t.ended_at >= ?1 AND e.at < ?1 AND NOT EXISTS"
          " (SELECT 1 FROM deliveries WHERE task = e.task AND sequence = e.sequence AND state < 2) LIMIT ?2"
      ),
      forget_attempts_(database, "DELETE FROM attempts WHERE task = ? AND sequence = ?"),
      forget_deliveries_(
          database, "DELETE FROM deliveries WHERE task = ? AND sequence = ? RETURNING sink, state"
      ),
      forget_event_(database, "DELETE FROM events WHERE id = ?"),
      note_deleted_(
          database,
          "INSERT INTO meta (name, value) VALUES ('events_deleted', CAST(?1 AS TEXT)) ON CONFLICT (name)"
          " DO UPDATE SET value = CAST(max(CAST(value AS INTEGER), ?1) AS TEXT)"
      ),
      remember_(
          database,
          "INSERT INTO remembered_tasks (provider, task_id) SELECT provider, task_id FROM tasks"
          " WHERE id = ?1 AND EXISTS (SELECT 1 FROM meta WHERE name = 'discovering_since:' || provider)"
          " ON CONFLICT DO NOTHING"
      ),
      remembered_(database, "SELECT 1 FROM remembered_tasks WHERE provider = ? AND task_id = ?"),
      forget_oldest_(
          database, "DELETE FROM remembered_tasks WHERE id <= (SELECT max(id) FROM remembered_tasks) - ?"
      )
{
}

std::vector<Registered> Tasks::add(const std::vector<Registration>& batch, base::TimePoint now)
{
    std::vector<Registered> result;
    result.reserve(batch.size());
    for (const Registration& registration : batch) {
        if (is_forgotten(registration)) {
            Registered& none = result.emplace_back();
            none.task.id = registration.key.id;
            none.forgotten = true;
            continue;
        }
        std::optional<OriginId> origin;
        if (!registration.webhook_url.empty())
            origin = origins_.row_of(registration.webhook_origin);
        const int inserted = execute(
            insert_,
            registration.key.provider,
            registration.key.id,
            registration.webhook_url,
            origin,
            registration.metadata,
            now,
            registration.traceparent,
            registration.tracestate
        );
        if (inserted == 0) {
            result.push_back(complete_known(registration, now));
            continue;
        }
        counts_.add_task(registration.key.provider, task::Status::queued, 1);
        Registered& added = result.emplace_back();
        added.created = true;
        added.task.row = TaskRow{database_.getLastInsertRowid()};
        added.task.id = registration.key.id;
        added.task.registered_at = now;
        added.task.changed_at = now;
    }
    return result;
}

bool Tasks::is_forgotten(const Registration& registration)
{
    if (!registration.is_over)
        return false;
    Run known(find_, registration.key.provider, registration.key.id);
    if (known.next())
        return false;
    Run deleted(remembered_, registration.key.provider, registration.key.id);
    return deleted.next();
}

Registered Tasks::complete_known(const Registration& registration, base::TimePoint now)
{
    Registered known;
    std::string webhook;
    std::string metadata;
    {
        Run find(find_, registration.key.provider, registration.key.id);
        find.next();
        known.task = read_watched(find);
        webhook = find.text(watched_columns);
        metadata = find.text(watched_columns + 1);
        known.stopped = !find.is_null(watched_columns + 2) && !task::is_terminal(known.task.known.status);
    }
    const bool gives_webhook = !registration.webhook_url.empty();
    const bool gives_metadata = registration.metadata != no_metadata;
    known.kept_webhook = gives_webhook && !webhook.empty() && webhook != registration.webhook_url;
    known.kept_metadata = gives_metadata && metadata != no_metadata && metadata != registration.metadata;
    if (gives_webhook && webhook.empty()) {
        const OriginId origin = origins_.row_of(registration.webhook_origin);
        execute(fill_webhook_, known.task.row, registration.webhook_url, origin);
    }
    if (gives_metadata && metadata == no_metadata)
        execute(fill_metadata_, known.task.row, registration.metadata);
    if (known.stopped && registration.resume) {
        execute(resume_, known.task.row, now, registration.traceparent, registration.tracestate);
        counts_.add_task(registration.key.provider, known.task.known.status, 1);
        known.task.registered_at = now;
        known.task.changed_at = now;
        known.stopped = false;
        known.resumed = true;
    }
    return known;
}

std::optional<TaskRow> Tasks::stop(const task::TaskKey& key, base::TimePoint now)
{
    WatchedTask task;
    bool has_ended = false;
    {
        Run find(find_, key.provider, key.id);
        if (!find.next())
            return std::nullopt;
        task = read_watched(find);
        has_ended = !find.is_null(watched_columns + 2);
    }
    execute(stop_, task.row, now);
    if (!has_ended)
        counts_.add_task(key.provider, task.known.status, -1);
    return task.row;
}

void Tasks::erase(TaskRow task)
{
    {
        Run describe(describe_, task);
        describe.next();
        const std::string provider = describe.text(0);
        const auto status = describe.as<task::Status>(1);
        // One that was stopped before its end is not counted, and there are own events without a provider.
        if (!provider.empty() && task::is_terminal(status))
            counts_.add_task(provider, status, -1);
        counts_.add_events(-describe.integer(2));
        newest_deleted_ = std::max(newest_deleted_, describe.integer(3));
    }
    {
        Run count(count_deliveries_, task);
        while (count.next())
            counts_.add_deliveries(count.as<SinkId>(0), count.as<DeliveryState>(1), -count.integer(2));
    }
    execute(remember_, task);
    execute(delete_, task);
}

std::vector<WatchedTask> Tasks::watched(const std::string& provider, TaskRow after, std::size_t limit)
{
    std::vector<WatchedTask> tasks;
    Run rows(watched_, provider, after, limit);
    while (rows.next())
        tasks.push_back(read_watched(rows));
    return tasks;
}

void Tasks::end_settling(const std::vector<TaskRow>& tasks)
{
    for (const TaskRow task : tasks)
        execute(end_settling_, task);
}

void Tasks::note_contradiction(TaskRow task, const std::string& upstream_status, base::TimePoint at)
{
    execute(contradict_, task, upstream_status, at);
}

std::string Tasks::last_event_body(TaskRow task)
{
    Run find(last_body_, task);
    return find.next() ? find.text(0) : std::string();
}

Pruned Tasks::prune(base::TimePoint before, std::size_t limit)
{
    std::vector<TaskRow> old;
    {
        Run rows(prunable_, before, limit);
        while (rows.next())
            old.push_back(rows.as<TaskRow>(0));
    }
    newest_deleted_ = 0;
    for (const TaskRow task : old)
        erase(task);
    execute(forget_oldest_, most_remembered);
    const std::size_t own_events = erase_own_events(before, limit);
    // Whoever reads the events by their rows has to learn that some are gone.
    if (newest_deleted_ > 0)
        execute(note_deleted_, newest_deleted_);
    database_.exec("PRAGMA incremental_vacuum(256)");
    return {.tasks = old.size(), .is_done = old.size() < limit && own_events < limit};
}

std::size_t Tasks::erase_own_events(base::TimePoint before, std::size_t limit)
{
    struct Old {
        std::int64_t row = 0;
        TaskRow task{};
        std::uint32_t sequence = 0;
    };
    std::vector<Old> old;
    {
        Run rows(old_own_events_, before, limit);
        while (rows.next())
            old.push_back({rows.integer(0), rows.as<TaskRow>(1), rows.as<std::uint32_t>(2)});
    }
    for (const Old& event : old) {
        execute(forget_attempts_, event.task, event.sequence);
        {
            Run gone(forget_deliveries_, event.task, event.sequence);
            while (gone.next())
                counts_.add_deliveries(gone.as<SinkId>(0), gone.as<DeliveryState>(1), -1);
        }
        execute(forget_event_, event.row);
        newest_deleted_ = std::max(newest_deleted_, event.row);
    }
    counts_.add_events(-static_cast<std::int64_t>(old.size()));
    return old.size();
}

}  // namespace pollhook::store
