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
    std::string event_id;
    std::string body;
};

struct StoredTask {
    std::string provider;  ///< empty: a subject of pollhook's own events
    std::string id;
    task::Status status{};
    std::int64_t sequence = 0;
    std::string webhook_url;
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
};

/// What is in the database, read with plain SQL and without any code of the store.
struct Inspection {
    std::string integrity;  ///< `ok`, or what is wrong, also when it cannot be read at all
    std::map<std::int64_t, StoredTask> tasks;
    std::map<std::string, StoredEventRow> events;  ///< by event id
    std::vector<StoredDelivery> deliveries;        ///< by task, sink and sequence
    std::map<std::int64_t, std::string> sinks;     ///< names
};

/// Reads a copy of the disk, as a process would find it after a crash at this moment. Empty when there is no
/// database with tables yet.
std::optional<Inspection> inspect(const Disk& disk, const Timeline& timeline);

}  // namespace pollhook::simulation
