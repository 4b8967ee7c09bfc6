#pragma once

#include "pollhook/store/outbox.hpp"
#include "pollhook/task/key.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace pollhook::store {

/// What the database holds against one of the invariants of docs/faults.md.
struct Violation {
    std::string invariant;  ///< `I0` to `I9`
    std::string what;
    std::optional<TaskRow> task;  ///< none: it concerns the whole file
    task::TaskKey key;            ///< empty when there is no such task, or it is a subject of own events
    std::optional<SinkId> sink;   ///< of a delivery
    std::uint32_t sequence = 0;   ///< 0: it concerns the task or the lane
};

struct InvariantCheck {
    std::uint64_t tasks = 0;  ///< with the subjects of own events
    std::uint64_t transitions = 0;
    std::uint64_t deliveries = 0;
    std::uint64_t violations = 0;
};

/// Who is told while a check goes on, on the thread that called it.
struct InvariantListener {
    std::function<void(const Violation&)> found;
    /// `tasks` out of about `all`; may be empty.
    std::function<void(std::uint64_t tasks, std::uint64_t all)> progress;
};

/// Checks everything that a database can say about the invariants. Blocks.
///
/// It reads only, and may run beside the daemon: it never writes or checkpoints, and reads some hundred tasks
/// with all that hangs on them in one short transaction, so that it sees each of them in one state and does
/// not keep the log from being emptied. Throws StartError when `file` is not there or no database of this
/// version.
InvariantCheck check_invariants(const std::filesystem::path& file, const InvariantListener& listener);

}  // namespace pollhook::store
