#include "attempt_record.hpp"
#include "flight_marks.hpp"
#include "queries.hpp"
#include "query_rows.hpp"
#include "select.hpp"

#include <fmt/format.h>

#include <ranges>
#include <string>
#include <utility>
#include <vector>

// Deliveries, one by one and counted.

namespace pollhook::store {
namespace {

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

/// Where the page before ended.
void from(Select& select, const DeliveryQuery& query)
{
    if (query.before)
        select.where("(d.task, d.sink, d.sequence) < (?, ?, ?)", code(query.before->task))
            .with(code(query.before->sink))
            .with(query.before->sequence);
}

/// Whether rows are read that do not match.
bool looks_at_others(const DeliveryQuery& query)
{
    return !query.task && (query.state || !query.sink.empty() || !query.origin.empty());
}

void cut(DeliveryPage& page, std::size_t limit)
{
    if (page.deliveries.size() <= limit)
        return;
    page.deliveries.resize(limit);
    page.next = page.deliveries.back().key;
}

}  // namespace

DeliveryPage Queries::deliveries(const DeliveryQuery& query, const InFlightKeys& in_flight)
{
    if (query.state == DeliveryState::in_flight)
        return deliveries_in_flight(query, in_flight);
    const std::size_t limit = page_size(query.limit);
    Select select(select_deliveries);
    from(select, query);
    if (query.state)
        select.where("d.state = ?", code(*query.state));
    only_of(select, query.sink, query.task, query.origin);
    const auto last = looks_at_others(query) ? last_looked_at(query) : std::nullopt;
    if (last)
        select.where("(d.task, d.sink, d.sequence) >= (?, ?, ?)", code(last->task))
            .with(code(last->sink))
            .with(last->sequence);
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
    page.next = last;
    cut(page, limit);
    return page;
}

/// The row at which one page ends its look; empty when it comes to the end.
std::optional<DeliveryKey> Queries::last_looked_at(const DeliveryQuery& query)
{
    Select select("SELECT d.task, d.sink, d.sequence FROM deliveries d");
    from(select, query);
    select.ending(" ORDER BY d.task DESC, d.sink DESC, d.sequence DESC LIMIT 1 OFFSET ?")
        .with(query.most_looked_at - 1);
    Statement statement = select.prepare(database_);
    Run row(statement);
    if (!row.next())
        return std::nullopt;
    return DeliveryKey{row.as<TaskRow>(0), row.as<SinkId>(1), row.as<std::uint32_t>(2)};
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

    Select last("SELECT d.last_attempt, e.traceparent FROM deliveries d JOIN events e ON e.id = d.event");
    only(last, key);
    Statement statement = last.prepare(database_);
    Run row(statement);
    row.next();
    if (auto attempt = unpack(row.view(0)))
        detail.attempts.push_back(std::move(*attempt));
    detail.traceparent = row.text(1);
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

}  // namespace pollhook::store
