#include "schema.hpp"

#include "pollhook/store/sqlite_store.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <array>
#include <string>

namespace pollhook::store {
namespace {

// Rows of a task hang on it by a prefix of their key, so that a task is deleted without a search. Of a lane
// (task, sink) only the head has a `due`: waiting ones are in no index. In version 1 a claimed delivery had
// the state 1 and was due at 9223372036854775807. `counts` are kept by the transactions themselves, since
// counting millions of rows for each scrape of the metrics would not do.
constexpr const char* version_1 = R"sql(
CREATE TABLE origins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE sinks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    origin INTEGER NOT NULL REFERENCES origins (id),
    paused INTEGER NOT NULL DEFAULT 0,
    cursor INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    task_id TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,
    peak_rank INTEGER NOT NULL DEFAULT 0,
    progress INTEGER NOT NULL DEFAULT 0,
    sequence INTEGER NOT NULL DEFAULT 0,
    upstream_status TEXT NOT NULL DEFAULT '',
    stalled_announced INTEGER NOT NULL DEFAULT 0,
    unknown_word INTEGER NOT NULL DEFAULT 0,
    webhook_url TEXT NOT NULL DEFAULT '',
    webhook_origin INTEGER,
    webhook_gone TEXT NOT NULL DEFAULT '',
    metadata TEXT NOT NULL DEFAULT '{}',
    registered_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    ended_at INTEGER,
    settle_until INTEGER,
    result_digest INTEGER NOT NULL DEFAULT 0,
    contradiction TEXT NOT NULL DEFAULT '',
    contradicted_at INTEGER,
    UNIQUE (provider, task_id)
) STRICT;
CREATE INDEX tasks_watched ON tasks (provider, id) WHERE ended_at IS NULL OR settle_until IS NOT NULL;
CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE transitions (
    task INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    type INTEGER NOT NULL,
    from_status INTEGER NOT NULL,
    to_status INTEGER NOT NULL,
    from_progress INTEGER NOT NULL,
    to_progress INTEGER NOT NULL,
    upstream_status TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (task, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    type INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    upstream_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (task, sequence)
) STRICT;

CREATE TABLE deliveries (
    task INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    sink INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    event INTEGER NOT NULL,
    type INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    state INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    due INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (task, sink, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (origin, due, created_at) WHERE due IS NOT NULL;

CREATE TABLE attempts (
    task INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    sink INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    error_class TEXT NOT NULL,
    decision TEXT NOT NULL,
    peer TEXT NOT NULL,
    look_up INTEGER NOT NULL,
    connect INTEGER NOT NULL,
    tls INTEGER NOT NULL,
    first_byte INTEGER NOT NULL,
    total INTEGER NOT NULL,
    response_head BLOB NOT NULL,
    PRIMARY KEY (task, sink, sequence, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE counts (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    state INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (kind, name, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Own events belong to tasks without a provider, one for each subject. `attempts_before`: made before a
// delivery was last re-opened; `rejected`: those since then that the receiver rejected; `not_before`: of one
// that is not the head of its lane, when its next attempt may be made. Deliveries are counted by sink.
constexpr const char* version_2 = R"sql(
ALTER TABLE sinks ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE sinks ADD COLUMN paused_at INTEGER;
ALTER TABLE sinks ADD COLUMN configured INTEGER NOT NULL DEFAULT 1;

ALTER TABLE deliveries ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN not_before INTEGER;
ALTER TABLE deliveries ADD COLUMN last_attempt BLOB;
UPDATE deliveries SET state = 0, due = 0 WHERE state = 1;

DELETE FROM counts WHERE kind = 1;
INSERT INTO counts (kind, name, state, n)
    SELECT 1, CAST(sink AS TEXT), state, count(*) FROM deliveries GROUP BY sink, state;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    filter_state INTEGER,
    filter_sink TEXT NOT NULL,
    filter_provider TEXT,
    filter_task TEXT,
    filter_origin TEXT NOT NULL,
    sink INTEGER NOT NULL,
    since INTEGER,
    until INTEGER,
    types INTEGER NOT NULL,
    per_second REAL NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    last_event INTEGER NOT NULL,
    at_event INTEGER NOT NULL DEFAULT 0,
    at_task INTEGER NOT NULL DEFAULT 0,
    at_sink INTEGER NOT NULL DEFAULT 0,
    at_sequence INTEGER NOT NULL DEFAULT 0,
    examined INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0
) STRICT;
)sql";

// `traceparent` of a task: as it came with the registration, else empty; of an event: its own span. Empty in
// events of older versions.
constexpr const char* version_3 = R"sql(
ALTER TABLE tasks ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN tracestate TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
)sql";

// A task that is watched no more before its end (it has an end, but no final status) is not counted: it would
// look as if it were running for ever. `remembered_tasks`: those that retention deleted, of providers whose
// tasks are discovered, since a feed may show them for long.
constexpr const char* version_4 = R"sql(
UPDATE counts SET n = n - (
    SELECT count(*) FROM tasks WHERE provider = counts.name AND status = counts.state AND ended_at IS NOT NULL
) WHERE kind = 0 AND state < 4;

CREATE TABLE remembered_tasks (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    task_id TEXT NOT NULL,
    UNIQUE (provider, task_id)
) STRICT;
)sql";

constexpr std::array steps_of_today{version_1, version_2, version_3, version_4};

int version_of(SQLite::Database& database)
{
    return database.execAndGet("PRAGMA user_version").getInt();
}

bool has_tables(SQLite::Database& database)
{
    return database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() > 0;
}

}  // namespace

std::span<const char* const> schema_steps() noexcept
{
    return steps_of_today;
}

void check_version(SQLite::Database& database, std::span<const char* const> steps)
{
    const int newest = static_cast<int>(steps.size());
    const int stored = version_of(database);
    if (stored > newest)
        throw StartError(
            Errc::newer_schema,
            fmt::format(
                "{} has schema version {}, this pollhook knows up to {}: install the newer pollhook again, "
                "or "
                "restore a backup made by this one",
                database.getFilename(),
                stored,
                newest
            )
        );
    if (stored < 0 || (stored == 0 && has_tables(database)))
        throw StartError(
            Errc::corrupt, fmt::format("{} is the database of another program", database.getFilename())
        );
}

void migrate(
    SQLite::Database& database, std::span<const char* const> steps, const std::function<void(int)>& backup
)
{
    check_version(database, steps);
    const int newest = static_cast<int>(steps.size());
    const bool is_new = version_of(database) == 0;
    for (int version = version_of(database); version < newest; ++version) {
        if (!is_new)
            backup(version);
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        database.exec(steps[static_cast<std::size_t>(version)]);
        database.exec(fmt::format("PRAGMA user_version = {}", version + 1));
        transaction.commit();
    }
}

}  // namespace pollhook::store
