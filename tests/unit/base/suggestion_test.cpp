#include "pollhook/base/suggestion.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pollhook::base {
namespace {

const std::vector<std::string> keys = {
    "base_url", "batch_size", "poll_interval", "max_poll_interval", "name", "type", "auth"
};

TEST(SuggestionTest, FindsTheNearestWord)
{
    EXPECT_EQ(suggestion("base_ulr", keys), "base_url");
    EXPECT_EQ(suggestion("bathc_size", keys), "batch_size");
    EXPECT_EQ(suggestion("pol_interval", keys), "poll_interval");
    EXPECT_EQ(suggestion("max_pol_intervall", keys), "max_poll_interval");
    EXPECT_EQ(suggestion("nmae", keys), "name");
    EXPECT_EQ(suggestion("auht", keys), "auth");
}

TEST(SuggestionTest, AllowsMoreEditsInLongerWords)
{
    EXPECT_EQ(suggestion("max_poll_intrvl", keys), "max_poll_interval");
    EXPECT_EQ(suggestion("bse_rl", keys), "base_url");
    EXPECT_EQ(suggestion("bsrl", keys), "");
}

TEST(SuggestionTest, CountsSwappedNeighboursAsOneEdit)
{
    const std::vector<std::string> words = {"abcd", "abdd"};
    EXPECT_EQ(suggestion("abdc", words), "abcd");
}

TEST(SuggestionTest, SaysNothingWhenNothingIsNear)
{
    EXPECT_EQ(suggestion("webhook", keys), "");
    EXPECT_EQ(suggestion("", keys), "");
    EXPECT_EQ(suggestion("x", keys), "");
    EXPECT_EQ(suggestion("name", {}), "");
    EXPECT_EQ(suggestion(std::string(1'000'000, 'x'), keys), "");
}

TEST(SuggestionTest, DoesNotTakeATinyWordForAnyOther)
{
    const std::vector<std::string> words = {"ab", "c"};
    EXPECT_EQ(suggestion("xy", words), "");
    EXPECT_EQ(suggestion("d", words), "");
}

}  // namespace
}  // namespace pollhook::base
