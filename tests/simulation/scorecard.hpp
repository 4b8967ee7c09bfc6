#pragma once

#include "pollhook/base/time.hpp"
#include "violations.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pollhook::simulation {

/// What one seed, or many of them together, went through.
struct Scorecard {
    std::uint64_t seeds = 0;
    std::uint64_t kills = 0;
    std::uint64_t power_cuts = 0;
    std::uint64_t stops = 0;  ///< SIGTERM
    std::uint64_t disk_errors = 0;
    std::uint64_t clock_jumps = 0;
    std::uint64_t reloads = 0;
    std::uint64_t tasks = 0;
    std::uint64_t pruned = 0;  ///< tasks
    std::uint64_t transitions = 0;
    std::uint64_t webhooks = 0;
    std::uint64_t looks = 0;
    std::uint64_t connections = 0;
    std::uint64_t virtual_ms = 0;
    std::uint64_t violations = 0;
    std::uint64_t digest = 0;  ///< of everything that happened, whatever the order of the seeds

    void add(const Scorecard& other) noexcept
    {
        seeds += other.seeds;
        kills += other.kills;
        power_cuts += other.power_cuts;
        stops += other.stops;
        disk_errors += other.disk_errors;
        clock_jumps += other.clock_jumps;
        reloads += other.reloads;
        tasks += other.tasks;
        pruned += other.pruned;
        transitions += other.transitions;
        webhooks += other.webhooks;
        looks += other.looks;
        connections += other.connections;
        virtual_ms += other.virtual_ms;
        violations += other.violations;
        digest += other.digest;
    }
};

}  // namespace pollhook::simulation
