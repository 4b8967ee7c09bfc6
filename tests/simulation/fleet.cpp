#include "fleet.hpp"

#include "world.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <vector>

namespace pollhook::simulation {

namespace {

constexpr unsigned most_jobs = 64;

/// What the workers share: memory of all of them.
struct Board {
    struct Share {
        std::atomic<std::uint64_t> seed{0};  // under way
        Scorecard score;
    };

    std::atomic<std::uint64_t> next{0};
    std::atomic<bool> found{false};  // a violation
    std::array<Share, most_jobs> shares;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

void report(std::uint64_t seed, const std::string& what)
{
    fmt::print("seed {}: {}\n", seed, what);
    std::fflush(stdout);
}

Scorecard run_seed(std::uint64_t seed)
{
    try {
        World world(seed, nullptr);
        world.run();
        for (const Violation& violation : world.violations().all())
            report(seed, violation.invariant + " violated: " + violation.what);
        return world.scorecard();
    } catch (const std::exception& failure) {
        report(seed, fmt::format("an exception left the daemon: {}", failure.what()));
        Scorecard score;
        score.seeds = 1;
        score.violations = 1;
        return score;
    }
}

void work(Board& board, Board::Share& share, SeedRange range, bool until_violation)
{
    while (!until_violation || !board.found) {
        const std::uint64_t seed = range.first + board.next++;
        if (seed > range.last)
            return;
        share.seed = seed;
        share.score.add(run_seed(seed));
        if (share.score.violations > 0)
            board.found = true;
    }
}

/// SQLite and spdlog keep state of their own for each process, so seeds run side by side in several.
pid_t start_worker(Board& board, Board::Share& share, SeedRange range, bool until_violation)
{
    std::fflush(stdout);
    const pid_t process = ::fork();
    if (process < 0)
        throw std::runtime_error("no process");
    if (process == 0) {
        work(board, share, range, until_violation);
        ::_exit(0);
    }
    return process;
}

}  // namespace

Scorecard run_fleet(SeedRange range, FleetOptions options)
{
    void* const memory =
        ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::runtime_error("no memory");
    Board& board = *new (memory) Board();
    std::vector<pid_t> workers;
    for (unsigned i = 0; i < std::clamp(options.jobs, 1U, most_jobs); ++i)
        workers.push_back(start_worker(board, board.shares.at(i), range, options.until_violation));

    Scorecard all;
    for (std::size_t i = 0; i < workers.size(); ++i) {
        int status = 0;
        ::waitpid(workers[i], &status, 0);
        Board::Share& share = board.shares.at(i);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            report(share.seed, fmt::format("the program died (wait status {})", status));
            ++share.score.violations;
        }
        all.add(share.score);
    }
    ::munmap(memory, sizeof(Board));
    return all;
}

std::string line_of(const Scorecard& score)
{
    return fmt::format(
        "seeds={} kills={} power_cuts={} stops={} disk_errors={} clock_jumps={} reloads={} tasks={} "
        "pruned={} transitions={} "
        "webhooks={} looks={} connections={} virtual_hours={:.1f} violations={} digest={:016x}",
        score.seeds,
        score.kills,
        score.power_cuts,
        score.stops,
        score.disk_errors,
        score.clock_jumps,
        score.reloads,
        score.tasks,
        score.pruned,
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
