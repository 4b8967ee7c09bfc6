#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/config/config.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace pollhook::simulation {

/// The configuration file of a run as it was written from time to time, and which of its versions the daemon
/// may have gone by at a moment: between the writing of one and the proof that it was taken over, both.
class Configurations {
public:
    struct Version {
        config::Config config;
        base::SteadyPoint written_at{};
        /// From here on none before it counts any more.
        base::SteadyPoint in_force_from = base::SteadyPoint::max();
    };

    Configurations(config::Config first, base::SteadyPoint now);

    void write(config::Config next, base::SteadyPoint now);
    [[nodiscard]] std::size_t newest() const noexcept { return versions_.size() - 1; }
    [[nodiscard]] const config::Config& newest_config() const noexcept { return versions_.back().config; }
    /// A daemon that was started, or answered a reload, goes by this one, or one that is newer.
    void took_over(std::size_t version, base::SteadyPoint now);
    /// Or one that is newer.
    [[nodiscard]] bool is_in_force(std::size_t version) const;

    /// Those that may have been in force at any time between the two; never empty.
    [[nodiscard]] std::span<const Version> between(base::SteadyPoint from, base::SteadyPoint to) const;

private:
    std::vector<Version> versions_;
};

}  // namespace pollhook::simulation
