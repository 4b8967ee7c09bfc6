#include "world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pollhook::simulation {

using namespace std::chrono_literals;

void World::sometimes(std::int64_t least, std::int64_t most, const std::function<void()>& what)
{
    for (std::int64_t left = between(least, most); left > 0; --left)
        timeline_.after(base::Duration(between(0, scenario_.chaos.count())), [this, what] {
            if (chaos_)
                what();
        });
}

void World::plan_chaos()
{
    plan_tasks();
    plan_deaths();
    plan_disk_trouble();
    plan_network_trouble();
    plan_receiver_trouble();
    plan_relay_trouble();
    plan_lies();
    plan_operators();
    plan_clock_jumps();
    sometimes(2, 6, [this] { desk_.look_around(); });
    plan_prunes();
    plan_reloads();
    sometimes(2, 6, [this] { check_memory(); });
    timeline_.after(1s, [this] { check_bounds(); });
}

void World::plan_tasks()
{
    for (std::size_t i = 0; i < scenario_.tasks; ++i)
        timeline_.after(base::Duration(between(0, scenario_.chaos.count() * 3 / 4)), [this] {
            submit_task();
        });
}

void World::submit_task()
{
    const bool is_proxy = random_.unit() < 0.7;
    const std::string provider = is_proxy ? "mj" : "omg";
    const auto& hosts = scenario_.webhook_hosts;
    const std::string& host = hosts.at(static_cast<std::size_t>(between(0, std::ssize(hosts) - 1)));
    const std::string id = relays_.at(provider)->next_id();
    const std::string url = fmt::format("https://{}/hooks/{}/{}", host, provider, id);
    // Whoever submitted it tells the relay, or pollhook, where to report; or nobody.
    const double way = random_.unit();
    relays_.at(provider)->submit(id, way < 0.2 ? url : std::string());
    trace_.note("submit {}/{}", provider, id);
    submitted_.emplace_back(provider, id);
    desk_.register_task(provider, id, way >= 0.1 && way < 0.9 ? url : std::string());
}

/// At this moment, between two of the next steps of the program, or in the middle of what it writes next.
void World::plan_death(Disk::Fate how)
{
    const std::int64_t kind = between(0, 2);
    planned_death_ = how;
    if (kind == 0)
        crash(how);
    else if (kind == 1)
        handlers_left_ = static_cast<std::uint64_t>(between(0, 400));
    else
        disk_trouble_.plan(static_cast<std::uint64_t>(between(0, 40)), how);
}

void World::plan_deaths()
{
    if (scenario_.troubles.kills)
        sometimes(1, 16, [this] { plan_death(Disk::Fate::killed); });
    if (scenario_.troubles.power_cuts)
        sometimes(1, 16, [this] { plan_death(Disk::Fate::power_cut); });
    if (scenario_.troubles.restarts)
        sometimes(1, 3, [this] {
            if (!process_ || !process_->is_ready())
                return;
            ++score_.stops;
            trace_.note("SIGTERM");
            process_->stop();
            lives_[process_->boot()].stopped_at = process_->stopped_at();
        });
}

void World::plan_disk_trouble()
{
    if (scenario_.troubles.disk_errors)
        sometimes(1, 5, [this] {
            disk_trouble_.plan(static_cast<std::uint64_t>(between(0, 40)), Disk::Fate::io_error);
        });
    if (scenario_.troubles.disk_full)
        sometimes(1, 3, [this] {
            trace_.note("disk full");
            disk_trouble_.set_full(true);
            lives_[disk_.boot()].disk_was_full = true;
            timeline_.after(base::Duration(between(100, 30'000)), [this] {
                trace_.note("disk has space");
                disk_trouble_.set_full(false);
            });
        });
}

void World::plan_network_trouble()
{
    if (!scenario_.troubles.network)
        return;
    sometimes(2, 10, [this] {
        Weather weather;
        weather.most_latency = base::Duration(between(20, 2'000));
        double* const kinds[] = {
            &weather.look_up_failure,
            &weather.refusal,
            &weather.silence,
            &weather.tls_failure,
            &weather.reset_upwards,
            &weather.reset_downwards,
            &weather.loss_upwards,
            &weather.loss_downwards,
            &weather.idle_close,
            &weather.chop,
            &weather.delay,
        };
        for (double* const odds : kinds)
            if (random_.unit() < 0.4)
                *odds = random_.unit() * 0.5;
        trace_.note("storm");
        network_.set_weather(weather);
        timeline_.after(base::Duration(between(1'000, 60'000)), [this] { network_.set_weather(Weather()); });
    });
}

void World::plan_receiver_trouble()
{
    if (!scenario_.troubles.receivers)
        return;
    sometimes(2, 12, [this] {
        auto place = receivers_.begin();
        std::advance(place, between(0, std::ssize(receivers_) - 1));
        ReceiverMood mood;
        for (double* const odds :
             {&mood.error, &mood.overload, &mood.reset, &mood.hang, &mood.cut, &mood.late})
            if (random_.unit() < 0.4)
                *odds = random_.unit() * 0.6;
        if (random_.unit() < 0.1)
            mood.gone = random_.unit() * 0.3;
        trace_.note("bad mood {}", place->first);
        ReceiverHost* const host = place->second.get();
        host->set_mood(mood);
        timeline_.after(base::Duration(between(1'000, 180'000)), [host] { host->set_mood(ReceiverMood()); });
    });
}

void World::plan_relay_trouble()
{
    if (!scenario_.troubles.relays)
        return;
    static constexpr std::array specs{
        "500:0.3",           "503:0.3:20", "429:0.3:10",    "401:0.2",      "404:0.2",
        "413:0.3",           "301:0.3",    "html:0.3",      "empty:0.2",    "badjson:0.3",
        "success-false:0.3", "reset:0.3",  "hang:0.2",      "truncate:0.3", "duplicate:0.3",
        "foreign:0.4",       "omit:0.2",   "backwards:0.4", "baditem:0.3",
    };
    sometimes(2, 10, [this] {
        RelayHost* const relay = relays_.at(random_.unit() < 0.6 ? "mj" : "omg").get();
        std::vector<std::string> chosen;
        for (std::int64_t left = between(1, 4); left > 0; --left)
            chosen.emplace_back(specs.at(static_cast<std::size_t>(between(0, std::ssize(specs) - 1))));
        trace_.note("relay trouble {}", fmt::join(chosen, " "));
        relay->set_faults(chosen);
        timeline_.after(base::Duration(between(1'000, 120'000)), [relay] { relay->set_faults({}); });
    });
}

void World::plan_lies()
{
    if (!scenario_.troubles.lies)
        return;
    static constexpr std::array words{"SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILURE", "CANCEL", "SNOOZING"};
    sometimes(1, 6, [this] {
        if (submitted_.empty())
            return;
        const auto& [provider, id] =
            submitted_.at(static_cast<std::size_t>(between(0, std::ssize(submitted_) - 1)));
        if (random_.unit() < 0.15) {
            trace_.note("forget {}/{}", provider, id);
            relays_.at(provider)->forget(id);
            return;
        }
        const char* const word = words.at(static_cast<std::size_t>(between(0, std::ssize(words) - 1)));
        trace_.note("lie {}/{} {}", provider, id, word);
        RelayHost* const relay = relays_.at(provider).get();
        relay->contradict(id, word);
        timeline_.after(base::Duration(between(1'000, 60'000)), [relay, id] { relay->tell_truth(id); });
    });
}

void World::plan_operators()
{
    if (!scenario_.troubles.operators)
        return;
    sometimes(1, 4, [this] {
        const auto& sinks = scenario_.config.sinks;
        const std::string name = sinks.at(static_cast<std::size_t>(between(0, std::ssize(sinks) - 1))).name;
        trace_.note("pause {}", name);
        desk_.pause(name);
        timeline_.after(base::Duration(between(1'000, 60'000)), [this, name] {
            trace_.note("resume {}", name);
            desk_.resume(name);
        });
    });
}

void World::plan_clock_jumps()
{
    if (!scenario_.troubles.clock_jumps)
        return;
    static constexpr std::array<base::Duration, 6> jumps{-24h, -2h, -3s, 3s, 2h, 24h};
    sometimes(1, 4, [this] {
        const base::Duration jump = jumps.at(static_cast<std::size_t>(between(0, std::ssize(jumps) - 1)));
        trace_.note("clock jumps by {}", jump.count());
        timeline_.jump(jump);
    });
}

/// The daemon does it by itself, but rarely lives long enough in the chaos.
void World::plan_prunes()
{
    if (scenario_.troubles.retention)
        sometimes(3, 12, [this] { desk_.prune(); });
}

void World::plan_reloads()
{
    if (scenario_.troubles.reloads)
        sometimes(2, 8, [this] { configure(scenario_.another_config(random_)); });
}

/// Writes another configuration; somebody waits for the reload's answer, or nobody.
void World::configure(config::Config next)
{
    configurations_.write(std::move(next), timeline_.now());
    ++score_.reloads;
    trace_.note("configuration {}", configurations_.newest());
    if (process_ && process_->is_ready() && random_.unit() < 0.3)
        process_->reload();
    if (!chaos_ || random_.unit() < 0.8)
        desk_.reload();
}

}  // namespace pollhook::simulation
