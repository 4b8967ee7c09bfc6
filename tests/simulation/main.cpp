#include "fleet.hpp"
#include "mutant.hpp"
#include "world.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace pollhook::simulation {
namespace {

/// `200` is 0..199; `1000..1999` has both ends.
std::optional<SeedRange> parse_range(const std::string& text)
{
    try {
        const std::size_t dots = text.find("..");
        if (dots == std::string::npos)
            return SeedRange{.first = 0, .last = std::stoull(text) - 1};
        return SeedRange{
            .first = std::stoull(text.substr(0, dots)), .last = std::stoull(text.substr(dots + 2))
        };
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

int run_one(std::uint64_t seed, bool trace)
{
    World world(seed, trace ? stdout : nullptr);
    world.run();
    const Scorecard score = world.scorecard();
    for (const Violation& violation : world.violations().all())
        fmt::print("seed {}: {} violated: {}\n", seed, violation.invariant, violation.what);
    fmt::print("{}\n", line_of(score));
    return score.violations == 0 ? 0 : 1;
}

int main(int argc, char** argv)
{
    CLI::App app("Runs the daemon on virtual time, a simulated network and a crashing disk.");
    std::string seeds = "20";
    std::optional<std::uint64_t> seed;
    unsigned jobs = 1;
    bool trace = false;
    bool expect_violation = false;
    app.add_option("--seeds", seeds, "N for 0..N-1, or FIRST..LAST")->capture_default_str();
    app.add_option("--seed", seed, "this seed alone");
    app.add_flag("--trace", trace, "with --seed: print what happens");
    app.add_option("--jobs", jobs, "seeds that run side by side")->capture_default_str();
    app.add_flag(
        "--expect-violation",
        expect_violation,
        "stop at the first seed with a violation; fail when there is none"
    );
#ifdef POLLHOOK_MUTANTS
    int mutant = 0;
    app.add_option("--mutant", mutant, "switch on the mutant of this number");
#endif
    CLI11_PARSE(app, argc, argv);
#ifdef POLLHOOK_MUTANTS
    switch_on_mutant(mutant);
#endif

    if (seed)
        return run_one(*seed, trace);
    const std::optional<SeedRange> range = parse_range(seeds);
    if (!range || range->last < range->first) {
        fmt::print(stderr, "--seeds: \"{}\" is neither N nor FIRST..LAST\n", seeds);
        return 64;
    }
    const Scorecard all = run_fleet(*range, {.jobs = jobs, .until_violation = expect_violation});
    fmt::print("{}\n", line_of(all));
    if (all.violations > 0)
        fmt::print("to replay a seed: {} --seed SEED --trace\n", argv[0]);
    return (all.violations > 0) == expect_violation ? 0 : 1;
}

}  // namespace
}  // namespace pollhook::simulation

int main(int argc, char** argv)
{
    return pollhook::simulation::main(argc, argv);
}
