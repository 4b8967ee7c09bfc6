#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulator {

/// One thing that happens to a task on the relay.
struct LifeStep {
    base::Duration after{};  ///< since the step before, in simulated time
    std::string status;      ///< the relay's word, such as `IN_PROGRESS`; may be any word, or empty
    std::string progress;    ///< `45%`
    std::string fail_reason;
    boost::json::object fields;  ///< replaces or adds fields of the answered object, whatever the dialect
};

/// What becomes of a task from its creation on; never empty.
struct TaskLife {
    std::vector<LifeStep> steps;
    std::string action = "IMAGINE";
    std::string prompt = "a lighthouse at dusk --v 6.1";
    std::string state;  ///< the caller's text
    std::string
        webhook_url;  ///< shown by the OhMyGPT dialect, and as properties.notifyHook where internals leak

    /// The index of the step that is current `age` after creation (simulated time).
    [[nodiscard]] std::size_t step_at(base::Duration age) const;
    /// When step `index` begins, since creation (simulated time).
    [[nodiscard]] base::Duration start_of(std::size_t index) const;
};

/// How random lives end; the rest succeeds.
struct LifeOdds {
    double failure = 0.06;
    double cancel = 0.02;
    double modal = 0.02;  ///< waits for a person; half of these never go on
};

/// A life as relays show them: 30 to 120 s mostly, now and then many times that.
TaskLife random_life(base::Random& random, const LifeOdds& odds);

/// Reads `0s SUBMITTED 0%, 2s IN_PROGRESS 30%, 5s SUCCESS 100%`: steps of a duration since the step before, a
/// status and perhaps a progress. Empty when it is malformed or has no step.
std::optional<TaskLife> parse_life(std::string_view script);

/// SUCCESS, FAILURE or CANCEL.
bool is_terminal(std::string_view status) noexcept;

}  // namespace pollhook::simulator
