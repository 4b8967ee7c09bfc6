#include "counts.hpp"
#include "flight_marks.hpp"
#include "queries.hpp"

#include <map>
#include <system_error>

// How much there is: of each sink, and in all.

namespace pollhook::store {

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
