#include "fleet.hpp"

#include "world.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace pollhook::simulation {

namespace {

static_assert(std::is_trivially_copyable_v<Scorecard>);

Scorecard run_share(SeedRange range, std::uint64_t step, bool until_violation)
{
    Scorecard all;
    for (std::uint64_t seed = range.first; seed <= range.last; seed += step) {
        World world(seed, nullptr);
        world.run();
        for (const Violation& violation : world.violations().all())
            fmt::print("seed {}: {} violated: {}\n", seed, violation.invariant, violation.what);
        std::fflush(stdout);
        all.add(world.scorecard());
        if (until_violation && all.violations > 0)
            break;
    }
    return all;
}

struct Worker {
    pid_t process = 0;
    int results = -1;
};

/// SQLite and spdlog keep state of their own for each process, so seeds run side by side in several.
Worker start_worker(SeedRange range, std::uint64_t step, bool until_violation)
{
    int ends[2];
    if (::pipe(ends) != 0)
        throw std::runtime_error("no pipe");
    std::fflush(stdout);
    const pid_t process = ::fork();
    if (process < 0)
        throw std::runtime_error("no process");
    if (process == 0) {
        ::close(ends[0]);
        const Scorecard score = run_share(range, step, until_violation);
        const bool is_told = ::write(ends[1], &score, sizeof score) == static_cast<ssize_t>(sizeof score);
        ::_exit(is_told ? 0 : 1);
    }
    ::close(ends[1]);
    return {.process = process, .results = ends[0]};
}

Scorecard result_of(const Worker& worker)
{
    Scorecard score;
    const bool is_told = ::read(worker.results, &score, sizeof score) == static_cast<ssize_t>(sizeof score);
    ::close(worker.results);
    int status = 0;
    ::waitpid(worker.process, &status, 0);
    if (!is_told || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fmt::print("a worker died (status {})\n", status);
        score = Scorecard();
        score.violations = 1;
    }
    return score;
}

}  // namespace

Scorecard run_fleet(SeedRange range, FleetOptions options)
{
    const std::uint64_t jobs = std::max(options.jobs, 1U);
    if (jobs == 1)
        return run_share(range, 1, options.until_violation);
    std::vector<Worker> workers;
    for (std::uint64_t i = 0; i < jobs; ++i)
        workers.push_back(
            start_worker({.first = range.first + i, .last = range.last}, jobs, options.until_violation)
        );
    Scorecard all;
    for (const Worker& worker : workers)
        all.add(result_of(worker));
    return all;
}

std::string line_of(const Scorecard& score)
{
    return fmt::format(
        "seeds={} kills={} power_cuts={} stops={} disk_errors={} clock_jumps={} tasks={} transitions={} "
        "webhooks={} looks={} connections={} virtual_hours={:.1f} violations={} digest={:016x}",
        score.seeds,
        score.kills,
        score.power_cuts,
        score.stops,
        score.disk_errors,
        score.clock_jumps,
        score.tasks,
        score.transitions,
        score.webhooks,
        score.looks,
        score.connections,
        static_cast<double>(score.virtual_ms) / 3'600'000.0,
        score.violations,
        score.digest
    );
}

}  // namespace pollhook::simulation
