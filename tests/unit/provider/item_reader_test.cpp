#include "pollhook/provider/item_reader.hpp"

#include "fixture.hpp"
#include "pollhook/provider/progress.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace pollhook::provider {
namespace {

using task::Status;
using Outcome = ItemReader::Outcome;

class ItemReaderTest : public testing::Test {
protected:
    /// The bytes are kept, since the observation points into them.
    ItemReader::Item read(std::string text, const ItemDialect& dialect = midjourney_proxy_items)
    {
        kept_.push_back(std::move(text));
        ItemReader reader(dialect, texts_);
        return reader.read(kept_.back());
    }

    std::deque<std::string> kept_;
    std::deque<std::string> texts_;
};

TEST(ProgressTest, ReadsWhateverRelaysWrite)
{
    struct Case {
        std::string_view text;
        int percent;
    };
    for (const auto& [text, percent] : {
             Case{"0%", 0},
             Case{"45%", 45},
             Case{"100%", 100},
             Case{" 45 % ", 45},
             Case{"45", 45},
             Case{"045", 45},
             Case{"45.9%", 45},
             Case{"45.9", 45},
             Case{"0.45", 45},
             Case{"0.29", 29},
             Case{"0.999", 99},
             Case{"1.0", 100},
             Case{"1", 1},
             Case{"0", 0},
             Case{"1%", 1},
             Case{"1.0%", 1},
             Case{"4.5e-1", 45},
             Case{"150%", 100},
             Case{"1000", 100},
             Case{"-3", 0},
             Case{"1e308", 100},
             Case{"1e400", -1},
             Case{"", -1},
             Case{"%", -1},
             Case{"Waiting to start", -1},
             Case{"nan", -1},
             Case{"inf%", -1},
             Case{"-inf", -1},
             Case{"45%%", -1},
             Case{"45% done", -1},
             Case{"0x10", -1},
             Case{"+45", -1},
             Case{"99999999999999999999", 100},
         })
        EXPECT_EQ(static_cast<int>(parse_progress(text)), percent) << text;
}

TEST_F(ItemReaderTest, ReadsTheDocumentedTaskOfAMidjourneyProxy)
{
    const auto item = read(test::fixture("quickrouter_task.json"));
    ASSERT_EQ(item.outcome, Outcome::read);
    EXPECT_EQ(item.observation.id, "1730621826053455");
    EXPECT_EQ(item.observation.status, Status::succeeded);
    EXPECT_EQ(item.observation.upstream_status, "SUCCESS");
    EXPECT_EQ(item.observation.progress, 100);
    EXPECT_EQ(item.observation.raw.front(), '{');
    EXPECT_EQ(item.observation.raw.back(), '}');
}

TEST_F(ItemReaderTest, ReadsTheDocumentedTaskOfOhMyGpt)
{
    const auto item = read(test::ohmygpt_task(), ohmygpt_items);
    ASSERT_EQ(item.outcome, Outcome::read);
    EXPECT_EQ(item.observation.id, "20");
    EXPECT_EQ(item.observation.status, Status::succeeded);
}

TEST_F(ItemReaderTest, KeepsIdsAsText)
{
    struct Case {
        std::string_view value;
        std::string_view id;
    };
    for (const auto& [value, id] : {
             Case{R"("1743326750223591")", "1743326750223591"},
             Case{"1743326750223591", "1743326750223591"},
             Case{"9007199254740993", "9007199254740993"},
             Case{"9223372036854775807", "9223372036854775807"},
             Case{"18446744073709551615", "18446744073709551615"},
             Case{R"("\u0031\u0032")", "12"},
             Case{R"("task-a_b.c")", "task-a_b.c"},
         }) {
        const auto item = read(R"({"id":)" + std::string(value) + R"(,"status":"SUBMITTED"})");
        EXPECT_EQ(item.outcome, Outcome::read) << value;
        EXPECT_EQ(item.observation.id, id);
    }
}

TEST_F(ItemReaderTest, RefusesWhatIsNoId)
{
    for (const std::string value :
         {"null",
          "true",
          "[]",
          "{}",
          "1.5",
          "1e3",
          "-5",
          "18446744073709551616",
          R"("")",
          R"("a b")",
          R"("a\u0000")",
          R"("a\nb")",
          R"("\u00e9")",
          R"("a\/b")"}) {
        const auto item = read(R"({"status":"SUCCESS","id":)" + value + "}");
        EXPECT_EQ(item.outcome, Outcome::unreadable) << value;
        EXPECT_EQ(item.observation.id, "") << value;
    }
    EXPECT_EQ(read("{}").outcome, Outcome::unreadable);
    EXPECT_EQ(read(R"({"nested":{"id":"1","status":"SUCCESS"}})").outcome, Outcome::unreadable);
}

TEST_F(ItemReaderTest, ReadsStatusWordsAsTheyCome)
{
    struct Case {
        std::string_view value;
        Status status;
        std::string_view word;
    };
    for (const auto& [value, status, word] : {
             Case{R"("")", Status::queued, ""},
             Case{"null", Status::queued, ""},
             Case{R"("NOT_START")", Status::queued, "NOT_START"},
             Case{R"("in progress")", Status::running, "in progress"},
             Case{R"("IN\u005fPROGRESS")", Status::running, "IN_PROGRESS"},
             Case{R"("Modal")", Status::waiting, "Modal"},
             Case{R"("FAILURE")", Status::failed, "FAILURE"},
             Case{R"("cancel")", Status::cancelled, "cancel"},
             Case{R"("PAUSED")", Status::unknown, "PAUSED"},
             Case{R"("lost")", Status::unknown, "lost"},
         }) {
        const auto item = read(R"({"id":"1","status":)" + std::string(value) + "}");
        ASSERT_EQ(item.outcome, Outcome::read) << value;
        EXPECT_EQ(item.observation.status, status) << value;
        EXPECT_EQ(item.observation.upstream_status, word);
    }
    EXPECT_EQ(read(R"({"id":"1"})").observation.status, Status::queued);
}

TEST_F(ItemReaderTest, AStatusThatIsNoWordSpoilsTheItemButNotItsName)
{
    for (const std::string value : {"7", "true", "[]", R"({"a":"SUCCESS"})", "0.5"}) {
        const auto item = read(R"({"id":"1","status":)" + value + "}");
        EXPECT_EQ(item.outcome, Outcome::unreadable) << value;
        EXPECT_EQ(item.observation.id, "1");
    }
}

TEST_F(ItemReaderTest, ProgressOfAnyTypeIsNoReasonToDropATask)
{
    struct Case {
        std::string_view value;
        int progress;
    };
    for (const auto& [value, progress] : {
             Case{R"("45%")", 45},
             Case{"45", 45},
             Case{"0.45", 45},
             Case{"1", 1},
             Case{"null", -1},
             Case{R"("")", -1},
             Case{"{}", -1},
             Case{"[99]", -1},
             Case{"true", -1},
             Case{"1e400", -1},
             Case{R"("4\u0035%")", 45},
             Case{"99999999999999999999999", 100},
         }) {
        const auto item = read(R"({"id":"1","status":"IN_PROGRESS","progress":)" + std::string(value) + "}");
        ASSERT_EQ(item.outcome, Outcome::read) << value;
        EXPECT_EQ(static_cast<int>(item.observation.progress), progress) << value;
        EXPECT_EQ(item.observation.status, Status::running);
    }
}

TEST_F(ItemReaderTest, AFullTaskWithAReasonWasGivenUpByNewApi)
{
    struct Case {
        std::string_view fields;
        Status status;
    };
    for (const auto& [fields, status] : {
             Case{R"("status":"IN_PROGRESS","progress":"100%","failReason":"banned prompt")", Status::failed},
             Case{R"("failReason":"timeout","progress":"100%","status":"")", Status::failed},
             Case{R"("status":"ODD","progress":100,"failReason":"x")", Status::failed},
             Case{R"("status":"IN_PROGRESS","progress":"99%","failReason":"x")", Status::running},
             Case{R"("status":"IN_PROGRESS","progress":"100%","failReason":"")", Status::running},
             Case{R"("status":"IN_PROGRESS","progress":"100%","failReason":"  ")", Status::running},
             Case{R"("status":"IN_PROGRESS","progress":"100%","failReason":null)", Status::running},
             Case{R"("status":"IN_PROGRESS","progress":"100%","failReason":{"a":1})", Status::running},
             Case{
                 R"("status":"IN_PROGRESS","progress":"100%","failReason":"https://a/b.png")", Status::running
             },
             Case{R"("status":"IN_PROGRESS","progress":"100%")", Status::running},
             Case{R"("status":"SUCCESS","progress":"100%","failReason":"x")", Status::succeeded},
             Case{R"("status":"CANCEL","progress":"100%","failReason":"x")", Status::cancelled},
         }) {
        const auto item = read(R"({"id":"1",)" + std::string(fields) + "}");
        EXPECT_EQ(item.observation.status, status) << fields;
    }
    const auto other =
        read(R"({"taskId":1,"status":"IN_PROGRESS","progress":"100%","failReason":"x"})", ohmygpt_items);
    EXPECT_EQ(other.observation.status, Status::running);
}

TEST_F(ItemReaderTest, OfEqualMembersTheLastCounts)
{
    const auto item = read(R"({"id":"1","id":"2","status":"SUCCESS","status":"IN_PROGRESS","status":null})");
    ASSERT_EQ(item.outcome, Outcome::read);
    EXPECT_EQ(item.observation.id, "2");
    EXPECT_EQ(item.observation.status, Status::queued);
    EXPECT_EQ(read(R"({"id":"1","id":[]})").outcome, Outcome::unreadable);
}

TEST_F(ItemReaderTest, LooksAtTheTopOfTheObjectOnly)
{
    const auto item = read(
        R"({"properties":{"id":"9","status":"FAILURE","progress":"100%"},"id":"1","buttons":[{"status":"SUCCESS"}],)"
        R"("status":"SUBMITTED","progress":"1%"})"
    );
    EXPECT_EQ(item.observation.id, "1");
    EXPECT_EQ(item.observation.status, Status::queued);
    EXPECT_EQ(item.observation.progress, 1);
}

TEST_F(ItemReaderTest, StopsAtTheItemsEnd)
{
    const std::string first = R"({"id":"1","status":"SUBMITTED"})";
    const auto item = read(first + R"( ,{"id":"2","status":"SUCCESS"}])");
    EXPECT_EQ(item.observation.raw, first);
    EXPECT_EQ(item.end, first.size());
}

TEST_F(ItemReaderTest, FindsTheEndOfAnItemThatIsNotJson)
{
    struct Case {
        std::string text;
        std::string_view id;
    };
    const std::string deep = std::string(40, '[') + std::string(40, ']');
    for (const auto& [text, id] : {
             Case{
                 R"({"id":"7","prompt":")"
                 "\xff"
                 R"("})",
                 "7"
             },
             Case{R"({"id":"7","a":)" + deep + "}", "7"},
             Case{R"({"id":"7","a":NaN})", "7"},
             Case{R"({"id":"7",})", "7"},
             Case{R"({"prompt":"\ud800","id":"7"})", "7"},
             Case{R"({"a":1e99999999999,"id":7})", "7"},
             Case{R"({"a":1e99999999999,"id":[7]})", ""},
             Case{R"({"a":1e99999999999,"id":"a b"})", ""},
             Case{"[1,2]", ""},
             Case{"\"text\"", ""},
             Case{"null", ""},
             Case{"12", ""},
         }) {
        const auto item = read(text + ",1");
        EXPECT_EQ(item.outcome, Outcome::unreadable) << text;
        EXPECT_EQ(item.end, text.size()) << text;
        EXPECT_EQ(item.observation.id, id) << text;
    }
}

TEST_F(ItemReaderTest, KnowsACutItem)
{
    const std::string whole = R"({"id":"1","status":"SUCCESS","progress":"100%","buttons":[{"a":"b"}]})";
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(read(whole.substr(0, size)).outcome, Outcome::cut) << size;
    EXPECT_EQ(read(whole).outcome, Outcome::read);
}

}  // namespace
}  // namespace pollhook::provider
