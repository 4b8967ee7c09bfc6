#pragma once

#include "pollhook/store/store.hpp"

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace pollhook::store {

/// What people ask, on a connection that only reads. Used on one thread at a time; throws SQLite::Exception.
class Queries {
public:
    /// `file` is where the database lies, for its size.
    Queries(SQLite::Database database, std::filesystem::path file);

    TaskPage tasks(const TaskQuery& query);
    std::optional<TaskDetail> task(const task::TaskKey& key);
    EventPage events(const EventQuery& query);
    DeliveryPage deliveries(const DeliveryQuery& query);
    std::optional<DeliveryDetail> delivery(const DeliveryKey& key);
    Totals totals();

    [[nodiscard]] SQLite::Database& database() noexcept { return database_; }

private:
    [[nodiscard]] std::int64_t event_row_before(base::TimePoint since);
    [[nodiscard]] std::uint64_t size_bytes();

    SQLite::Database database_;
    std::filesystem::path file_;
};

}  // namespace pollhook::store
