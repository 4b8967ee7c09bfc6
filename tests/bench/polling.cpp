// How many requests the production scheduler needs to see tasks through, and how late it sees a change,
// beside loops with a fixed interval. Everything runs on virtual time, so a day takes a second and every run
// gives the same figures. Prints one JSON object.
#include "pollhook/poll/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace pollhook;
using base::Duration;
using base::SteadyPoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t batch_size = 50;
constexpr std::size_t tasks = 4000;
constexpr double item_bytes = 630, request_bytes = 400;

/// What a relay would show of one task: when each step became visible; the last one ends it.
struct Life {
    SteadyPoint submitted;
    std::vector<SteadyPoint> steps;
};

/// Lives as relays have them: queued for some seconds, a percentage that moves now and then, an end after 30
/// to 120 seconds for most and after many minutes for a few. Tasks come at random, `per_second` of them.
std::vector<Life> make_lives(double per_second)
{
    std::mt19937_64 random(42);
    std::lognormal_distribution<double> duration(std::log(58.0), 0.5);
    std::uniform_real_distribution<double> tail(180, 1200), uniform(0, 1);
    std::exponential_distribution<double> gap(per_second);
    std::uniform_int_distribution<int> changes(3, 12);
    const auto in_seconds = [](double s) { return milliseconds(static_cast<std::int64_t>(s * 1000)); };
    std::vector<Life> lives;
    SteadyPoint at{};
    for (std::size_t i = 0; i < tasks; ++i) {
        at += in_seconds(gap(random));
        Life life{.submitted = at, .steps = {}};
        const double whole =
            uniform(random) < 0.03 ? tail(random) : std::clamp(duration(random), 15.0, 180.0);
        const double queued = std::min(whole / 4, 2 + 8 * uniform(random));
        for (int n = changes(random); n > 0; --n)
            life.steps.push_back(at + in_seconds(queued + (whole - queued) * uniform(random)));
        life.steps.push_back(at + in_seconds(whole));
        std::ranges::sort(life.steps);
        lives.push_back(std::move(life));
    }
    return lives;
}

struct Tally {
    std::size_t requests = 0, looks = 0;
    std::vector<double> end_delays, change_delays;

    /// One look at a task, `seen` of whose steps were known; how many are known now.
    std::size_t look(const Life& life, std::size_t seen, SteadyPoint now)
    {
        ++looks;
        std::size_t shown = seen;
        while (shown < life.steps.size() && life.steps[shown] <= now)
            ++shown;
        if (shown == seen)
            return shown;
        // What a look skips was never announced; its delay is that of the step that stands now.
        const double delay = std::chrono::duration<double>(now - life.steps[shown - 1]).count();
        (shown == life.steps.size() ? end_delays : change_delays).push_back(delay);
        return shown;
    }
};

double percentile(std::vector<double> values, double share)
{
    std::ranges::sort(values);
    return values.at(
        std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))
    );
}

std::string describe(const Tally& tally)
{
    const auto each = [](double n) { return n / static_cast<double>(tasks); };
    const auto requests = static_cast<double>(tally.requests), looks = static_cast<double>(tally.looks);
    std::vector<double> all = tally.change_delays;
    all.insert(all.end(), tally.end_delays.begin(), tally.end_delays.end());
    return fmt::format(
        R"({{"requestsPerTask": {:.3f}, "looksPerTask": {:.3f}, "bytesPerTask": {:.0f}, "endDelayP50": {:.3f}, )"
        R"("endDelayP99": {:.3f}, "changeDelayP50": {:.3f}, "changeDelayP99": {:.3f}}})",
        each(requests),
        each(looks),
        each(requests * request_bytes + looks * item_bytes),
        percentile(tally.end_delays, 0.5),
        percentile(tally.end_delays, 0.99),
        percentile(all, 0.5),
        percentile(all, 0.99)
    );
}

/// What everybody writes: all pending ids, every so often, as many to a request as pollhook asks for.
Tally poll_at_fixed_interval(const std::vector<Life>& lives, Duration interval)
{
    Tally tally;
    std::vector<std::size_t> pending, seen(lives.size(), 0);
    std::size_t next = 0;
    for (SteadyPoint now{}; next < lives.size() || !pending.empty(); now += interval) {
        for (; next < lives.size() && lives[next].submitted <= now; ++next)
            pending.push_back(next);
        tally.requests += (pending.size() + batch_size - 1) / batch_size;
        for (const std::size_t i : pending)
            seen[i] = tally.look(lives[i], seen[i], now);
        std::erase_if(pending, [&](std::size_t i) { return seen[i] == lives[i].steps.size(); });
    }
    return tally;
}

/// Nobody needs fewer requests to tell every end within `patience`: this one knows all ends beforehand, asks
/// for what has ended, and as late as it may. It sees nothing but ends.
Tally poll_with_foresight(const std::vector<Life>& lives, Duration patience)
{
    Tally tally;
    std::vector<SteadyPoint> ends;
    ends.reserve(lives.size());
    for (const Life& life : lives)
        ends.push_back(life.steps.back());
    std::ranges::sort(ends);
    for (std::size_t i = 0; i < ends.size();) {
        const SteadyPoint now = ends[i] + patience;
        ++tally.requests;
        for (std::size_t n = 0; n < batch_size && i < ends.size() && ends[i] <= now; ++n, ++i) {
            ++tally.looks;
            tally.end_delays.push_back(std::chrono::duration<double>(now - ends[i]).count());
        }
    }
    return tally;
}

Tally poll_as_pollhook(const std::vector<Life>& lives)
{
    Tally tally;
    poll::Scheduler scheduler{poll::Pace{}};
    std::map<store::TaskRow, std::size_t> life_of;
    std::vector<std::size_t> seen(lives.size(), 0);
    std::size_t next = 0;
    SteadyPoint now{};
    while (next < lives.size() || scheduler.size() > 0) {
        for (; next < lives.size() && lives[next].submitted <= now; ++next) {
            store::WatchedTask task;
            task.row = static_cast<store::TaskRow>(next + 1);
            task.id = std::to_string(1'743'326'750'000'000 + next);
            life_of[task.row] = next;
            scheduler.add(task, now, base::TimePoint{});
        }
        for (auto batch = scheduler.take(now, batch_size); !batch.empty();
             batch = scheduler.take(now, batch_size)) {
            ++tally.requests;
            for (const poll::Slot slot : batch) {
                const std::size_t i = life_of.at(scheduler.row(slot));
                const std::size_t shown = tally.look(lives[i], seen[i], now);
                if (shown == lives[i].steps.size()) {
                    scheduler.finished(slot, task::Status::succeeded, now);
                } else if (shown != seen[i]) {
                    task::Known known = scheduler.known(slot);
                    ++known.sequence;
                    known.status = task::Status::running;
                    scheduler.changed(slot, known, now);
                } else {
                    scheduler.unchanged(slot, now);
                }
                seen[i] = shown;
            }
        }
        SteadyPoint then = next < lives.size() ? lives[next].submitted : SteadyPoint::max();
        if (const auto due = scheduler.next_due(batch_size))
            then = std::min(then, *due);
        now = std::max(then, now + Duration(1));
    }
    return tally;
}

}  // namespace

int main()
{
    // A relay that is busy has about 35 tasks at once, a quiet one has two.
    std::string_view separator = "{";
    for (const auto& [name, per_second] : {std::pair("busy", 0.5), std::pair("quiet", 0.03)}) {
        const std::vector<Life> lives = make_lives(per_second);
        std::printf(
            "%s\"%s\": {\"pollhook\": %s,\n \"fixed 5s\": %s,\n \"fixed 15s\": %s,\n \"foresight\": %s}",
            separator.data(),
            name,
            describe(poll_as_pollhook(lives)).c_str(),
            describe(poll_at_fixed_interval(lives, seconds(5))).c_str(),
            describe(poll_at_fixed_interval(lives, seconds(15))).c_str(),
            describe(poll_with_foresight(lives, milliseconds(3100))).c_str()
        );
        separator = ",\n";
    }
    std::puts("}");
}
