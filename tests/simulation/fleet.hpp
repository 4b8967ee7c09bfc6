#pragma once

#include "scorecard.hpp"

#include <cstdint>
#include <string>

namespace pollhook::simulation {

/// Both ends belong to it.
struct SeedRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

struct FleetOptions {
    unsigned jobs = 1;  ///< processes
    bool until_violation = false;
};

/// Runs every seed of the range and prints each violation as it comes; the sum of all scorecards.
Scorecard run_fleet(SeedRange range, FleetOptions options);

/// The scorecard in one line.
std::string line_of(const Scorecard& score);

}  // namespace pollhook::simulation
