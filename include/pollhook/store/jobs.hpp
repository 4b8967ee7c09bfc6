#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/store/queries.hpp"
#include "pollhook/task/event.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pollhook::store {

/// The numbers are stored.
enum class JobKind : std::uint8_t {
    retry = 0,   ///< re-opens deliveries that have ended
    replay = 1,  ///< sends past events to a sink again, or for the first time
};
enum class JobState : std::uint8_t { running = 0, done = 1, cancelled = 2 };
/// `retry`, `replay`.
std::string_view name(JobKind kind) noexcept;
/// `running`, `done`, `cancelled`.
std::string_view name(JobState state) noexcept;

/// What a job shall do.
struct JobRequest {
    JobKind kind{};
    /// Of a retry. Its state is one that has ended; empty: dead.
    DeliveryFilter filter;
    /// Of a replay: where to, and the events' time (from `since` on and before `until`) and types (empty:
    /// all).
    SinkId sink{};
    base::TimePoint since{};
    std::optional<base::TimePoint> until;
    std::vector<task::EventType> types;
    double per_second = 0;  ///< deliveries; kept for the one who advances the job
};

/// Re-driving many deliveries: persisted, and advanced in bounded steps. It covers what was there when it was
/// created, each delivery or event once.
struct Job {
    std::int64_t id = 0;
    JobRequest request;
    JobState state{};
    base::TimePoint created_at{};
    std::optional<base::TimePoint> ended_at;
    std::uint64_t examined = 0;    ///< deliveries or events that matched so far
    std::uint64_t total = 0;       ///< what matched when it was created
    std::uint64_t deliveries = 0;  ///< made or re-opened
};

/// One step of a job.
struct Advanced {
    Job job;                        ///< as it is after the step
    std::vector<OriginId> waiting;  ///< origins that got deliveries which are due
    std::size_t deliveries = 0;     ///< made or re-opened by this step
};

}  // namespace pollhook::store
