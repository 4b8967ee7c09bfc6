#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/simulator/task_life.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace pollhook::simulator {

/// A task as the relay keeps it.
struct SimulatedTask {
    std::string id;
    TaskLife life;
    base::TimePoint submitted_at;
    base::SteadyPoint created_at;
    double speed = 1.0;                       ///< simulated seconds in a real one
    boost::json::object overrides;            ///< fields that a test has set
    std::optional<boost::json::value> fixed;  ///< answered instead of anything made here
};

/// What one reading of a task shows.
struct TaskMoment {
    std::size_t step = 0;
    base::Duration age{};  ///< simulated
};

TaskMoment moment_of(const SimulatedTask& task, base::SteadyPoint now);

/// The task in the dialect of midjourney-proxy. An unfinished task's image URL is different on every call, as
/// relays do it. With `leak_internals` it shows what some servers should not show.
boost::json::value proxy_view(
    const SimulatedTask& task, const TaskMoment& moment, base::Random& random, bool leak_internals
);

/// The task as OhMyGPT shows it: fifteen fields, times in ISO 8601, imageS3Url null until mirrored.
boost::json::value ohmygpt_view(const SimulatedTask& task, const TaskMoment& moment, base::Random& random);

}  // namespace pollhook::simulator
