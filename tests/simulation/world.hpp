#pragma once

#include "canaries.hpp"
#include "configurations.hpp"
#include "disk.hpp"
#include "disk_trouble.hpp"
#include "disk_vfs.hpp"
#include "evidence.hpp"
#include "ledger.hpp"
#include "network.hpp"
#include "operator_desk.hpp"
#include "process.hpp"
#include "receiver_host.hpp"
#include "relay_host.hpp"
#include "scenario.hpp"
#include "scorecard.hpp"
#include "timeline.hpp"
#include "trace.hpp"
#include "violations.hpp"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::simulation {

/// One seed's run: a daemon that is started again whenever it dies, relays, receivers, a disk and a network;
/// first chaos, then calm, in which everything has to come to its end.
class World {
public:
    /// `trace`: where the readable trace goes; null: nowhere.
    World(std::uint64_t seed, std::FILE* trace);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    void run();

    [[nodiscard]] const Violations& violations() const noexcept { return violations_; }
    [[nodiscard]] Scorecard scorecard() const;

private:
    // Time.
    void run_until(base::SteadyPoint end);
    void let_run();
    void run_store_later();
    [[nodiscard]] bool is_over() const { return !violations_.empty(); }

    // The daemon's lives.
    void start_process();
    void install();
    void end_process();
    void crash(Disk::Fate how);
    void bury();
    void inspect_disk();

    // What happens in the chaos.
    void build();
    void plan_chaos();
    void plan_tasks();
    void plan_deaths();
    void plan_death(Disk::Fate how);
    void plan_disk_trouble();
    void plan_network_trouble();
    void plan_receiver_trouble();
    void plan_relay_trouble();
    void plan_lies();
    void plan_operators();
    void plan_clock_jumps();
    void plan_prunes();
    void plan_reloads();
    void configure(config::Config next);
    void check_bounds();
    void check_attempts();
    void check_memory();
    /// `what` some times, at random moments of the chaos.
    void sometimes(std::int64_t least, std::int64_t most, const std::function<void()>& what);
    void submit_task();

    // What comes after it.
    void calm_down();
    void run_to_the_end();
    void send_again();
    void grow_old();
    void carry_out(const std::function<std::vector<std::string>(const Inspection&)>& left_of);
    void finish();
    void judge_all();
    [[nodiscard]] Evidence evidence() const;
    [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high)
    {
        return random_.between(low, high);
    }
    [[nodiscard]] std::uint64_t seed_of(std::uint64_t part) const;

    Scenario scenario_;
    base::Random random_;
    Timeline timeline_;
    Trace trace_;
    Configurations configurations_;
    Violations violations_;
    Canaries canaries_;
    Ledger ledger_;
    Disk disk_;
    DiskTrouble disk_trouble_;
    DiskVfs vfs_;
    Network network_;
    std::map<std::string, std::unique_ptr<RelayHost>> relays_;        // by provider
    std::map<std::string, std::unique_ptr<ReceiverHost>> receivers_;  // by host
    OperatorDesk desk_;
    std::map<std::uint64_t, Life> lives_;
    std::vector<std::pair<std::string, std::string>> submitted_;  // provider and id
    Scorecard score_;

    std::optional<std::uint64_t> handlers_left_;  // until the planned crash
    Disk::Fate planned_death_ = Disk::Fate::killed;
    bool store_planned_ = false;
    bool chaos_ = true;
    bool judged_ = false;
    bool has_archive_ = false;
    std::unique_ptr<Process> process_;
};

}  // namespace pollhook::simulation
