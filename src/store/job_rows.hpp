#pragma once

#include "pollhook/store/jobs.hpp"
#include "statement.hpp"

#include <cstdint>
#include <vector>

namespace pollhook::store {

/// What read_job() takes, in its order; the rest of a statement follows it.
inline constexpr const char* select_jobs =
    "SELECT id, kind, state, filter_state, filter_sink, filter_provider, filter_task, filter_origin, sink, "
    "since, until, types, per_second, created_at, ended_at, examined, total, deliveries FROM jobs";

Job read_job(const Run& row);

/// A set of event types as it is stored; 0: all.
std::int64_t type_bits(const std::vector<task::EventType>& types);

/// What a job covers, found out before it is stored.
struct JobScope {
    std::uint64_t total = 0;
    std::int64_t events_after = 0;  ///< row; those up to it are older than what is asked for
};

}  // namespace pollhook::store
