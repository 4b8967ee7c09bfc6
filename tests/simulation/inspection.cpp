#include "inspection.hpp"

#include "archive.hpp"
#include "disk_vfs.hpp"
#include "scenario.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <utility>

namespace pollhook::simulation {
namespace {

template <class E>
E as(const SQLite::Column& column)
{
    return static_cast<E>(column.getInt());
}

std::string bytes_of(const SQLite::Column& column)
{
    return {static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}

std::optional<base::TimePoint> time_of(const SQLite::Column& column)
{
    return column.isNull() ? std::nullopt : std::optional(base::from_unix_ms(column.getInt64()));
}

void read_tasks(SQLite::Database& database, Inspection& found)
{
    SQLite::Statement rows(
        database,
        "SELECT id, provider, task_id, status, sequence, webhook_url, registered_at, ended_at, "
        "settle_until IS NOT NULL, deleted_at FROM " +
            with_archive(database, "tasks") + " ORDER BY id"
    );
    while (rows.executeStep()) {
        const auto [place, is_new] = found.tasks.try_emplace(rows.getColumn(0).getInt64());
        StoredTask& task = place->second;
        task.provider = rows.getColumn(1).getString();
        task.id = rows.getColumn(2).getString();
        task.status = as<task::Status>(rows.getColumn(3));
        task.sequence = rows.getColumn(4).getInt64();
        task.webhook_url = rows.getColumn(5).getString();
        task.registered_at = base::from_unix_ms(rows.getColumn(6).getInt64());
        task.ended_at = time_of(rows.getColumn(7));
        task.settles = rows.getColumn(8).getInt() != 0;
        task.deleted_at = time_of(rows.getColumn(9));
        if (!is_new)
            found.returned.push_back(fmt::format("task row {}", place->first));
    }
}

void read_transitions(SQLite::Database& database, Inspection& found)
{
    SQLite::Statement rows(
        database,
        "SELECT task, sequence, type, from_status, to_status, from_progress, to_progress FROM " +
            with_archive(database, "transitions") + " ORDER BY task, sequence"
    );
    while (rows.executeStep())
        found.tasks[rows.getColumn(0).getInt64()].transitions.push_back({
            .sequence = rows.getColumn(1).getInt64(),
            .type = as<task::EventType>(rows.getColumn(2)),
            .from = as<task::Status>(rows.getColumn(3)),
            .to = as<task::Status>(rows.getColumn(4)),
            .from_progress = rows.getColumn(5).getInt(),
            .to_progress = rows.getColumn(6).getInt(),
        });
}

void read_events(SQLite::Database& database, Inspection& found)
{
    SQLite::Statement rows(
        database,
        "SELECT task, sequence, event_id, body, id, type, at, deleted_at FROM " +
            with_archive(database, "events") + " ORDER BY id"
    );
    std::int64_t before = 0;
    while (rows.executeStep()) {
        StoredEventRow event;
        event.task = rows.getColumn(0).getInt64();
        event.sequence = rows.getColumn(1).getInt64();
        event.event_id = rows.getColumn(2).getString();
        event.body = bytes_of(rows.getColumn(3));
        event.position = rows.getColumn(4).getInt64();
        event.type = as<task::EventType>(rows.getColumn(5));
        event.at = base::from_unix_ms(rows.getColumn(6).getInt64());
        event.deleted_at = time_of(rows.getColumn(7));
        if (event.position == std::exchange(before, event.position))
            found.returned.push_back(fmt::format("position {} of the events", event.position));
        std::string id = event.event_id;
        found.events.emplace(std::move(id), std::move(event));
    }
}

void read_deliveries(SQLite::Database& database, Inspection& found)
{
    SQLite::Statement rows(
        database,
        "SELECT d.task, d.sink, d.sequence, d.state, d.due IS NOT NULL, d.attempts, d.reason, e.event_id, "
        "d.type, d.latest, d.deleted_at IS NOT NULL FROM " +
            with_archive(database, "deliveries") + " d LEFT JOIN " + with_archive(database, "events") +
            " e ON e.id = d.event ORDER BY d.task, d.sink, d.sequence"
    );
    while (rows.executeStep())
        found.deliveries.push_back({
            .task = rows.getColumn(0).getInt64(),
            .sink = rows.getColumn(1).getInt64(),
            .sequence = rows.getColumn(2).getInt64(),
            .state = as<store::DeliveryState>(rows.getColumn(3)),
            .type = as<task::EventType>(rows.getColumn(8)),
            .has_due = rows.getColumn(4).getInt() != 0,
            .attempts = rows.getColumn(5).getInt64(),
            .reason = rows.getColumn(6).getString(),
            .event_id = rows.getColumn(7).getString(),
            .is_latest = rows.getColumn(9).getInt() != 0,
            .is_deleted = rows.getColumn(10).getInt() != 0,
        });
    SQLite::Statement sinks(database, "SELECT id, name FROM sinks");
    while (sinks.executeStep())
        found.sinks[sinks.getColumn(0).getInt64()] = sinks.getColumn(1).getString();
}

}  // namespace

std::optional<Inspection> inspect(const Disk& disk, const Timeline& timeline)
{
    if (disk.size_of(database_path) == 0)
        return std::nullopt;
    const std::unique_ptr<Disk> copy = disk.copy();
    const DiskVfs vfs(*copy, timeline, "inspection", DiskVfs::Role::inspection, 1);
    Inspection found;
    try {
        SQLite::Database database(std::string(database_path), SQLite::OPEN_READWRITE, 0, vfs.name());
        if (database.execAndGet("SELECT count(*) FROM sqlite_schema WHERE name = 'jobs'").getInt() == 0)
            return std::nullopt;
        found.integrity = database.execAndGet("PRAGMA integrity_check").getString();
        read_tasks(database, found);
        read_transitions(database, found);
        read_events(database, found);
        read_deliveries(database, found);
    } catch (const SQLite::Exception& failure) {
        found.integrity = failure.what();
    }
    return found;
}

}  // namespace pollhook::simulation
