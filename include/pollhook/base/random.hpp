#pragma once

#include <cstdint>
#include <random>

namespace pollhook::base {

/// The only source of randomness for jitter and simulated behaviour, seeded so that a test can repeat a run.
/// Not for secrets. Not thread-safe: one belongs to one loop.
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// Seeded by the system.
    static Random from_system() { return Random(std::random_device{}()); }

    /// Uniform in [0, 1).
    double unit() { return std::uniform_real_distribution<double>(0.0, 1.0)(engine_); }

    /// Uniform in [low, high], both included.
    std::int64_t between(std::int64_t low, std::int64_t high)
    {
        return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace pollhook::base
