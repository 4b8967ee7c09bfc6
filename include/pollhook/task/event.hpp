#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/task/key.hpp"
#include "pollhook/task/observation.hpp"
#include "pollhook/task/status.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::task {

/// The numbers are stored; never renumber them.
enum class EventType : std::uint8_t {
    queued = 0,
    running = 1,
    progress = 2,
    waiting = 3,
    succeeded = 4,
    failed = 5,
    cancelled = 6,
    lost = 7,
    expired = 8,
    stalled = 9,
    updated = 10,
    unknown = 11,
    sink_failing = 12,
    sink_recovered = 13,
    sink_paused = 14,
    delivery_dead = 15,
    provider_failing = 16,
    provider_recovered = 17,
    sink_test = 18,  ///< sent on request, never stored
};
inline constexpr std::size_t event_type_count = 19;

/// `task.queued`, `task.running`, …
std::string_view name(EventType type) noexcept;
std::optional<EventType> parse_event_type(std::string_view name) noexcept;
EventType event_for(Status status) noexcept;
/// Terminal events are never coalesced and never dropped.
bool is_terminal(EventType type) noexcept;
/// Events about pollhook itself rather than a task; see task::Announcement.
bool is_own(EventType type) noexcept;

struct Transition;

/// The event's id, the same for every receiver, every retry and after every crash: `evt_` and 32 hexadecimal
/// digits of a SHA-256 over provider, task id, sequence, status and progress.
/// Standard Webhooks forbids dots in it.
std::string event_id(const TaskKey& key, const Transition& transition);

/// An event's JSON with a hole: the task's metadata is in the store, not in the poller's memory.
///
/// The whole body, which is the Standard Webhooks payload and is stored as it is sent, is
/// `head + metadata + middle + upstream + "}}"`; see assemble().
struct EventDraft {
    std::string id;
    std::string head;      ///< `{"type":…,"timestamp":…,"data":{…,"metadata":`
    std::string upstream;  ///< the relay's object
};

EventDraft draft_event(const TaskKey& key, const Transition& transition, const Snapshot& snapshot);

/// A complete event body and where its parts lie.
struct EventBody {
    std::string bytes;  ///< `{"type":"task.running","timestamp":"…","data":{…}}`
    std::uint32_t upstream_at =
        0;  ///< offset of the relay's object, which ends 2 bytes before the end of `bytes`
};
/// `metadata` is a JSON object's text.
EventBody assemble(const EventDraft& draft, std::string_view metadata);

/// The parts of a stored body, without copying.
std::string_view upstream_of(
    std::string_view body, std::uint32_t upstream_at
) noexcept;                                                ///< what `format = "bare"` sends
std::string_view data_of(std::string_view body) noexcept;  ///< the object under `data`

/// Rebuilds a snapshot from the last event's body, for events that pollhook decides on without a fresh answer
/// (`lost`, `expired`, `stalled`). An empty snapshot when `body` is empty or cannot be read.
Snapshot snapshot_of(std::string_view body);

}  // namespace pollhook::task
