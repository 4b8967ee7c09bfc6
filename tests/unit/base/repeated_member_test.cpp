#include "pollhook/base/repeated_member.hpp"

#include <gtest/gtest.h>

namespace pollhook::base {
namespace {

TEST(RepeatedMemberTest, NamesAMemberThatIsThereTwice)
{
    EXPECT_EQ(repeated_member(R"({"id":"1","provider":"a","id":"2"})"), R"(the member "id" is there twice)");
    EXPECT_EQ(repeated_member(R"({"id":"1","i\u0064":"2"})"), R"(the member "id" is there twice)");
    EXPECT_EQ(repeated_member(R"({"":1,"":2})"), R"(the member "" is there twice)");
    EXPECT_EQ(
        repeated_member(R"([{"a":1},{"a":{"b":[{"c":1,"c":2}]}}])"), R"(the member "c" is there twice)"
    );
    EXPECT_EQ(repeated_member(R"({"a":{"b":1},"c":{},"a":2})"), R"(the member "a" is there twice)");
    EXPECT_EQ(repeated_member(R"({"\n\u001b[31m":1,"\n\u001b[31m":2})").find('\n'), std::string::npos);
}

TEST(RepeatedMemberTest, OneNameInSeveralObjectsIsNone)
{
    for (const char* json :
         {R"({"id":"1","Id":"2"})", R"([{"id":1},{"id":2}])", R"({"id":{"id":{"id":1}}})", "{}", "1", "", "{"
         })
        EXPECT_EQ(repeated_member(json), "") << json;
}

}  // namespace
}  // namespace pollhook::base
