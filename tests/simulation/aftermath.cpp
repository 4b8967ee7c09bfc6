// What an operator has sent again once the calm has come, while the daemon goes on dying.
#include "checks.hpp"
#include "world.hpp"

#include <algorithm>

namespace pollhook::simulation {

using namespace std::chrono_literals;

namespace {

constexpr const char* replayed_sink = "ops";
constexpr base::Duration step_time = 1min;
constexpr base::Duration bound_of_again = 1h;
/// It looks once an hour.
constexpr base::Duration bound_of_housekeeping = 1h + 1min;

}  // namespace

void World::send_again()
{
    if (is_over() || !scenario_.troubles.again)
        return;
    judge_all();
    trace_.note("retry what is dead");
    desk_.retry_dead();
    carry_out([this](const Inspection& stored) { return still_dead(stored, evidence()); });

    const std::size_t before = ledger_.size();
    trace_.note("replay {}", replayed_sink);
    desk_.replay(replayed_sink);
    carry_out([this, before](const Inspection& stored) {
        return not_replayed(stored, evidence(), replayed_sink, before);
    });
    if (const auto stored = inspect(disk_, timeline_); stored && !is_over())
        check_replay(*stored, evidence(), replayed_sink, before, violations_);
}

/// What has ended is deleted by the daemon itself, all of it; what is new begins behind it.
void World::grow_old()
{
    if (is_over() || !scenario_.troubles.retention)
        return;
    trace_.note("grow old");
    run_until(timeline_.now() + scenario_.config.store.retention + bound_of_housekeeping);
    // A clock that was set back by a day makes everything younger.
    if (const auto stored = inspect(disk_, timeline_); stored && !scenario_.troubles.clock_jumps)
        for (const std::string& task : ended_and_there(*stored))
            violations_.add("I10", task + " is kept beyond the retention's time");
    submit_task();
    submit_task();
    run_to_the_end();
}

/// Until nothing is left of what the operator asked for. Some deaths are on the way.
void World::carry_out(const std::function<std::vector<std::string>(const Inspection&)>& left_of)
{
    for (std::int64_t deaths = between(0, 3); deaths > 0; --deaths)
        timeline_.after(base::Duration(between(0, 2'000)), [this] {
            plan_death(random_.unit() < 0.5 ? Disk::Fate::killed : Disk::Fate::power_cut);
        });
    const base::SteadyPoint bound = timeline_.now() + bound_of_again;
    std::vector<std::string> left;
    do {
        run_until(timeline_.now() + step_time);
        left.clear();
        if (const auto stored = inspect(disk_, timeline_)) {
            left = unfinished(*stored, evidence());
            std::ranges::copy(left_of(*stored), std::back_inserter(left));
        }
        if (left.empty() && !desk_.waits_for_answer())
            return;
    } while (timeline_.now() < bound && !is_over());
    if (is_over())
        return;
    if (desk_.waits_for_answer())
        violations_.add("I7", "a job is never acknowledged");
    for (const std::string& what : left)
        violations_.add("I7", what + " is not sent again");
}

}  // namespace pollhook::simulation
