#include "queries.hpp"

#include "attempt_record.hpp"
#include "counts.hpp"
#include "statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <ranges>
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

    [[nodiscard]] Statement prepare(SQLite::Database& database) const
    {
        Statement statement(database, text_);
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
    " changed_at, ended_at, ended_at IS NULL OR settle_until IS NOT NULL, contradiction FROM tasks";

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

/// What the queries about deliveries have in common.
void only_of(
    Select& select,
    const std::string& sink,
    const std::optional<task::TaskKey>& task,
    const std::string& origin
)
{
    if (sink == "task")
        select.where("d.sink = 0");
    else if (!sink.empty())
        select.where("d.sink = (SELECT id FROM sinks WHERE name = ?)", sink);
    if (task) {
        select.where("d.task = (SELECT id FROM tasks WHERE provider = ?", task->provider);
        select.where("task_id = ?)", task->id);
    }
    if (!origin.empty())
        select.where("d.origin = (SELECT id FROM origins WHERE name = ?)", origin);
}

void only(Select& select, const DeliveryKey& key)
{
    select.where("d.task = ?", code(key.task))
        .where("d.sink = ?", code(key.sink))
        .where("d.sequence = ?", key.sequence);
}

void cut(DeliveryPage& page, std::size_t limit)
{
    if (page.deliveries.size() <= limit)
        return;
    page.deliveries.resize(limit);
    page.next = page.deliveries.back().key;
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

bool contains(const InFlightKeys& in_flight, const DeliveryKey& key)
{
    return std::ranges::binary_search(in_flight, key);
}

void mark(DeliverySummary& delivery, const InFlightKeys& in_flight)
{
    if (delivery.state != DeliveryState::pending || !contains(in_flight, delivery.key))
        return;
    delivery.state = DeliveryState::in_flight;
    delivery.due.reset();
}

void mark(std::vector<DeliverySummary>& deliveries, const InFlightKeys& in_flight)
{
    for (DeliverySummary& delivery : deliveries)
        mark(delivery, in_flight);
}

/// `n` of those that are stored as pending are in flight.
void count_in_flight(std::map<DeliveryState, std::uint64_t>& deliveries, std::uint64_t n)
{
    const auto pending = deliveries.find(DeliveryState::pending);
    n = std::min(n, pending == deliveries.end() ? 0 : pending->second);
    if (n == 0)
        return;
    deliveries[DeliveryState::in_flight] = n;
    pending->second -= n;
    if (pending->second == 0)
        deliveries.erase(pending);
}

template <class Read>
auto read_all(Statement statement, Read read)
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
    else
        select.where("provider <> ''");
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
    Select select(select_events);
    std::int64_t after = query.after;
    if (query.since) {
        after = std::max(after, event_row_before(*query.since - clock_slack));
        select.where("e.at >= ?", base::to_unix_ms(*query.since));
    }
    select.where("e.id > ?", after);
    if (query.task)
        select.where("e.task = ?", code(*query.task));
    if (!query.types.empty())
        select.where("(? >> e.type) & 1", type_bits(query.types));
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

DeliveryPage Queries::deliveries(const DeliveryQuery& query, const InFlightKeys& in_flight)
{
    if (query.state == DeliveryState::in_flight)
        return deliveries_in_flight(query, in_flight);
    const std::size_t limit = page_size(query.limit);
    Select select(select_deliveries);
    if (query.before)
        select.where("(d.task, d.sink, d.sequence) < (?, ?, ?)", code(query.before->task))
            .with(code(query.before->sink))
            .with(query.before->sequence);
    if (query.state)
        select.where("d.state = ?", code(*query.state));
    only_of(select, query.sink, query.task, query.origin);
    std::size_t most = limit + 1;
    if (query.state == DeliveryState::pending)
        most += in_flight.size();
    select.ending(" ORDER BY d.task DESC, d.sink DESC, d.sequence DESC LIMIT ?").with(number(most));

    DeliveryPage page;
    page.deliveries = read_all(select.prepare(database_), read_delivery);
    mark(page.deliveries, in_flight);
    if (query.state == DeliveryState::pending)
        std::erase_if(page.deliveries, [](const DeliverySummary& one) {
            return one.state == DeliveryState::in_flight;
        });
    cut(page, limit);
    return page;
}

DeliveryPage Queries::deliveries_in_flight(const DeliveryQuery& query, const InFlightKeys& in_flight)
{
    const std::size_t limit = page_size(query.limit);
    DeliveryPage page;
    for (const DeliveryKey& key : std::views::reverse(in_flight)) {
        if (page.deliveries.size() > limit)
            break;
        if (query.before && key >= *query.before)
            continue;
        Select select(select_deliveries);
        only(select, key);
        select.where("d.state = 0");
        only_of(select, query.sink, query.task, query.origin);
        for (DeliverySummary& one : read_all(select.prepare(database_), read_delivery))
            page.deliveries.push_back(std::move(one));
    }
    mark(page.deliveries, in_flight);
    cut(page, limit);
    return page;
}

std::optional<DeliveryDetail> Queries::delivery(const DeliveryKey& key, const InFlightKeys& in_flight)
{
    Select select(select_deliveries);
    only(select, key);
    std::vector<DeliverySummary> found = read_all(select.prepare(database_), read_delivery);
    if (found.empty())
        return std::nullopt;
    DeliveryDetail detail;
    detail.summary = std::move(found.front());
    mark(detail.summary, in_flight);

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

    Select last("SELECT d.last_attempt FROM deliveries d");
    only(last, key);
    Statement statement = last.prepare(database_);
    Run row(statement);
    row.next();
    if (auto attempt = unpack(row.view(0)))
        detail.attempts.push_back(std::move(*attempt));
    return detail;
}

std::uint64_t Queries::count_deliveries(const DeliveryFilter& filter, const InFlightKeys& in_flight)
{
    const auto count = [&](const char* states, const DeliveryKey* key) {
        Select select("SELECT count(*) FROM deliveries d");
        select.where(states);
        if (key != nullptr)
            only(select, *key);
        only_of(select, filter.sink, filter.task, filter.origin);
        if (filter.since)
            select.where("d.created_at >= ?", base::to_unix_ms(*filter.since));
        if (filter.until)
            select.where("d.created_at < ?", base::to_unix_ms(*filter.until));
        Statement statement = select.prepare(database_);
        Run row(statement);
        row.next();
        return row.as<std::uint64_t>(0);
    };
    if (!filter.state)
        return count("d.state >= 2", nullptr);
    if (*filter.state != DeliveryState::pending && *filter.state != DeliveryState::in_flight)
        return count(fmt::format("d.state = {}", code(*filter.state)).c_str(), nullptr);
    std::uint64_t n = 0;
    for (const DeliveryKey& key : in_flight)
        n += count("d.state = 0", &key);
    return *filter.state == DeliveryState::in_flight ? n : count("d.state = 0", nullptr) - n;
}

std::vector<SinkSummary> Queries::sinks(const InFlightKeys& in_flight)
{
    std::vector<SinkSummary> sinks(1);
    sinks[0].name = "task";
    sinks[0].configured = true;
    std::map<SinkId, std::size_t> places{{task_webhook, 0}};
    Statement select(
        database_,
        "SELECT id, name, configured, paused, pause_reason, paused_at, origin FROM sinks ORDER BY name"
    );
    for (Run row(select); row.next();) {
        SinkSummary& sink = sinks.emplace_back();
        sink.id = row.as<SinkId>(0);
        sink.name = row.text(1);
        sink.configured = row.integer(2) != 0;
        sink.paused = row.integer(3) != 0;
        sink.pause_reason = row.text(4);
        sink.paused_at = row.optional_time(5);
        sink.oldest_pending = oldest_for(row.as<OriginId>(6));
        places.emplace(sink.id, sinks.size() - 1);
    }
    Statement counts(
        database_, "SELECT CAST(name AS INTEGER), state, n FROM counts WHERE kind = 1 AND n > 0"
    );
    for (Run row(counts); row.next();)
        if (const auto place = places.find(row.as<SinkId>(0)); place != places.end())
            sinks[place->second].deliveries[row.as<DeliveryState>(1)] = row.as<std::uint64_t>(2);
    std::map<SinkId, std::uint64_t> sent;
    for (const DeliveryKey& key : in_flight)
        ++sent[key.sink];
    for (const auto& [sink, n] : sent)
        if (const auto place = places.find(sink); place != places.end())
            count_in_flight(sinks[place->second].deliveries, n);
    Statement oldest(
        database_,
        "SELECT min(created_at) FROM deliveries INDEXED BY deliveries_due"
        " WHERE due IS NOT NULL AND origin NOT IN (SELECT origin FROM sinks)"
    );
    if (Run row(oldest); row.next())
        sinks[0].oldest_pending = row.optional_time(0);
    return sinks;
}

std::optional<base::TimePoint> Queries::oldest_for(OriginId origin)
{
    Statement oldest(
        database_,
        "SELECT min(created_at) FROM deliveries INDEXED BY deliveries_due WHERE origin = ? AND due IS NOT "
        "NULL"
    );
    Run row(oldest, origin);
    return row.next() ? row.optional_time(0) : std::nullopt;
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

Totals Queries::totals(const InFlightKeys& in_flight)
{
    Totals totals;
    Statement counts(database_, "SELECT kind, name, state, n FROM counts WHERE n > 0");
    Run row(counts);
    while (row.next()) {
        const auto n = row.as<std::uint64_t>(3);
        switch (row.as<CountKind>(0)) {
            case CountKind::tasks: totals.tasks[row.text(1)][row.as<task::Status>(2)] = n; break;
            case CountKind::deliveries: totals.deliveries[row.as<DeliveryState>(2)] += n; break;
            case CountKind::events: totals.events = n; break;
        }
    }
    count_in_flight(totals.deliveries, in_flight.size());
    // The head of a lane is its oldest, and the index of heads has the time.
    Statement oldest(
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
