#include "pollhook/provider/json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pollhook::provider {
namespace {

TEST(JsonTextTest, SkipsAValueByItsQuotesAndBrackets)
{
    struct Case {
        std::string_view text;
        std::string_view value;
    };
    for (const auto& [text, value] : {
             Case{R"("a\"]}b",1)", R"("a\"]}b")"},
             Case{R"("a\\",1)", R"("a\\")"},
             Case{R"({"a":["}","]"],"b":{}} ,1)", R"({"a":["}","]"],"b":{}})"},
             Case{"[[],[[]]]]", "[[],[[]]]"},
             Case{"12.5e3,", "12.5e3"},
             Case{"true}", "true"},
             Case{"null ]", "null"},
         }) {
        const std::size_t end = skip_value(text, 0);
        ASSERT_NE(end, std::string_view::npos) << text;
        EXPECT_EQ(text.substr(0, end), value);
    }
}

TEST(JsonTextTest, KnowsThatAValueIsCut)
{
    for (const std::string_view text : {"", "\"abc", R"("abc\")", R"({"a":1)", "[1,2", "12", R"({"a":"}])"})
        EXPECT_EQ(skip_value(text, 0), std::string_view::npos) << text;
}

TEST(JsonTextTest, SkipsAnyDepthWithoutRecursion)
{
    const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
    EXPECT_EQ(skip_value(deep + ",", 0), deep.size());
    EXPECT_FALSE(is_valid_json(deep));
}

TEST(JsonTextTest, ValidatesGrammarUtf8AndDepth)
{
    EXPECT_TRUE(is_valid_json(R"( {"a":[1,-2.5e10,"ü\u00fc\ud83d\ude00",null,true]} )"));
    EXPECT_TRUE(is_valid_json(std::string(32, '[') + std::string(32, ']')));
    EXPECT_FALSE(is_valid_json(std::string(33, '[') + std::string(33, ']')));
    for (const std::string_view text :
         {"", "{", R"({"a":1,})", "[1 2]", "NaN", "01", "\"\xff\"", "\"\xc3\"", R"("\ud800")", "1 2", "\"\n\""
         })
        EXPECT_FALSE(is_valid_json(text)) << text;
}

TEST(JsonTextTest, FindsMembersByTheirRealNames)
{
    const auto object = JsonObject::parse(R"( {"a" : 1, "\u0062":"x" ,"c":{"d":[1,2]}, "":null} )");
    ASSERT_TRUE(object);
    EXPECT_EQ(object->members().size(), 4U);
    EXPECT_EQ(object->find("a"), "1");
    EXPECT_EQ(object->find("b"), "\"x\"");
    EXPECT_EQ(object->find("c"), R"({"d":[1,2]})");
    EXPECT_EQ(object->find(""), "null");
    EXPECT_EQ(object->find("d"), "");
    EXPECT_FALSE(JsonObject::parse("[1]"));
    EXPECT_FALSE(JsonObject::parse(R"({"a":1} x)"));
    EXPECT_FALSE(JsonObject::parse(""));
}

TEST(JsonTextTest, TheLastOfEqualMembersCounts)
{
    const auto object = JsonObject::parse(R"({"a":1,"b":2,"\u0061":3})");
    ASSERT_TRUE(object);
    ASSERT_EQ(object->members().size(), 2U);
    EXPECT_EQ(object->find("a"), "3");
}

TEST(JsonTextTest, ScansACutObjectAsFarAsItGoes)
{
    MemberScanner member(R"({"a":1,"data":[{"x":2},{"y")");
    ASSERT_TRUE(member.next());
    EXPECT_EQ(member.name(), "a");
    EXPECT_EQ(member.value(), "1");
    ASSERT_TRUE(member.next());
    EXPECT_EQ(member.name(), "data");
    EXPECT_EQ(member.rest(), R"([{"x":2},{"y")");
    EXPECT_EQ(member.value(), "");
    EXPECT_FALSE(member.next());
    EXPECT_FALSE(member.closed());
}

TEST(JsonTextTest, SplitsAnArray)
{
    EXPECT_EQ(elements_of(R"([ 1 ,"a,]", {"b":[2]} ])").size(), 3U);
    EXPECT_TRUE(elements_of("[]").empty());
    EXPECT_TRUE(elements_of("null").empty());
    EXPECT_TRUE(elements_of("").empty());
}

TEST(JsonTextTest, BoundsWhatItTakesApart)
{
    std::string object = "{";
    std::string array = "[";
    for (std::size_t i = 0; i < max_json_members + 10; ++i) {
        object += "\"" + std::to_string(i) + "\":0,";
        array += "0,";
    }
    object += "\"last\":0}";
    array += "0]";
    ASSERT_TRUE(JsonObject::parse(object));
    EXPECT_EQ(JsonObject::parse(object)->members().size(), max_json_members);
    EXPECT_EQ(elements_of(array).size(), max_json_members);
}

TEST(JsonTextTest, ReplacesSurrogatesWithoutAPartner)
{
    struct Case {
        std::string_view text;
        std::string_view mended;
    };
    for (const auto& [text, mended] : {
             Case{R"("\ud83d")", R"("\ufffd")"},
             Case{R"("\uD83D\uDE00")", R"("\uD83D\uDE00")"},
             Case{R"("\ude00\ud83d")", R"("\ufffd\ufffd")"},
             Case{R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
             Case{R"("\ud83d\u0041")", R"("\ufffd\u0041")"},
             Case{R"("\ud83d\n")", R"("\ufffd\n")"},
             Case{R"("\\ud83d")", R"("\\ud83d")"},
             Case{R"("\\\ud83d")", R"("\\\ufffd")"},
             Case{R"("\ud83)", R"("\ud83)"},
             Case{R"("\ud83d)", R"("\ufffd)"},
             Case{R"(\)", R"(\)"},
             Case{"", ""},
         }) {
        std::string bytes(text);
        replace_unpaired_surrogates(bytes);
        EXPECT_EQ(bytes, mended) << text;
    }
}

TEST(JsonTextTest, UndoesEscapesOfStringsOnly)
{
    EXPECT_EQ(string_of(R"("a\/\u00e9\n")"), "a/é\n");
    EXPECT_EQ(string_of(R"("\u0000")"), std::string(1, '\0'));
    EXPECT_EQ(string_of(R"("")"), "");
    for (const std::string_view text : {"", "\"", "1", "null", R"("a"b")", R"("\x")", "\"\xff\""})
        EXPECT_FALSE(string_of(text)) << text;
}

}  // namespace
}  // namespace pollhook::provider
