#pragma once

#include "pollhook/admin/store_gauges.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/base/histogram.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/poll/poller.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace pollhook::admin {

/// Whether the daemon runs what its configuration file says.
enum class ReloadOutcome : std::uint8_t { failed = 0, succeeded = 1 };

/// Where the numbers come from at the moment of a scrape. The rooms below count by themselves, in plain
/// counters; here they get their names.
struct Instruments {
    base::Clock* clock = nullptr;
    delivery::Dispatcher* dispatcher = nullptr;
    std::span<poll::Poller* const> pollers;
    const base::Histogram* commit_durations = nullptr;  ///< null: not exposed
    std::uint64_t store_limit = 0;                      ///< bytes; 0: not exposed
    ReloadOutcome last_reload = ReloadOutcome::succeeded;
    const StoreGauges::Reading* stored = nullptr;  ///< null: not known yet
};

/// All metrics in Prometheus' text format (docs/metrics.md lists them). Their labels are names of the
/// configuration and fixed words, never a task, a URL or a relay's word.
std::string exposition(const Instruments& from);

}  // namespace pollhook::admin
