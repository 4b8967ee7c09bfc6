#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/provider/error.hpp"
#include "pollhook/task/observation.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::provider {

/// What one look at a relay brought. The observations point into `bodies`.
struct Answer {
    Answer() = default;
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    Answer(Answer&&) noexcept = default;
    Answer& operator=(Answer&&) noexcept = default;
    ~Answer() = default;

    std::deque<std::string>
        bodies;  ///< a deque, because its elements stay where they are when it grows or is moved
    std::vector<task::Observation> observations;  ///< at most one for each id
    /// Ids whose absence from the answer counts as a miss: relays leave out what they do not know, and now
    /// and then what they do. Ids that could not be asked about (a refused chunk, a page cap) are in neither
    /// list.
    std::vector<std::string> missing;
    std::size_t malformed = 0;                  ///< items that could not be read
    std::string malformed_id;                   ///< of one of them, when one tells its id
    std::size_t foreign = 0;                    ///< items that nobody asked for
    std::size_t requests = 0;                   ///< made to the relay for this answer
    std::size_t bytes = 0;                      ///< received
    std::vector<base::Duration> request_times;  ///< of each request, from its begin to its last byte
};

/// A failed look. No failure ever changes a task's state: it tells of the relay, not of the task.
struct LookFailure {
    Errc kind = Errc::unavailable;
    std::string detail;  ///< for people, printable: `HTTP 503`, `timed out after 15s`, …
    std::optional<base::Duration> retry_after;  ///< as the relay asked, not yet capped
};

struct LookResult {
    Answer answer;                       ///< what was learnt, possibly only for some of the ids
    std::optional<LookFailure> failure;  ///< why the rest is unknown
};

/// A relay account: asks for the state of tasks in the relay's own dialect. Lives on the loop.
///
/// Implementations keep no state about tasks; pace, back-off, batching and alarms are the poller's.
class Provider {
public:
    Provider() = default;
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;
    virtual ~Provider() = default;

    /// The most ids that one look() should be given.
    [[nodiscard]] virtual std::size_t batch_size() const noexcept = 0;

    /// Asks for `ids`, each valid by task::is_valid_id. Never throws for anything that the relay does; a
    /// cancelled look ends with whatever it has and a failure. `ids` must outlive the operation.
    [[nodiscard]] virtual boost::asio::awaitable<LookResult> look(std::span<const std::string> ids) = 0;

    /// Everything that an event needs, from one observation's raw bytes. Pure. An error when they cannot be
    /// read.
    [[nodiscard]] virtual base::Result<task::Snapshot> snapshot(std::string_view raw) const = 0;

    /// Whether discover() brings anything (`discover = true` of a provider with a feed).
    [[nodiscard]] virtual bool discovers() const noexcept { return false; }
    /// The account's newest tasks, registered here or not; every item is an observation.
    [[nodiscard]] virtual boost::asio::awaitable<LookResult> discover();
};

}  // namespace pollhook::provider
