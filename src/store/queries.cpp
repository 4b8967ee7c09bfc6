#include "queries.hpp"

#include "flight_marks.hpp"
#include "query_rows.hpp"
#include "select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::store {
namespace {

/// Clocks are set back now and then, so events are only roughly in the order of their time.
constexpr base::Duration clock_slack = std::chrono::hours(1);

/// `a = ? OR a = ? …`
void any_of(Select& select, std::string_view condition, std::size_t count)
{
    std::string text = "(";
    for (std::size_t i = 0; i < count; ++i)
        text.append(i == 0 ? "" : " OR ").append(condition);
    select.where((text + ")").c_str());
}

void only_of(Select& select, const EventQuery& query)
{
    if (!query.providers.empty()) {
        any_of(select, "t.provider = ?", query.providers.size());
        for (const std::string& provider : query.providers)
            select.with(provider);
    }
    if (!query.tasks.empty()) {
        any_of(
            select, "e.task = (SELECT id FROM tasks WHERE provider = ? AND task_id = ?)", query.tasks.size()
        );
        for (const task::TaskKey& key : query.tasks)
            select.with(key.provider).with(key.id);
    }
}

}  // namespace

Queries::Queries(SQLite::Database database, std::filesystem::path file)
    : database_(std::move(database)),
      file_(std::move(file))
{
}

TaskPage Queries::tasks(const TaskQuery& query)
{
    const std::size_t limit = page_size(query.limit);
    Select select(select_tasks);
    const RowRange all =
        rows_within("tasks", {.first = 1, .last = std::numeric_limits<std::int64_t>::max() - 1});
    const std::int64_t newest = query.before > 0 ? std::min(query.before - 1, all.last) : all.last;
    const std::int64_t oldest = newest - query.most_looked_at + 1;
    select.where("id BETWEEN ? AND ?", oldest).with(newest);
    // The plus keeps the index of providers out: it would lead through all of a provider's tasks.
    if (!query.provider.empty())
        select.where("+provider = ?", query.provider);
    else
        select.where("provider <> ''");
    if (query.status)
        select.where("status = ?", code(*query.status));
    if (!query.q.empty())
        select.where("instr(task_id, ?) > 0", query.q);
    select.ending(" ORDER BY id DESC LIMIT ?").with(number(limit + 1));

    TaskPage page;
    page.next = oldest > all.first ? oldest : 0;
    page.tasks = read_all(select.prepare(database_), read_task);
    if (page.tasks.size() > limit) {
        page.tasks.pop_back();
        page.next = code(page.tasks.back().row);
    }
    return page;
}

std::optional<TaskDetail> Queries::task(const task::TaskKey& key, const InFlightKeys& in_flight)
{
    TaskDetail detail;
    if (key.provider.empty())
        return std::nullopt;
    {
        Select select(select_tasks);
        select.where("provider = ?", key.provider).where("task_id = ?", key.id);
        Statement statement = select.prepare(database_);
        Run row(statement);
        if (!row.next())
            return std::nullopt;
        detail.summary = read_task(row);
        detail.contradiction = row.text(13);
    }
    const std::int64_t task = code(detail.summary.row);

    Select transitions(
        "SELECT sequence, type, from_status, to_status, from_progress, to_progress, upstream_status, at FROM "
        "transitions"
    );
    transitions.where("task = ?", task).ending(" ORDER BY sequence LIMIT ?").with(number(most_rows));
    detail.transitions = read_all(transitions.prepare(database_), read_transition);

    Select events(select_events);
    events.where("e.task = ?", task).ending(" ORDER BY e.sequence LIMIT ?").with(number(most_rows));
    detail.events = read_all(events.prepare(database_), read_event);

    Select deliveries(select_deliveries);
    deliveries.where("d.task = ?", task)
        .ending(" ORDER BY d.sink, d.sequence LIMIT ?")
        .with(number(most_rows));
    detail.deliveries = read_all(deliveries.prepare(database_), read_delivery);
    mark(detail.deliveries, in_flight);
    return detail;
}

EventPage Queries::events(const EventQuery& query)
{
    const std::size_t limit = page_size(query.limit);
    EventPage page;
    look_around(page);
    Select select(select_events);
    const RowRange range = choose_rows(query, page);
    select.where("e.id BETWEEN ? AND ?", range.first).with(range.last);
    if (query.since)
        select.where("e.at >= ?", base::to_unix_ms(*query.since));
    only_of(select, query);
    if (!query.types.empty())
        select.where("(? >> e.type) & 1", type_bits(query.types));
    select
        .ending(query.order == Order::newest_first ? " ORDER BY e.id DESC LIMIT ?" : " ORDER BY e.id LIMIT ?")
        .with(number(limit + 1));

    page.events = read_all(select.prepare(database_), read_event);
    if (page.events.size() > limit) {
        page.events.pop_back();
        page.position = page.next = page.events.back().row;
    }
    return page;
}

/// The rows that one page looks at; tells in `page` where that begins and ends. Positions that hold nothing,
/// because retention was there or the database was restored, are not looked at.
RowRange Queries::choose_rows(const EventQuery& query, EventPage& page)
{
    const std::int64_t since = query.since ? event_row_before(*query.since - clock_slack) : 0;
    const bool is_bounded = query.tasks.empty();
    RowRange range{.first = since + 1, .last = page.newest};
    if (query.order == Order::newest_first) {
        if (query.after > 0)
            range.last = std::min(range.last, query.after - 1);
        const RowRange there = rows_within("events", range);
        const std::int64_t first = there.last - query.most_looked_at + 1;
        if (is_bounded && first > there.first)
            range.first = page.next = first;
        return range;
    }
    page.looked_from = std::max(since, query.after);
    range.first = std::min(page.looked_from, page.newest) + 1;
    const RowRange there = rows_within("events", range);
    const std::int64_t last = there.first + query.most_looked_at - 1;
    if (is_bounded && last < there.last)
        range.last = page.next = last;
    page.position = std::max(page.looked_from, range.last);
    return range;
}

/// The first and the last row that there are within `range`; one that is empty when there is none.
RowRange Queries::rows_within(std::string_view table, RowRange range)
{
    // Each in a query of its own: only then SQLite goes straight to the row.
    Statement find(
        database_,
        fmt::format(
            "SELECT coalesce((SELECT min(id) FROM {0} WHERE id >= ?1), ?2 + 1),"
            " coalesce((SELECT max(id) FROM {0} WHERE id <= ?2), ?1 - 1)",
            table
        )
    );
    Run row(find, range.first, range.last);
    row.next();
    return {.first = row.integer(0), .last = row.integer(1)};
}

/// What there is and was, whatever the query asks for.
void Queries::look_around(EventPage& page)
{
    Statement find(
        database_,
        "SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'events'),"
        " (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'events_deleted')"
    );
    Run row(find);
    row.next();
    page.newest = row.integer(0);
    page.deleted = row.integer(1);
}

std::uint64_t Queries::count_prunable(base::TimePoint before)
{
    Statement count(
        database_,
        "SELECT count(*) FROM tasks WHERE ended_at IS NOT NULL AND ended_at < ? AND NOT EXISTS"
        " (SELECT 1 FROM deliveries WHERE task = tasks.id AND state < 2)"
    );
    Run row(count, before);
    row.next();
    return row.as<std::uint64_t>(0);
}

/// A row with no event at or after `since` before it, found by halving, since no index serves the time.
std::int64_t Queries::event_row_before(base::TimePoint since)
{
    Statement find(database_, "SELECT id, at FROM events WHERE id >= ? ORDER BY id LIMIT 1");
    std::int64_t low = 0;
    std::int64_t high = database_.execAndGet("SELECT coalesce(max(id), 0) + 1 FROM events").getInt64();
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        Run row(find, middle);
        if (row.next() && row.time(1) < since)
            low = row.integer(0) + 1;
        else
            high = middle;
    }
    return low - 1;
}

std::vector<Job> Queries::jobs(std::size_t limit)
{
    Select select(select_jobs);
    select.ending(" ORDER BY state <> 0, id DESC LIMIT ?").with(number(page_size(limit)));
    return read_all(select.prepare(database_), read_job);
}

std::optional<Job> Queries::job(std::int64_t id)
{
    Select select(select_jobs);
    select.where("id = ?", id);
    std::vector<Job> found = read_all(select.prepare(database_), read_job);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

JobScope Queries::scope_of(const JobRequest& request, const InFlightKeys& in_flight)
{
    JobScope scope;
    if (request.kind == JobKind::retry) {
        scope.total = count_deliveries(request.filter, in_flight);
        return scope;
    }
    scope.events_after = event_row_before(request.since - clock_slack);
    Select select("SELECT count(*) FROM events");
    select.where("id > ?", scope.events_after).where("at >= ?", base::to_unix_ms(request.since));
    if (request.until)
        select.where("at < ?", base::to_unix_ms(*request.until));
    if (!request.types.empty())
        select.where("(? >> type) & 1", type_bits(request.types));
    Statement statement = select.prepare(database_);
    Run row(statement);
    row.next();
    scope.total = row.as<std::uint64_t>(0);
    return scope;
}

}  // namespace pollhook::store
