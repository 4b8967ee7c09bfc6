#include "pollhook/base/random.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace pollhook::base {
namespace {

TEST(RandomTest, RepeatsItselfForOneSeed)
{
    Random a(7);
    Random b(7);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(a.between(0, 1'000'000), b.between(0, 1'000'000));
}

TEST(RandomTest, KeepsWithinItsRange)
{
    Random random(1);
    std::set<std::int64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        seen.insert(random.between(-1, 1));
        const double unit = random.unit();
        EXPECT_GE(unit, 0.0);
        EXPECT_LT(unit, 1.0);
    }
    EXPECT_EQ(seen, (std::set<std::int64_t>{-1, 0, 1}));
}

}  // namespace
}  // namespace pollhook::base
