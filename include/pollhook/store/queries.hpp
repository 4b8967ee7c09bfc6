#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/key.hpp"
#include "pollhook/task/status.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::store {

struct Attempt;

/// How many rows are looked at for one page, matching or not, so that those who wait for the reader get their
/// turn. A page that ends there is short or empty, and has a `next` all the same.
inline constexpr std::int64_t rows_per_page = 10'000;

/// A page's cursor is the last row that the page before looked at; newest first where nothing else is said.
struct TaskQuery {
    std::optional<task::Status> status;
    std::string provider;     ///< empty: all
    std::string q;            ///< part of the id; empty: all
    std::size_t limit = 50;   ///< 1 to 1000
    std::int64_t before = 0;  ///< row; 0: from the newest
    std::int64_t most_looked_at = rows_per_page;
};
struct TaskSummary {
    TaskRow row{};
    task::TaskKey key;
    task::Status status{};
    std::string upstream_status;
    int progress = 0;
    std::uint32_t sequence = 0;
    std::string webhook_url;
    std::string metadata;
    base::TimePoint registered_at{};
    base::TimePoint changed_at{};
    std::optional<base::TimePoint> ended_at;
    bool watching = true;  ///< false: it has ended and settled, or nobody wants to know any more
};
struct TaskPage {
    std::vector<TaskSummary> tasks;
    std::int64_t next = 0;  ///< 0: no more
};

struct TransitionRow {
    std::uint32_t sequence = 0;
    task::EventType type{};
    task::Status from{};
    task::Status to{};
    int from_progress = 0;
    int to_progress = 0;
    std::string upstream_status;
    base::TimePoint at{};
};

enum class Order : std::uint8_t { oldest_first, newest_first };

struct EventQuery {
    Order order = Order::oldest_first;
    std::int64_t after = 0;              ///< the last row seen, in this order; 0: from its beginning
    std::vector<task::EventType> types;  ///< empty: all
    std::size_t limit = 50;              ///< 1 to 1000
    std::optional<base::TimePoint> since;
    std::vector<std::string> providers;           ///< empty: all
    std::vector<task::TaskKey> tasks;             ///< likewise
    std::int64_t most_looked_at = rows_per_page;  ///< the rows of `tasks` are found without a look at others
};
struct EventPage {
    std::vector<StoredEvent> events;
    std::int64_t next = 0;  ///< `after` of the next page; 0: no more for now
    /// Of the oldest first: the row up to which this page has looked; `after` of whatever comes next.
    std::int64_t position = 0;
    std::int64_t looked_from = 0;  ///< likewise: where it began, `after` or what `since` led to
    std::int64_t newest = 0;       ///< the row of the newest event there ever was
    std::int64_t deleted = 0;      ///< the highest row that retention has deleted; 0: none
};

struct DeliveryQuery {
    std::optional<DeliveryState> state;
    std::string sink;  ///< a configured sink's name, or `task`; empty: all
    std::optional<task::TaskKey> task;
    std::string origin;                           ///< as in `origins`; empty: all
    std::size_t limit = 50;                       ///< 1 to 1000
    std::optional<DeliveryKey> before;            ///< empty: from the newest
    std::int64_t most_looked_at = rows_per_page;  ///< those of `task` are found without a look at others
};
/// Which deliveries are counted or re-opened.
struct DeliveryFilter {
    std::optional<DeliveryState> state;  ///< empty: every one that has ended
    std::string sink;                    ///< a configured sink's name, or `task`; empty: all
    std::optional<task::TaskKey> task;
    std::string origin;  ///< as in `origins`; empty: all
    /// Of the event, from `since` on and before `until`.
    std::optional<base::TimePoint> since, until;
};
struct DeliverySummary {
    DeliveryKey key;
    std::string sink;  ///< name, or `task`
    std::string origin;
    std::string url;  ///< the task's own URL; empty for configured sinks
    task::TaskKey task;
    std::string event_id;
    task::EventType type{};
    DeliveryState state{};
    std::uint32_t attempts = 0;
    std::optional<base::TimePoint> due;  ///< pending and head of its lane
    std::optional<base::TimePoint> ended_at;
    std::string reason;
    base::TimePoint created_at{};  ///< of the event
};
struct DeliveryPage {
    std::vector<DeliverySummary> deliveries;
    std::optional<DeliveryKey> next;
};
struct DeliveryDetail {
    DeliverySummary summary;
    std::string traceparent;  ///< of the event; empty when it has none
    std::vector<Attempt> attempts;
};
struct TaskDetail {
    TaskSummary summary;
    std::string contradiction;  ///< a later, contradicting word of the relay; empty: none
    std::vector<TransitionRow> transitions;
    std::vector<StoredEvent> events;
    std::vector<DeliverySummary> deliveries;
};

/// A destination and its part of the outbox.
struct SinkSummary {
    SinkId id{};
    std::string name;         ///< of a configured sink; `task`: the tasks' own URLs, all of them together
    bool configured = false;  ///< in the configuration that runs
    bool paused = false;
    std::string pause_reason;
    std::optional<base::TimePoint> paused_at;
    std::map<DeliveryState, std::uint64_t> deliveries;
    std::optional<base::TimePoint> oldest_pending;
};

struct Totals {
    std::map<std::string, std::map<task::Status, std::uint64_t>>
        tasks;  ///< by provider; stopped ones are not there
    std::map<DeliveryState, std::uint64_t> deliveries;
    std::optional<base::TimePoint> oldest_pending_delivery;
    std::uint64_t events = 0;
    std::uint64_t size_bytes = 0;  ///< of the database file and its WAL
};

}  // namespace pollhook::store
