#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/status.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace pollhook::task {

/// What is known of a task: the last state that was recorded and announced. Small, since one is kept for
/// every watched task.
struct Known {
    std::uint32_t sequence = 0;  ///< of the last transition; 0 before the first
    Status status = Status::queued;
    std::uint8_t peak_rank = 0;      ///< the highest rank() ever seen
    std::int8_t progress = 0;        ///< the highest announced, 0 to 100
    bool stalled_announced = false;  ///< since the last change
    std::uint32_t unknown_word = 0;  ///< word_digest() of the relay's word while the status is `unknown`
};

/// A step that must be recorded and announced.
struct Transition {
    EventType type = EventType::running;
    std::uint32_t sequence = 0;  ///< Known::sequence + 1
    Status from = Status::queued;
    Status to = Status::queued;
    std::int8_t from_progress = 0;
    std::int8_t to_progress = 0;  ///< never below from_progress
    base::TimePoint at{};         ///< our clock

    bool operator==(const Transition&) const = default;
};

/// Compares one look at a task with what is known. Empty when nothing is to be announced: the same state,
/// progress that did not rise, a state of lower rank than one already seen, or anything after a terminal
/// state. Relays go back in both, by a race or a second copy of the task.
std::optional<Transition> detect(
    const Known& known,
    Status status,
    std::int8_t progress,
    std::string_view upstream_status,
    base::TimePoint at
);

/// The transition that pollhook itself decides on: `lost`, `expired`, `stalled` (which keeps the status) or
/// `updated` (a result after the end). `type` is one of these four.
Transition decide(const Known& known, EventType type, base::TimePoint at);

/// What is known after `transition` was recorded.
Known apply(const Known& known, const Transition& transition, std::string_view upstream_status);

/// A short digest of a relay's status word, without case.
std::uint32_t word_digest(std::string_view upstream_status) noexcept;

}  // namespace pollhook::task
