#include "pollhook/provider/gathering.hpp"

#include "fixture.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace pollhook::provider {
namespace {

using task::Status;

/// The answer to a look for `ids`.
class Asked {
public:
    explicit Asked(std::vector<std::string> ids)
        : ids_(std::move(ids)),
          gathering_(midjourney_proxy_items, answer_, ids_)
    {
    }

    ItemsRead read(std::string body) { return gathering_.read(answer_.bodies.emplace_back(std::move(body))); }

    [[nodiscard]] const task::Observation* of(std::string_view id) const
    {
        for (const task::Observation& seen : answer_.observations)
            if (seen.id == id)
                return &seen;
        return nullptr;
    }
    [[nodiscard]] const Answer& answer() const { return answer_; }
    [[nodiscard]] const Gathering& gathering() const { return gathering_; }

private:
    std::vector<std::string> ids_;
    Answer answer_;
    Gathering gathering_;
};

std::string item(std::string_view id, std::string_view status, std::string_view progress = "")
{
    return R"({"id":")" + std::string(id) + R"(","status":")" + std::string(status) + R"(","progress":")" +
           std::string(progress) + R"("})";
}

TEST(GatheringTest, TakesAListOrOneObject)
{
    Asked list({"1", "2"});
    const ItemsRead both =
        list.read(std::string("[ ") + item("2", "SUCCESS") + " , " + item("1", "") + " ] ");
    EXPECT_TRUE(both.whole);
    EXPECT_EQ(both.readable, 2U);
    EXPECT_EQ(list.of("2")->status, Status::succeeded);
    EXPECT_EQ(list.of("1")->raw, item("1", ""));

    Asked one({"1"});
    EXPECT_TRUE(one.read(item("1", "SUCCESS")).whole);
    EXPECT_EQ(one.of("1")->status, Status::succeeded);
}

TEST(GatheringTest, OneBadItemNeverDiscardsItsBatch)
{
    const std::string deep = std::string(64, '[') + std::string(64, ']');
    for (const std::string& bad : {
             std::string("null"),
             std::string("[]"),
             std::string("\"text\""),
             std::string("17"),
             std::string("{}"),
             std::string(R"({"id":[],"status":7,"progress":{}})"),
             std::string(R"({"id":"2","status":7})"),
             std::string("{\"id\":\"2\",\"prompt\":\"\xff\xfe\"}"),
             R"({"id":"2","a":)" + deep + "}",
             std::string(R"({"id":"2","a":1e9999999999999})"),
             std::string(R"({"id":"2","a":NaN})"),
             std::string(R"({"id":"2","a":1,})"),
             std::string(R"({"id":"2" "a":1})"),
             std::string(R"({'id':'2'})"),
         }) {
        Asked asked({"1", "2", "3"});
        const ItemsRead found =
            asked.read("[" + item("1", "SUCCESS") + "," + bad + "," + item("3", "IN_PROGRESS", "5%") + "]");
        EXPECT_TRUE(found.whole) << bad;
        EXPECT_EQ(found.items, 3U) << bad;
        EXPECT_EQ(found.readable, 2U) << bad;
        EXPECT_EQ(asked.answer().malformed, 1U) << bad;
        ASSERT_TRUE(asked.of("1") && asked.of("3")) << bad;
        EXPECT_EQ(asked.of("3")->progress, 5);
        EXPECT_FALSE(asked.of("2"));
        EXPECT_EQ(found.nameless == 0, asked.gathering().is_spoiled("2")) << bad;
    }
}

TEST(GatheringTest, ItemsBeforeACutCount)
{
    const std::string body = "[" + item("1", "SUCCESS") + "," + item("2", "FAILURE") + "]";
    for (std::size_t size = 0; size < body.size(); ++size) {
        Asked asked({"1", "2"});
        EXPECT_FALSE(asked.read(body.substr(0, size)).whole) << size;
        EXPECT_EQ(asked.of("1") != nullptr, size > item("1", "SUCCESS").size()) << size;
    }
}

TEST(GatheringTest, TheMostAdvancedOfTwoStatesWins)
{
    struct Case {
        std::string a, b;
        Status status;
        int progress;
    };
    for (const auto& [a, b, status, progress] : {
             Case{item("1", "SUBMITTED", "0%"), item("1", "SUCCESS", "100%"), Status::succeeded, 100},
             Case{item("1", "IN_PROGRESS", "10%"), item("1", "IN_PROGRESS", "40%"), Status::running, 40},
             Case{item("1", "", ""), item("1", "MODAL", ""), Status::waiting, -1},
             Case{item("1", "FAILURE", ""), item("1", "IN_PROGRESS", "99%"), Status::failed, -1},
             Case{item("1", "FAILURE", "100%"), item("1", "SUCCESS", "100%"), Status::succeeded, 100},
             Case{item("1", "ODD", "90%"), item("1", "IN_PROGRESS", "1%"), Status::running, 1},
         }) {
        for (const std::string& list : {"[" + a + "," + b + "]", "[" + b + "," + a + "]"}) {
            Asked asked({"1"});
            asked.read(list);
            ASSERT_EQ(asked.answer().observations.size(), 1U) << list;
            EXPECT_EQ(asked.of("1")->status, status) << list;
            EXPECT_EQ(static_cast<int>(asked.of("1")->progress), progress) << list;
        }
    }
}

TEST(GatheringTest, CountsWhatNobodyAskedFor)
{
    Asked asked({"1"});
    asked.read("[" + item("8", "SUCCESS") + "," + item("1", "") + "," + item("9", "FAILURE") + "]");
    EXPECT_EQ(asked.answer().observations.size(), 1U);
    EXPECT_EQ(asked.answer().foreign, 2U);
    EXPECT_FALSE(asked.gathering().has_seen("8"));
}

TEST(GatheringTest, BoundsTheNumberOfItems)
{
    std::string body = "[";
    for (std::size_t i = 0; i < Gathering::max_items + 5; ++i)
        body += "{},";
    body += item("1", "SUCCESS") + "]";
    Asked asked({"1"});
    const ItemsRead found = asked.read(body);
    EXPECT_FALSE(found.whole);
    EXPECT_EQ(found.items, Gathering::max_items);
    EXPECT_FALSE(asked.of("1"));
}

TEST(GatheringTest, WithoutIdsEveryItemCounts)
{
    Answer answer;
    Gathering gathering(ohmygpt_items, answer);
    const std::string& body =
        answer.bodies.emplace_back(R"([{"taskId":5},{"taskId":"6"},{"taskId":5,"status":"SUCCESS"}])");
    EXPECT_TRUE(gathering.read(body).whole);
    ASSERT_EQ(answer.observations.size(), 2U);
    EXPECT_EQ(answer.observations[0].status, Status::succeeded);
    EXPECT_EQ(answer.foreign, 0U);
}

TEST(GatheringTest, ObservationsSurviveTheMoveOfTheirAnswer)
{
    const std::vector<std::string> ids{"12"};
    Answer moved;
    {
        Answer answer;
        Gathering gathering(midjourney_proxy_items, answer, ids);
        gathering.read(answer.bodies.emplace_back(R"([{"id":"\u0031\u0032","status":"IN\u005fPROGRESS"}])"));
        moved = std::move(answer);
    }
    ASSERT_EQ(moved.observations.size(), 1U);
    EXPECT_EQ(moved.observations[0].id, "12");
    EXPECT_EQ(moved.observations[0].upstream_status, "IN_PROGRESS");
}

/// Whatever happens to a good answer's bytes, no task ends of whose end the text does not speak.
TEST(GatheringTest, MutatedAnswersNeverCrashAndNeverInventAnEnd)
{
    const std::string good = "[" + test::fixture("quickrouter_task.json") + "," +
                             item("1", "IN_PROGRESS", "45%") + "," + item("2", "", "") + "," +
                             item("3", "FAILURE", "100%") + "]";
    std::mt19937 random(20261121);
    const auto below = [&](std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    };
    constexpr std::string_view pieces = "{}[]\",:\\0123456789eE+-.nulltruefalse \xff\xc3\x00";
    for (int round = 0; round < 10'000; ++round) {
        std::string body = good;
        for (std::size_t count = 1 + below(4); count > 0 && !body.empty(); --count) {
            const std::size_t at = below(body.size());
            switch (below(4)) {
                case 0: body[at] = pieces[below(pieces.size())]; break;
                case 1: body.insert(at, 1, pieces[below(pieces.size())]); break;
                case 2: body.erase(at, 1 + below(20)); break;
                default: body.resize(at); break;
            }
        }
        Asked asked({"1730621826053455", "1", "2", "3"});
        const ItemsRead found = asked.read(body);
        EXPECT_LE(found.readable, found.items);
        for (const task::Observation& seen : asked.answer().observations) {
            ASSERT_TRUE(seen.raw.starts_with('{') && seen.raw.ends_with('}'));
            ASSERT_GE(seen.progress, -1);
            ASSERT_LE(seen.progress, 100);
            if (is_terminal(seen.status)) {
                const bool says_so = seen.raw.find("SUCCESS") != std::string_view::npos ||
                                     seen.raw.find("FAILURE") != std::string_view::npos;
                ASSERT_TRUE(says_so) << seen.raw;
            }
        }
    }
}

}  // namespace
}  // namespace pollhook::provider
