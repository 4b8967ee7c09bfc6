#include "pollhook/simulator/task_life.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace pollhook::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TaskLifeTest, ReadsAScript)
{
    const auto life = parse_life("0s SUBMITTED 0%, 2s  IN_PROGRESS 30%,5s SUCCESS 100%");
    ASSERT_TRUE(life);
    ASSERT_EQ(life->steps.size(), 3U);
    EXPECT_EQ(life->steps[1].status, "IN_PROGRESS");
    EXPECT_EQ(life->steps[1].progress, "30%");
    EXPECT_EQ(life->start_of(2), seconds(7));
}

TEST(TaskLifeTest, RefusesABadScript)
{
    for (const std::string_view script : {"", "SUCCESS", "5 SUCCESS", "1s SUCCESS 100% more", "1s A,,2s B"})
        EXPECT_FALSE(parse_life(script)) << script;
}

TEST(TaskLifeTest, MovesFromStepToStepInTime)
{
    const auto life = parse_life("0s SUBMITTED, 2s IN_PROGRESS, 5s SUCCESS");
    ASSERT_TRUE(life);
    EXPECT_EQ(life->step_at(seconds(0)), 0U);
    EXPECT_EQ(life->step_at(milliseconds(1999)), 0U);
    EXPECT_EQ(life->step_at(seconds(2)), 1U);
    EXPECT_EQ(life->step_at(seconds(7)), 2U);
    EXPECT_EQ(life->step_at(seconds(70'000)), 2U);
}

TEST(TaskLifeTest, RandomLivesLastAsRelaysDoAndEndInEveryWay)
{
    base::Random random(3);
    std::map<std::string, int> ends;
    std::vector<base::Duration> spans;
    for (int i = 0; i < 2000; ++i) {
        const TaskLife life = random_life(random, LifeOdds());
        ASSERT_FALSE(life.steps.empty());
        ++ends[life.steps.back().status];
        if (life.steps.back().status == "SUCCESS")
            spans.push_back(life.start_of(life.steps.size() - 1));
    }
    EXPECT_GT(ends["SUCCESS"], 1600);
    EXPECT_GT(ends["FAILURE"], 50);
    EXPECT_GT(ends["CANCEL"], 10);
    EXPECT_GT(ends["MODAL"], 5);

    std::ranges::sort(spans);
    EXPECT_GT(spans.front(), seconds(25));
    EXPECT_LT(spans[spans.size() / 2], seconds(90));
    EXPECT_GT(spans.back(), seconds(150));
}

TEST(TaskLifeTest, TheSameSeedGivesTheSameLives)
{
    base::Random one(9);
    base::Random other(9);
    for (int i = 0; i < 50; ++i) {
        const TaskLife a = random_life(one, LifeOdds());
        const TaskLife b = random_life(other, LifeOdds());
        EXPECT_EQ(a.prompt, b.prompt);
        EXPECT_EQ(a.start_of(a.steps.size() - 1), b.start_of(b.steps.size() - 1));
    }
}

}  // namespace
}  // namespace pollhook::simulator
