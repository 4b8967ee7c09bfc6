#pragma once

#include "parameters.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/store/queries.hpp"
#include "pollhook/task/event.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::admin {

// The bodies of the requests that change how things are delivered. The error is a text for the caller that
// names the member. Pure.

/// Of `POST /v1/sinks/{name}/pause`; the body may be empty.
struct PauseBody {
    std::string reason = "paused by the operator";
};
Parsed<PauseBody> read_pause(std::string_view body);

/// Of `POST /v1/reload`; the body may be empty.
struct ReloadBody {
    bool no_wait = false;  ///< `"wait": false`: answer before it has happened
};
Parsed<ReloadBody> read_reload(std::string_view body);

/// How fast deliveries are made or re-opened where the caller does not say.
inline constexpr double default_per_second = 100;

/// Of `POST /v1/sinks/{name}/replay`.
struct ReplayBody {
    base::TimePoint since{};
    std::optional<base::TimePoint> until;
    std::vector<task::EventType> types;  ///< empty: those that the sink is configured for
    double per_second = default_per_second;
    bool dry_run = false;
};
Parsed<ReplayBody> read_replay(std::string_view body);

/// Of `POST /v1/deliveries/retry`.
struct RetryBody {
    store::DeliveryFilter filter;  ///< its state is set
    double per_second = default_per_second;
    bool dry_run = false;
};
Parsed<RetryBody> read_retry(std::string_view body);

/// Of `POST /v1/prune`; the body may be empty.
struct PruneBody {
    std::optional<base::Duration> older_than;  ///< absent: the configured retention
    bool dry_run = false;
};
Parsed<PruneBody> read_prune(std::string_view body);

}  // namespace pollhook::admin
