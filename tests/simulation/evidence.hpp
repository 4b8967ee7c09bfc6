#pragma once

#include "configurations.hpp"
#include "inspection.hpp"
#include "ledger.hpp"
#include "operator_desk.hpp"
#include "pollhook/base/time.hpp"
#include "relay_host.hpp"
#include "scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::simulation {

/// What is remembered of one life of the daemon.
struct Life {
    std::size_t clock_jumps = 0;                  ///< before its start
    std::optional<base::SteadyPoint> stopped_at;  ///< SIGTERM
    base::SteadyPoint ended_at = base::SteadyPoint::max();
    bool ended_in_order = false;
    bool disk_was_full = false;  ///< so that it could not note what it had sent
};

/// All that the checks go by, apart from the database itself.
struct Evidence {
    const Scenario* scenario = nullptr;
    const Ledger* ledger = nullptr;
    std::map<std::string, const RelayHost*> relays;  ///< by provider
    std::map<std::uint64_t, Life> lives;             ///< by boot
    /// Provider and id of each task whose registration was answered with success.
    std::set<std::pair<std::string, std::string>> registered;
    /// When each was asked for last, by the wall clock.
    std::map<std::pair<std::string, std::string>, base::TimePoint> asked;
    std::vector<SinkPause> pauses;
    const Configurations* configurations = nullptr;
    base::Duration wall_offset{};  ///< from steady time to the wall clock, while nothing jumps
};

/// Where a delivery goes, as receipts call it; empty: nobody knows, its sink or URL is gone.
std::string destination_of(
    const StoredDelivery& delivery, const Inspection& stored, const Scenario& scenario
);

}  // namespace pollhook::simulation
