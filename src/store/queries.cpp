#include "queries.hpp"

#include "counts.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace pollhook::store {
namespace {

/// Clocks are set back now and then, so events are only roughly in the order of their time.
constexpr base::Duration clock_slack = std::chrono::hours(1);
constexpr std::size_t most_rows = 1000;

std::size_t page_size(std::size_t asked)
{
    return std::clamp<std::size_t>(asked, 1, most_rows);
}

/// A SELECT whose conditions depend on what was asked, so that the planner sees only those.
class Select {
public:
    explicit Select(std::string text) : text_(std::move(text)) {}

    Select& where(const char* condition, std::string value) { return add(condition, std::move(value)); }
    Select& where(const char* condition, std::int64_t value) { return add(condition, value); }
    Select& where(const char* condition)
    {
        text_ += std::exchange(joint_, " AND ");
        text_ += condition;
        return *this;
    }
    /// A further parameter of the last condition.
    Select& with(std::int64_t value)
    {
        values_.emplace_back(value);
        return *this;
    }
    Select& ending(const char* text)
    {
        text_ += text;
        return *this;
    }

    [[nodiscard]] SQLite::Statement prepare(SQLite::Database& database) const
    {
        SQLite::Statement statement(database, text_);
        int index = 0;
        for (const auto& value : values_)
            std::visit([&](const auto& v) { statement.bind(++index, v); }, value);
        return statement;
    }

private:
    template <class T>
    Select& add(const char* condition, T value)
    {
        where(condition);
        values_.emplace_back(std::move(value));
        return *this;
    }

    std::string text_;
    const char* joint_ = " WHERE ";
    std::vector<std::variant<std::int64_t, std::string>> values_;
};

std::int64_t number(std::size_t value)
{
    return static_cast<std::int64_t>(value);
}

template <class E>
std::int64_t code(E value)
{
    return static_cast<std::int64_t>(value);
}

constexpr const char* select_tasks =
    "SELECT id, provider, task_id, status, upstream_status, progress, sequence, webhook_url, metadata, "
    "registered_at,"
    " changed_at, ended_at, contradiction FROM tasks";

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
    return task;
}

constexpr const char* select_events =
    "SELECT e.id, e.event_id, e.type, t.provider, t.task_id, e.sequence, e.at, e.body, e.upstream_at"
    " FROM events e JOIN tasks t ON t.id = e.task";

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
    return event;
}

// CROSS JOIN keeps deliveries outermost: its primary key gives the order.
constexpr const char* select_deliveries =
    "SELECT d.task, d.sink, d.sequence, s.name, o.name, t.webhook_url, t.provider, t.task_id, e.event_id, "
    "d.type,"
    " d.state, d.attempts, d.due, d.ended_at, d.reason, d.created_at"
    " FROM deliveries d CROSS JOIN tasks t ON t.id = d.task CROSS JOIN events e ON e.id = d.event"
    " LEFT JOIN sinks s ON s.id = d.sink LEFT JOIN origins o ON o.id = d.origin";

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

template <class Read>
auto read_all(SQLite::Statement statement, Read read)
{
    std::vector<decltype(read(std::declval<const Run&>()))> all;
    Run rows(statement);
    while (rows.next())
        all.push_back(read(rows));
    return all;
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
    if (query.before > 0)
        select.where("id < ?", query.before);
    if (!query.provider.empty())
        select.where("provider = ?", query.provider);
    if (query.status)
        select.where("status = ?", code(*query.status));
    if (!query.q.empty())
        select.where("instr(task_id, ?) > 0", query.q);
    select.ending(" ORDER BY id DESC LIMIT ?").with(number(limit + 1));

    TaskPage page;
    page.tasks = read_all(select.prepare(database_), read_task);
    if (page.tasks.size() > limit) {
        page.tasks.pop_back();
        page.next = code(page.tasks.back().row);
    }
    return page;
}

std::optional<TaskDetail> Queries::task(const task::TaskKey& key)
{
    TaskDetail detail;
    {
        Select select(select_tasks);
        select.where("provider = ?", key.provider).where("task_id = ?", key.id);
        SQLite::Statement statement = select.prepare(database_);
        Run row(statement);
        if (!row.next())
            return std::nullopt;
        detail.summary = read_task(row);
        detail.contradiction = row.text(12);
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
    return detail;
}

EventPage Queries::events(const EventQuery& query)
{
    const std::size_t limit = page_size(query.limit);
    Select select(select_events);
    std::int64_t after = query.after;
    if (query.since) {
        after = std::max(after, event_row_before(*query.since - clock_slack));
        select.where("e.at >= ?", base::to_unix_ms(*query.since));
    }
    select.where("e.id > ?", after);
    if (query.task)
        select.where("e.task = ?", code(*query.task));
    if (!query.types.empty()) {
        std::int64_t wanted = 0;
        for (const task::EventType type : query.types)
            wanted |= std::int64_t{1} << static_cast<unsigned>(type);
        select.where("(? >> e.type) & 1", wanted);
    }
    select.ending(" ORDER BY e.id LIMIT ?").with(number(limit + 1));

    EventPage page;
    page.events = read_all(select.prepare(database_), read_event);
    if (page.events.size() > limit) {
        page.events.pop_back();
        page.next = page.events.back().row;
    }
    return page;
}

/// A row with no event at or after `since` before it, found by halving, since no index serves the time.
std::int64_t Queries::event_row_before(base::TimePoint since)
{
    SQLite::Statement find(database_, "SELECT id, at FROM events WHERE id >= ? ORDER BY id LIMIT 1");
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

DeliveryPage Queries::deliveries(const DeliveryQuery& query)
{
    const std::size_t limit = page_size(query.limit);
    Select select(select_deliveries);
    if (query.before)
        select.where("(d.task, d.sink, d.sequence) < (?, ?, ?)", code(query.before->task))
            .with(code(query.before->sink))
            .with(query.before->sequence);
    if (query.state)
        select.where("d.state = ?", code(*query.state));
    if (query.sink == "task")
        select.where("d.sink = 0");
    else if (!query.sink.empty())
        select.where("d.sink = (SELECT id FROM sinks WHERE name = ?)", query.sink);
    if (query.task) {
        select.where("d.task = (SELECT id FROM tasks WHERE provider = ?", query.task->provider);
        select.where("task_id = ?)", query.task->id);
    }
    if (!query.origin.empty())
        select.where("d.origin = (SELECT id FROM origins WHERE name = ?)", query.origin);
    select.ending(" ORDER BY d.task DESC, d.sink DESC, d.sequence DESC LIMIT ?").with(number(limit + 1));

    DeliveryPage page;
    page.deliveries = read_all(select.prepare(database_), read_delivery);
    if (page.deliveries.size() > limit) {
        page.deliveries.pop_back();
        page.next = page.deliveries.back().key;
    }
    return page;
}

std::optional<DeliveryDetail> Queries::delivery(const DeliveryKey& key)
{
    Select select(select_deliveries);
    select.where("d.task = ?", code(key.task))
        .where("d.sink = ?", code(key.sink))
        .where("d.sequence = ?", key.sequence);
    std::vector<DeliverySummary> found = read_all(select.prepare(database_), read_delivery);
    if (found.empty())
        return std::nullopt;
    DeliveryDetail detail;
    detail.summary = std::move(found.front());

    Select attempts(
        "SELECT at, http_status, error_class, decision, peer, response_head, look_up, connect, tls, "
        "first_byte, total"
        " FROM attempts"
    );
    attempts.where("task = ?", code(key.task))
        .where("sink = ?", code(key.sink))
        .where("sequence = ?", key.sequence)
        .ending(" ORDER BY number LIMIT ?")
        .with(number(most_rows));
    detail.attempts = read_all(attempts.prepare(database_), read_attempt);
    return detail;
}

Totals Queries::totals()
{
    Totals totals;
    SQLite::Statement counts(database_, "SELECT kind, name, state, n FROM counts WHERE n > 0");
    Run row(counts);
    while (row.next()) {
        const auto n = row.as<std::uint64_t>(3);
        switch (row.as<CountKind>(0)) {
            case CountKind::tasks: totals.tasks[row.text(1)][row.as<task::Status>(2)] = n; break;
            case CountKind::deliveries: totals.deliveries[row.as<DeliveryState>(2)] = n; break;
            case CountKind::events: totals.events = n; break;
        }
    }
    // The head of a lane is its oldest, and the index of heads has the time.
    SQLite::Statement oldest(
        database_, "SELECT min(created_at) FROM deliveries INDEXED BY deliveries_due WHERE due IS NOT NULL"
    );
    Run first(oldest);
    if (first.next())
        totals.oldest_pending_delivery = first.optional_time(0);
    totals.size_bytes = size_bytes();
    return totals;
}

std::uint64_t Queries::size_bytes()
{
    const auto pages = static_cast<std::uint64_t>(database_.execAndGet("PRAGMA page_count").getInt64());
    const auto page = static_cast<std::uint64_t>(database_.execAndGet("PRAGMA page_size").getInt64());
    std::error_code ec;
    const std::uintmax_t log = std::filesystem::file_size(file_.string() + "-wal", ec);
    return pages * page + (ec ? 0 : log);
}

}  // namespace pollhook::store
