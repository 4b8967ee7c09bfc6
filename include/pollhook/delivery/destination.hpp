#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/delivery/attempt_counts.hpp"
#include "pollhook/delivery/retry_policy.hpp"
#include "pollhook/delivery/sink_health.hpp"
#include "pollhook/delivery/writers.hpp"
#include "pollhook/sink/sink.hpp"
#include "pollhook/store/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pollhook::delivery {

/// One place that deliveries go to, with what the dispatcher knows of it: a configured sink, or all the
/// tasks' own URLs together.
struct Destination {
    store::SinkRow row;     ///< `paused` is kept in step
    config::Sink settings;  ///< its name alone for the tasks' own URLs: `task`
    /// Attempts under way share it, so that one that a reload replaces lives until they have ended.
    std::shared_ptr<sink::Sink> sink;
    Writers::Former former;  ///< who may still write to its file: attempts wait until they are gone
    RetrySchedules schedules;
    SinkHealth health;
    AttemptCounts counts;

    [[nodiscard]] const std::string& name() const noexcept { return settings.name; }
    [[nodiscard]] bool is_task_webhook() const noexcept { return row.id == store::task_webhook; }
};

}  // namespace pollhook::delivery
