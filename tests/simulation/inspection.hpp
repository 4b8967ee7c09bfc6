#pragma once

#include "disk.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/status.hpp"
#include "timeline.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::simulation {

struct StoredTransition {
    std::int64_t sequence = 0;
    task::EventType type{};
    task::Status from{}, to{};
    int from_progress = 0, to_progress = 0;
};

struct StoredEventRow {
    std::int64_t task = 0;
    std::int64_t sequence = 0;
    std::int64_t position = 0;
    task::EventType type{};
    base::TimePoint at{};
    std::string event_id;
    std::string body;
    std::optional<base::TimePoint> deleted_at;
};

struct StoredTask {
    std::string provider;  ///< empty: a subject of pollhook's own events
    std::string id;
    task::Status status{};
    std::int64_t sequence = 0;
    std::string webhook_url;
    base::TimePoint registered_at{};
    std::optional<base::TimePoint> ended_at;
    bool settles = false;  ///< ended, and still looked at
    std::optional<base::TimePoint> deleted_at;
    std::vector<StoredTransition> transitions;  ///< by sequence
};

struct StoredDelivery {
    std::int64_t task = 0;
    std::int64_t sink = 0;
    std::int64_t sequence = 0;
    store::DeliveryState state{};
    task::EventType type{};
    bool has_due = false;
    std::int64_t attempts = 0;
    std::string reason;
    std::string event_id;
    bool is_latest = false;  ///< in that order
    bool is_deleted = false;
};

/// What is in the database and what was deleted from it, as far as there is an archive; read with plain SQL
/// and without any code of the store.
struct Inspection {
    std::string integrity;  ///< `ok`, or what is wrong, also when it cannot be read at all
    std::map<std::int64_t, StoredTask> tasks;
    /// By event id, which is that of before when a task that was deleted is watched anew.
    std::multimap<std::string, StoredEventRow> events;
    std::vector<StoredDelivery> deliveries;     ///< by task, sink and sequence
    std::map<std::int64_t, std::string> sinks;  ///< names
    std::vector<std::string> returned;          ///< rows that are there although they were deleted
};

/// Reads a copy of the disk, as a process would find it after a crash at this moment. Empty when there is no
/// database with tables yet.
std::optional<Inspection> inspect(const Disk& disk, const Timeline& timeline);

}  // namespace pollhook::simulation
