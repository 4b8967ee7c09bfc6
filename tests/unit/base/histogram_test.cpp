#include "pollhook/base/histogram.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pollhook::base {
namespace {

constexpr std::array bounds{0.01, 0.1, 1.0};

TEST(HistogramTest, CountsByBucketWithTheUpperBoundIncluded)
{
    Histogram histogram(bounds);
    for (const double seconds : {0.0, 0.01, 0.011, 0.1, 0.5, 1.0, 1.5, 100.0})
        histogram.observe(seconds);
    const Histogram::Snapshot taken = histogram.snapshot();
    EXPECT_EQ(taken.counts, (std::vector<std::uint64_t>{2, 2, 2, 2}));
    EXPECT_DOUBLE_EQ(taken.sum, 103.121);
}

TEST(HistogramTest, TakesSpansOfTimeInAnyUnit)
{
    Histogram histogram(bounds);
    histogram.observe(std::chrono::microseconds(500));
    histogram.observe(std::chrono::milliseconds(50));
    histogram.observe(std::chrono::minutes(1));
    EXPECT_EQ(histogram.snapshot().counts, (std::vector<std::uint64_t>{1, 1, 0, 1}));
    EXPECT_DOUBLE_EQ(histogram.snapshot().sum, 60.0505);
}

TEST(HistogramTest, MayBeReadWhileAnotherThreadObserves)
{
    constexpr std::uint64_t observations = 20'000;
    Histogram histogram(bounds);
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (std::uint64_t i = 0; i < observations; ++i)
            histogram.observe(0.05);
        done = true;
    });
    std::uint64_t last = 0;
    while (!done) {
        const std::uint64_t seen = histogram.snapshot().counts[1];
        EXPECT_GE(seen, last);
        last = seen;
    }
    writer.join();
    EXPECT_EQ(histogram.snapshot().counts[1], observations);
}

}  // namespace
}  // namespace pollhook::base
