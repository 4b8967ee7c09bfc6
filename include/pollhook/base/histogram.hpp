#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pollhook::base {

/// Counts how long something takes, by size. One thread observes, at the cost of a few additions; any thread
/// may read.
class Histogram {
public:
    static constexpr std::size_t most_bounds = 20;

    /// `bounds` are the buckets' upper ends in seconds, ascending, at most `most_bounds`; they outlive the
    /// histogram. What is longer than all of them is counted too.
    explicit Histogram(std::span<const double> bounds)
        : bounds_(bounds.first(std::min(bounds.size(), most_bounds)))
    {
    }

    void observe(double seconds) noexcept
    {
        const auto bucket = std::ranges::lower_bound(bounds_, seconds) - bounds_.begin();
        add(counts_[static_cast<std::size_t>(bucket)], std::uint64_t{1});
        add(sum_, seconds);
    }
    template <class Rep, class Period>
    void observe(std::chrono::duration<Rep, Period> span) noexcept
    {
        observe(std::chrono::duration<double>(span).count());
    }

    struct Snapshot {
        std::span<const double> bounds;
        std::vector<std::uint64_t> counts;  ///< of each bucket by itself; one more than `bounds`
        double sum = 0;                     ///< seconds
    };
    [[nodiscard]] Snapshot snapshot() const
    {
        Snapshot taken{.bounds = bounds_, .counts = {}, .sum = sum_.load(std::memory_order_relaxed)};
        taken.counts.reserve(bounds_.size() + 1);
        for (std::size_t i = 0; i <= bounds_.size(); ++i)
            taken.counts.push_back(counts_[i].load(std::memory_order_relaxed));
        return taken;
    }

private:
    /// One writer: no locked instruction is needed.
    template <class T>
    static void add(std::atomic<T>& to, T value) noexcept
    {
        to.store(to.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
    }

    std::span<const double> bounds_;
    std::array<std::atomic<std::uint64_t>, most_bounds + 1> counts_{};
    std::atomic<double> sum_{0};
};

}  // namespace pollhook::base
