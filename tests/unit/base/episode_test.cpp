#include "pollhook/base/episode.hpp"

#include <gtest/gtest.h>

namespace pollhook::base {
namespace {

using namespace std::chrono_literals;
using Line = Episode::Line;

constexpr SteadyPoint start{1000s};

TEST(EpisodeTest, TellsTheBeginningAReminderAMinuteAndTheEnd)
{
    Episode trouble;
    int begins = 0;
    int reminders = 0;
    for (auto at = start; at < start + 10min; at += 1s) {
        const Line line = trouble.happened(at);
        begins += line == Line::begins ? 1 : 0;
        reminders += line == Line::goes_on ? 1 : 0;
    }
    EXPECT_EQ(begins, 1);
    EXPECT_EQ(reminders, 9);
    EXPECT_EQ(trouble.ended(start + 10min), 10min);
    EXPECT_EQ(trouble.ended(start + 11min), std::nullopt);
}

TEST(EpisodeTest, HasNoEndWithoutABeginning)
{
    Episode trouble;
    EXPECT_FALSE(trouble.lasts());
    EXPECT_EQ(trouble.ended(start), std::nullopt);
}

TEST(EpisodeTest, TellsAFlickeringTroubleOnce)
{
    Episode trouble;
    EXPECT_EQ(trouble.happened(start), Line::begins);
    EXPECT_EQ(trouble.ended(start + 1s), 1s);
    for (auto at = start + 2s; at < start + 1min; at += 2s) {
        EXPECT_EQ(trouble.happened(at), Line::none);
        EXPECT_TRUE(trouble.lasts());
        EXPECT_EQ(trouble.ended(at + 1s), std::nullopt) << "its beginning was not told";
    }
    EXPECT_EQ(trouble.happened(start + 61s), Line::begins);
}

}  // namespace
}  // namespace pollhook::base
