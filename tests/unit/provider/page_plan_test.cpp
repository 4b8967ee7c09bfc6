#include "pollhook/provider/page_plan.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pollhook::provider {
namespace {

std::size_t pages_for(const std::vector<std::uint64_t>& ids, FeedPosition position, std::size_t most = 10)
{
    return choose_pages(ids, position, 20, most);
}

TEST(PagePlanTest, APageIsWorthItFromTwoIdsOn)
{
    EXPECT_EQ(pages_for({}, {.top = 1000, .gap = 1}), 0U);
    EXPECT_EQ(pages_for({1000}, {.top = 1000, .gap = 1}), 0U);
    EXPECT_EQ(pages_for({1000, 990}, {.top = 1000, .gap = 1}), 1U);
    EXPECT_EQ(pages_for({1005, 1001}, {.top = 1000, .gap = 1}), 1U) << "newer than the last look";
}

TEST(PagePlanTest, TakesAsManyPagesAsPayOff)
{
    // Three on the first page, two on the fourth: 1 + 2 requests against 4.
    EXPECT_EQ(pages_for({1000, 999, 998, 935, 930}, {.top = 1000, .gap = 1}), 1U);
    // Three on the third: 3 requests against 1 + 3.
    EXPECT_EQ(pages_for({1000, 999, 955, 950, 945}, {.top = 1000, .gap = 1}), 3U);
    // Two old ones: alone they cost less than the way to them.
    EXPECT_EQ(pages_for({905, 904}, {.top = 1000, .gap = 1}), 0U);
}

TEST(PagePlanTest, AWideGapBringsOldIdsNearer)
{
    EXPECT_EQ(pages_for({905, 904}, {.top = 1000, .gap = 10}), 1U);
    EXPECT_EQ(
        pages_for({18'446'744'073'709'551'615U, 0}, {.top = 18'446'744'073'709'551'615U, .gap = 1}), 0U
    );
}

TEST(PagePlanTest, KeepsItsBound)
{
    std::vector<std::uint64_t> old;
    for (std::uint64_t id = 0; id < 20; ++id)
        old.push_back(id);
    EXPECT_EQ(pages_for(old, {.top = 119, .gap = 1}), 6U);
    EXPECT_EQ(pages_for(old, {.top = 119, .gap = 1}, 5), 0U);
    EXPECT_EQ(pages_for(old, {.top = 10'000, .gap = 1}), 0U);
    EXPECT_EQ(pages_for(old, {.top = 19, .gap = 1}, 0), 0U);
}

TEST(PagePlanTest, TriesOnePageWhenNothingIsKnown)
{
    const std::vector<std::uint64_t> two{1, 2};
    EXPECT_EQ(choose_pages(two, std::nullopt, 20, 10), 1U);
    EXPECT_EQ(choose_pages(std::span(two).first(1), std::nullopt, 20, 10), 0U);
    EXPECT_EQ(choose_pages(two, std::nullopt, 20, 0), 0U);
}

TEST(PagePlanTest, OnlyDigitsMakeANumber)
{
    EXPECT_EQ(number_of_id("18446744073709551615"), 18'446'744'073'709'551'615U);
    for (const char* id : {"", "18446744073709551616", "-1", "1a", " 1", "1.0"})
        EXPECT_FALSE(number_of_id(id)) << id;
}

}  // namespace
}  // namespace pollhook::provider
