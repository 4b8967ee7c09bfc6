#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/config/config.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pollhook::simulation {

inline constexpr const char* state_dir = "/state";
inline constexpr const char* database_path = "/state/pollhook.db";
/// Where nothing may ever be sent to, although a name of the simulated network points there at times.
inline constexpr const char* private_address = "10.1.2.3";
inline constexpr const char* rebinding_host = "rebind.test";

/// A relay of the simulated world and the provider that polls it.
struct RelayPlan {
    std::string provider;
    std::string host;
    std::string key;
    config::Auth auth = config::Auth::bearer;
};

/// What kinds of trouble a run has at all. Each seed draws its own mixture, since trouble of one kind may
/// hide what another would show.
struct Troubles {
    bool kills = false;
    bool power_cuts = false;
    bool restarts = false;  ///< SIGTERM
    bool disk_errors = false;
    bool disk_full = false;
    bool slow_disk = false;
    bool network = false;
    bool receivers = false;
    bool relays = false;  ///< errors and outages
    bool lies = false;    ///< relays contradict themselves and forget
    bool clock_jumps = false;
    bool operators = false;  ///< pause and resume sinks
    bool again = false;      ///< after the calm: retry what is dead, replay to a sink
    bool retention = false;  ///< tasks are deleted soon after their end
    bool reloads = false;    ///< the configuration changes while it runs
};

/// All that a seed decides before its run begins.
struct Scenario {
    explicit Scenario(std::uint64_t seed);

    /// What somebody may make of `config` while the daemon runs: sinks left out, other filters, orders,
    /// limits and paces.
    [[nodiscard]] config::Config another_config(base::Random& draw) const;

    std::uint64_t seed;
    base::Random random;
    Troubles troubles;
    base::Duration chaos{};  ///< how long the trouble lasts
    std::size_t tasks = 0;
    config::Config config;  ///< of the first start, with every sink that there ever is
    std::vector<RelayPlan> relays;
    std::vector<std::string> webhook_hosts;  ///< of tasks' own URLs
    std::vector<std::string> sink_hosts;
    std::string signing_secret;
    std::string sink_token;  ///< that the sink `ops` shows its host
};

}  // namespace pollhook::simulation
