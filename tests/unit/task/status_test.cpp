#include "pollhook/task/status.hpp"

#include "pollhook/task/event.hpp"
#include "pollhook/task/key.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pollhook::task {
namespace {

TEST(StatusTest, ReadsTheRelaysWordsWithoutCaseAndSeparators)
{
    EXPECT_EQ(from_upstream(""), Status::queued);
    EXPECT_EQ(from_upstream("NOT_START"), Status::queued);
    EXPECT_EQ(from_upstream("submitted"), Status::queued);
    EXPECT_EQ(from_upstream("Queued"), Status::queued);
    EXPECT_EQ(from_upstream("IN_PROGRESS"), Status::running);
    EXPECT_EQ(from_upstream("in progress"), Status::running);
    EXPECT_EQ(from_upstream("In-Progress"), Status::running);
    EXPECT_EQ(from_upstream("MODAL"), Status::waiting);
    EXPECT_EQ(from_upstream("success"), Status::succeeded);
    EXPECT_EQ(from_upstream("FAILURE"), Status::failed);
    EXPECT_EQ(from_upstream("CANCEL"), Status::cancelled);
}

TEST(StatusTest, TakesEveryOtherWordAsUnknown)
{
    for (const auto* word : {"PAUSED", "SUCCES", "SUCCESSS", "FAILED?", "lost", "expired", " SUCCESS", "\n"})
        EXPECT_EQ(from_upstream(word), Status::unknown) << word;
}

TEST(StatusTest, NamesReadBack)
{
    for (int i = 0; i <= static_cast<int>(Status::expired); ++i) {
        const auto status = static_cast<Status>(i);
        EXPECT_EQ(parse_status(name(status)), status);
        EXPECT_EQ(name(event_for(status)), "task." + std::string(name(status)));
    }
    EXPECT_EQ(parse_status("done"), std::nullopt);
}

TEST(EventTypeTest, NamesReadBack)
{
    for (int i = 0; i <= static_cast<int>(EventType::unknown); ++i)
        EXPECT_EQ(parse_event_type(name(static_cast<EventType>(i))), static_cast<EventType>(i));
    EXPECT_EQ(parse_event_type("task.done"), std::nullopt);
}

TEST(TaskIdTest, TakesWhatRelaysUseAndNothingThatCouldHurt)
{
    EXPECT_TRUE(is_valid_id("1743326750223591"));
    EXPECT_TRUE(is_valid_id("3785da15-4f70-4034-9128-f3ff1ac634fa"));
    EXPECT_TRUE(is_valid_id("task:17.a_b"));
    EXPECT_TRUE(is_valid_id(std::string(128, '9')));
    EXPECT_FALSE(is_valid_id(""));
    EXPECT_FALSE(is_valid_id(std::string(129, '9')));
    EXPECT_FALSE(is_valid_id("a b"));
    EXPECT_FALSE(is_valid_id("a\nb"));
    EXPECT_FALSE(is_valid_id("a\"b"));
    EXPECT_FALSE(is_valid_id("../x"));
    EXPECT_FALSE(is_valid_id("\xC3\xA9"));
    EXPECT_FALSE(is_valid_id(std::string("a\0b", 3)));
}

TEST(StatusTest, ANumberThatIsNoStatusHasAName)
{
    EXPECT_EQ(name(static_cast<Status>(100)), "invalid");
}

}  // namespace
}  // namespace pollhook::task
