#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/key.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::store {

/// A row of `tasks`. Never reused.
enum class TaskRow : std::int64_t {};
/// A row of `sinks`; 0 is the task's own webhookUrl.
enum class SinkId : std::int32_t {};
inline constexpr SinkId task_webhook{0};
/// A row of `origins`: what deliveries are queued and limited by. A configured sink is one (`sink:ops`), and
/// so is the scheme, host and port of a task's URL (`https://example.com`).
enum class OriginId : std::int64_t {};

/// A delivery's natural key: one event of one task to one destination. Its lane is (task, sink).
struct DeliveryKey {
    TaskRow task{};
    SinkId sink{};
    std::uint32_t sequence = 0;

    auto operator<=>(const DeliveryKey&) const = default;

    /// `12-0-3`, as the API shows it.
    [[nodiscard]] std::string text() const;
    static std::optional<DeliveryKey> parse(std::string_view text);
};

enum class DeliveryState : std::uint8_t {
    pending = 0,
    /// Claimed: in the dispatcher's memory, waiting for its turn or being attempted. Not stored: in the
    /// database it is pending, so that a crash leaves nothing to be released.
    in_flight = 1,
    delivered = 2,
    dead = 3,
    superseded = 4,
    cancelled = 5,
};
/// `pending`, `inFlight`, …
std::string_view name(DeliveryState state) noexcept;
std::optional<DeliveryState> parse_delivery_state(std::string_view name) noexcept;

/// An event as it was committed. Immutable, shared by its deliveries and their attempts.
struct StoredEvent {
    std::int64_t row = 0;  ///< position in the order of commits
    std::string id;
    task::EventType type{};
    task::TaskKey task;
    std::uint32_t sequence = 0;
    base::TimePoint at{};
    std::string body;               ///< the Standard Webhooks payload, exactly as it is sent
    std::uint32_t upstream_at = 0;  ///< see task::EventBody
    std::string traceparent;        ///< its span; empty for events of older databases
    std::string tracestate;         ///< its task's
};

/// A delivery that the dispatcher owns until it is settled. It is the head of its lane.
struct ClaimedDelivery {
    DeliveryKey key;
    OriginId origin{};
    std::uint32_t attempts = 0;      ///< all that were made before, for their numbering
    std::uint32_t spent = 0;         ///< of these since it was last re-opened: what the retry budget counts
    std::uint32_t rejected = 0;      ///< of `spent` those that were rejected: they have a budget of their own
    base::TimePoint committed_at{};  ///< of the event
    std::string url;                 ///< the task's own; empty for configured sinks
    std::shared_ptr<const StoredEvent> event;
};

/// What came of re-opening one delivery.
enum class Reopening : std::uint8_t {
    reopened,
    not_found,
    open_already,  ///< it is pending; when it is the head of its lane, it is due now
    in_flight,
};

/// How many deliveries the dispatcher has room for when an operation is handed in; the store claims no more,
/// the rest waits in SQLite.
struct ClaimPolicy {
    std::size_t room = 0;
    std::vector<OriginId> saturated;  ///< sorted; nothing more is claimed for these
    /// When a delivery that becomes the head of its lane and is not claimed is due: at once, by the clock
    /// that the dispatcher claims with, which does not follow the jumps of the wall clock. Empty: the event's
    /// own time, or that of the settlement.
    std::optional<base::TimePoint> now;
};

}  // namespace pollhook::store
