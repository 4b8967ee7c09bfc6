#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pollhook::task {

/// pollhook's own states. The numbers are stored; never renumber them.
enum class Status : std::uint8_t {
    queued = 0,
    running = 1,
    waiting = 2,  ///< for a person (MODAL)
    unknown = 3,  ///< the relay used a word that we do not know; polled on
    succeeded = 4,
    failed = 5,
    cancelled = 6,
    lost = 7,     ///< ours: the relay no longer knows the task
    expired = 8,  ///< ours: older than max_age
};

constexpr bool is_terminal(Status status) noexcept
{
    return status >= Status::succeeded;
}

/// How far a task has come: 0 before, 1 during and 2 after the work. A task's rank never falls; `unknown`
/// says nothing about it and has none of its own (0).
constexpr int rank(Status status) noexcept
{
    if (is_terminal(status))
        return 2;
    return status == Status::running || status == Status::waiting ? 1 : 0;
}

/// `queued`, `running`, … as on every surface.
std::string_view name(Status status) noexcept;
std::optional<Status> parse_status(std::string_view name) noexcept;

/// The state behind a relay's word: compared without case, `-` and space as `_`. An empty word is `queued`:
/// some relays leave it empty before their own first poll.
Status from_upstream(std::string_view word) noexcept;

}  // namespace pollhook::task
