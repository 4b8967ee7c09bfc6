#pragma once

#include "job_rows.hpp"
#include "pollhook/store/store.hpp"

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace pollhook::store {

/// Rows of a table, both ends included.
struct RowRange {
    std::int64_t first = 0;
    std::int64_t last = 0;
};

/// Sorted.
using InFlightKeys = std::vector<DeliveryKey>;

/// What people ask, on a connection that only reads. Used on one thread at a time; throws SQLite::Exception.
/// What is in flight is not stored, but told by who asks.
class Queries {
public:
    /// `file` is where the database lies, for its size.
    Queries(SQLite::Database database, std::filesystem::path file);

    TaskPage tasks(const TaskQuery& query);
    std::optional<TaskDetail> task(const task::TaskKey& key, const InFlightKeys& in_flight);
    EventPage events(const EventQuery& query);
    DeliveryPage deliveries(const DeliveryQuery& query, const InFlightKeys& in_flight);
    std::optional<DeliveryDetail> delivery(const DeliveryKey& key, const InFlightKeys& in_flight);
    std::uint64_t count_deliveries(const DeliveryFilter& filter, const InFlightKeys& in_flight);
    std::vector<SinkSummary> sinks(const InFlightKeys& in_flight);
    std::vector<Job> jobs(std::size_t limit);
    std::optional<Job> job(std::int64_t id);
    JobScope scope_of(const JobRequest& request, const InFlightKeys& in_flight);
    Totals totals(const InFlightKeys& in_flight);
    std::uint64_t count_prunable(base::TimePoint before);

    [[nodiscard]] SQLite::Database& database() noexcept { return database_; }

private:
    [[nodiscard]] DeliveryPage deliveries_in_flight(
        const DeliveryQuery& query, const InFlightKeys& in_flight
    );
    [[nodiscard]] std::optional<DeliveryKey> last_looked_at(const DeliveryQuery& query);
    [[nodiscard]] RowRange choose_rows(const EventQuery& query, EventPage& page);
    [[nodiscard]] RowRange rows_within(std::string_view table, RowRange range);
    [[nodiscard]] std::optional<base::TimePoint> oldest_for(OriginId origin);
    [[nodiscard]] std::int64_t event_row_before(base::TimePoint since);
    void look_around(EventPage& page);
    [[nodiscard]] std::uint64_t size_bytes();

    SQLite::Database database_;
    std::filesystem::path file_;
};

}  // namespace pollhook::store
