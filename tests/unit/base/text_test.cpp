#include "pollhook/base/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pollhook::base {
namespace {

using namespace std::string_literals;

TEST(PrintableTest, LeavesReadableTextAlone)
{
    EXPECT_EQ(printable("a cat, 一只猫, déjà vu, 🐈"), "a cat, 一只猫, déjà vu, 🐈");
    EXPECT_EQ(printable(""), "");
}

TEST(PrintableTest, EscapesControlCharacters)
{
    EXPECT_EQ(printable("one\ntwo\r\tthree"), R"(one\ntwo\r\tthree)");
    EXPECT_EQ(printable("\x1b[31mred"), R"(\x1b[31mred)");
    EXPECT_EQ(printable("nul\0end"s), R"(nul\x00end)");
    EXPECT_EQ(printable("\x7f"), R"(\x7f)");
}

TEST(PrintableTest, EscapesControlCharactersBeyondAscii)
{
    EXPECT_EQ(printable("\u009b31m"), R"(\xc2\x9b31m)");
    EXPECT_EQ(printable("\u0080\u00a0"), "\\xc2\\x80\u00a0");
    EXPECT_EQ(printable("a\u2028b"), R"(a\xe2\x80\xa8b)");
    EXPECT_EQ(printable("\u202egnp.exe"), R"(\xe2\x80\xaegnp.exe)");
    EXPECT_EQ(printable("\u200e\u200f\u061c"), R"(\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c)");
    EXPECT_EQ(printable("\u200d\u2010\u061b\u061d"), "\u200d\u2010\u061b\u061d");
    EXPECT_EQ(printable("\u2066x\u2069"), R"(\xe2\x81\xa6x\xe2\x81\xa9)");
    EXPECT_EQ(printable("\u2027\u202f\u2065"), "\u2027\u202f\u2065");
}

TEST(PrintableTest, EscapesQuoteAndBackslashSoThatValuesCanBeQuoted)
{
    EXPECT_EQ(printable(R"(a"b\c)"), R"(a\"b\\c)");
}

TEST(PrintableTest, EscapesBytesThatAreNotUtf8)
{
    EXPECT_EQ(printable("\xff"), R"(\xff)");
    EXPECT_EQ(printable("\xe4\xb8"), R"(\xe4\xb8)");
    EXPECT_EQ(printable("\xc0\xaf"), R"(\xc0\xaf)");
    EXPECT_EQ(printable("\xed\xa0\x80"), R"(\xed\xa0\x80)");
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), R"(\xf4\x90\x80\x80)");
    EXPECT_EQ(printable("\xf0\x9f\x90\x88"), "🐈");
}

TEST(PrintableTest, CutsWhatIsTooLongBetweenCharacters)
{
    EXPECT_EQ(printable("abcdef", 3), "abc…");
    EXPECT_EQ(printable("abc", 3), "abc");
    EXPECT_EQ(printable("ab一", 4), "ab…");
    EXPECT_EQ(printable("ab一", 5), "ab一");
    EXPECT_EQ(printable("\x01\x02", 4), R"(\x01…)");
    EXPECT_EQ(printable("\x01\x02", 7), R"(\x01…)");
    EXPECT_EQ(printable("abc", 0), "…");
    EXPECT_EQ(printable("", 0), "");
}

TEST(PrintableTest, CutsAtTwoHundredBytesUnlessTold)
{
    EXPECT_EQ(printable(std::string(200, 'x')), std::string(200, 'x'));
    EXPECT_EQ(printable(std::string(100'000, 'x')), std::string(200, 'x') + "…");
}

TEST(TextTest, KnowsUtf8)
{
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("plain, 一只猫, 🐈"));
    EXPECT_FALSE(is_utf8("\xff"));
    EXPECT_FALSE(is_utf8("cut \xe4\xb8"));
    EXPECT_FALSE(is_utf8("surrogate \xed\xa0\x80"));
}

TEST(TextTest, LowersAsciiOnly)
{
    EXPECT_EQ(to_lower("Content-TYPE É"), "content-type É");
    EXPECT_TRUE(equals_ignoring_case("Retry-After", "retry-AFTER"));
    EXPECT_FALSE(equals_ignoring_case("retry-after", "retry-afte"));
    EXPECT_FALSE(equals_ignoring_case("[", "{"));
    EXPECT_FALSE(equals_ignoring_case("É", "é"));
}

TEST(TextTest, ShowsUrlsInTextWithoutTheirSecrets)
{
    EXPECT_EQ(without_url_secrets("no URL: a?b=1 c@d"), "no URL: a?b=1 c@d");
    EXPECT_EQ(
        without_url_secrets("see https://u:p@h.example/a@b?sig=1#x, (http://h?q) and \"ftp://h/x\""),
        "see https://***@h.example/a@b?***, (http://h?***) and \"ftp://h/x\""
    );
    EXPECT_EQ(without_url_secrets("https://u@p@h?://u:p@h2?x"), "https://***@h?***");
    EXPECT_EQ(without_url_secrets("://"), "://");
    EXPECT_EQ(without_url_secrets(""), "");
}

TEST(TextTest, TrimsWhiteSpaceAtBothEnds)
{
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim("a"), "a");
    EXPECT_EQ(trim(" \n\v\f"), "");
    EXPECT_EQ(trim(""), "");
}

}  // namespace
}  // namespace pollhook::base
