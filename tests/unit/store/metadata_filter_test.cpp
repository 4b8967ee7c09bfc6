#include "pollhook/store/metadata_filter.hpp"

#include <gtest/gtest.h>

namespace pollhook::store {
namespace {

MetadataFilter wants(const char* key, std::vector<std::string> values)
{
    return MetadataFilter({{key, std::move(values)}});
}

TEST(MetadataFilterTest, ComparesStringsByTheirContent)
{
    const MetadataFilter filter = wants("shop", {"north", "sü\"d"});
    EXPECT_TRUE(filter.matches(R"({"shop":"north"})"));
    EXPECT_TRUE(filter.matches(R"({"a":1,"shop":"s\u00fc\"d"})"));
    EXPECT_FALSE(filter.matches(R"({"shop":"northern"})"));
    EXPECT_FALSE(filter.matches(R"({"shop":["north"]})"));
    EXPECT_FALSE(filter.matches("{}"));
}

TEST(MetadataFilterTest, ComparesNumbersAndWordsByTheirJson)
{
    EXPECT_TRUE(wants("n", {"17"}).matches(R"({"n":17})"));
    EXPECT_TRUE(wants("n", {"17"}).matches(R"({"n":17.0})"));
    EXPECT_TRUE(wants("n", {"1.5"}).matches(R"({"n":1.5})"));
    EXPECT_TRUE(wants("n", {"-3"}).matches(R"({"n":-3})"));
    EXPECT_TRUE(wants("n", {"18446744073709551615"}).matches(R"({"n":18446744073709551615})"));
    EXPECT_FALSE(wants("n", {"18446744073709551615"}).matches(R"({"n":-1})"));
    EXPECT_FALSE(wants("n", {"17"}).matches(R"({"n":18})"));
    EXPECT_TRUE(wants("n", {"17"}).matches(R"({"n":"17"})"));
    EXPECT_TRUE(wants("paid", {"true"}).matches(R"({"paid":true})"));
    EXPECT_FALSE(wants("paid", {"true"}).matches(R"({"paid":false})"));
    EXPECT_TRUE(wants("paid", {"null"}).matches(R"({"paid":null})"));
    EXPECT_FALSE(wants("paid", {"yes"}).matches(R"({"paid":true})"));
    EXPECT_FALSE(wants("paid", {"\"true\""}).matches(R"({"paid":true})"));
}

TEST(MetadataFilterTest, WantsEveryKeyWithOneOfItsValues)
{
    const MetadataFilter filter({{"shop", {"north", "south"}}, {"paid", {"true"}}});
    EXPECT_TRUE(filter.matches(R"({"shop":"south","paid":true})"));
    EXPECT_FALSE(filter.matches(R"({"shop":"south"})"));
    EXPECT_FALSE(filter.matches(R"({"shop":"east","paid":true})"));
}

TEST(MetadataFilterTest, WithoutConditionsItWantsEverything)
{
    EXPECT_TRUE(MetadataFilter({}).matches("{}"));
    EXPECT_TRUE(MetadataFilter({}).matches("no JSON"));
}

TEST(MetadataFilterTest, WhatCannotBeReadMatchesNothing)
{
    EXPECT_FALSE(wants("a", {"1"}).matches("no JSON"));
    EXPECT_FALSE(wants("a", {"1"}).matches("[1]"));
    EXPECT_FALSE(wants("a", {"1"}).matches(""));
    EXPECT_FALSE(wants("a", {}).matches(R"({"a":1})"));
}

}  // namespace
}  // namespace pollhook::store
