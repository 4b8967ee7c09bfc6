#include "pollhook/base/excerpt.hpp"

#include "pollhook/base/text.hpp"

#include <gtest/gtest.h>

namespace pollhook::base {
namespace {

TEST(ExcerptTest, EscapesNothing)
{
    EXPECT_EQ(excerpt(R"(say "no" to C:\dir)"), R"(say "no" to C:\dir)");
    EXPECT_EQ(excerpt("\u5c0f"), "\u5c0f");
}

TEST(ExcerptTest, IsOneHarmlessLine)
{
    EXPECT_EQ(excerpt("a\nb\x1b[2Jc\u202ed\u061ce"), "a b [2Jc d e");
    EXPECT_EQ(excerpt("a\xff\xc3"), "a\uFFFD\uFFFD");
}

TEST(ExcerptTest, IsCutBetweenCharacters)
{
    EXPECT_EQ(excerpt("abc", 3), "abc");
    EXPECT_EQ(excerpt("abcd", 3), "abc…");
    EXPECT_EQ(excerpt("ab\u5c0f", 4), "ab…");
}

TEST(ExcerptTest, IsEscapedOnceWhenItIsShown)
{
    EXPECT_EQ(printable(excerpt("a \"b\"\x1b")), "a \\\"b\\\" ");
}

}  // namespace
}  // namespace pollhook::base
