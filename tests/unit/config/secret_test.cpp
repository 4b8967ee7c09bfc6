#include "pollhook/config/secret.hpp"

#include "pollhook/config/events.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <concepts>
#include <new>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::config {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Streamable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::convertible_to<Secret, std::string_view>);

TEST(SecretTest, GivesItsBytesOnlyWhenAsked)
{
    const Secret secret("hush", "{ env = \"KEY\" }");
    EXPECT_EQ(secret.reveal(), "hush");
    EXPECT_EQ(secret.reference(), "{ env = \"KEY\" }");
    EXPECT_FALSE(secret.empty());
    EXPECT_TRUE(Secret().empty());
}

TEST(SecretTest, LeavesNothingBehindWhenMoved)
{
    for (const std::string& value : {std::string("short"), std::string(200, 'x')}) {
        Secret first(value);
        Secret second(std::move(first));
        EXPECT_TRUE(first.empty()
        );  // NOLINT(bugprone-use-after-move): the state after a move is what is tested
        EXPECT_EQ(second.reveal(), value);
        Secret third;
        third = std::move(second);
        EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
        EXPECT_EQ(third.reveal(), value);
    }
}

TEST(SecretTest, WipesItsBytesWhenItEnds)
{
    alignas(Secret) std::array<unsigned char, sizeof(Secret)> room{};
    auto* secret = new (room.data()) Secret("canary");
    secret->~Secret();
    const std::string left(room.begin(), room.end());
    EXPECT_EQ(left.find("canar"), std::string::npos);
}

TEST(SecretTest, ComparesBytesAndNotReferences)
{
    EXPECT_EQ(Secret("a", "x"), Secret("a", "y"));
    EXPECT_NE(Secret("a"), Secret("b"));
    EXPECT_NE(Secret("a"), Secret("ab"));
}

TEST(EventPatternTest, SelectsWholeTypesPrefixesAndEverything)
{
    const auto matches = [](const std::string& pattern, std::string_view type) {
        return event_matches(std::vector{pattern}, type);
    };
    EXPECT_TRUE(matches("task.failed", "task.failed"));
    EXPECT_FALSE(matches("task.failed", "task.fail"));
    EXPECT_FALSE(matches("task.fail", "task.failed"));
    EXPECT_TRUE(matches("task.*", "task.lost"));
    EXPECT_FALSE(matches("task.*", "taskx"));
    EXPECT_TRUE(matches("*", "task.lost"));
    for (const std::string& pattern : event_patterns())
        EXPECT_FALSE(event_types_of(pattern).empty()) << pattern;
    EXPECT_EQ(event_types_of("*").size(), event_types().size());
    EXPECT_EQ(event_types_of("delivery.*"), std::vector<std::string_view>{"delivery.dead"});
    EXPECT_TRUE(event_types_of("task").empty());
    EXPECT_FALSE(event_matches({}, "task.lost"));
    EXPECT_TRUE(event_matches(std::vector<std::string>{"task.lost", "task.failed"}, "task.failed"));
}

}  // namespace
}  // namespace pollhook::config
