#include "pollhook/provider/ohmygpt.hpp"

#include "fixture.hpp"
#include "pollhook/http/form.hpp"
#include "relay_fixture.hpp"

#include <map>

namespace pollhook::provider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAreArray;

constexpr std::string_view page_path = "/api/v1/ai/draw/mj/query-mj-tasks";
constexpr std::string_view single_path = "/api/v1/ai/draw/mj/query";

std::string item(std::uint64_t id)
{
    return R"({"taskId":)" + std::to_string(id) + R"(,"status":"IN_PROGRESS","progress":"45%"})";
}

/// An account whose feed shows the ids that a test lists, the newest first.
class OhMyGptTest : public RelayFixture {
protected:
    OhMyGptTest()
    {
        settings_.type = config::ProviderType::ohmygpt;
        settings_.page_size = 5;
        answering_ = [this](const http::ServerRequest& request) { return answer_as_account(request); };
    }

    http::ServerResponse answer_as_account(const http::ServerRequest& request)
    {
        if (request.path == page_path)
            return answer_page(std::stoul(std::string(request.parameter("page").value())));
        const auto form = http::parse_form(request.body).value();
        const std::uint64_t id = std::stoull(form.at(1).second);
        const bool known =
            std::ranges::find(feed_, id) != feed_.end() || std::ranges::find(hidden_, id) != hidden_.end();
        return json_answer(
            R"({"statusCode":200,"message":"Success","data":)" + (known ? item(id) : "null") + "}"
        );
    }

    http::ServerResponse answer_page(std::size_t page)
    {
        std::string tasks;
        for (std::size_t i = (page - 1) * 5; i < std::min(page * 5, feed_.size()); ++i)
            tasks += (tasks.empty() ? "" : ",") + item(feed_[i]);
        return json_answer(
            R"({"statusCode":200,"message":"Success","data":{"total":9,"tasks":[)" + tasks + "]}}"
        );
    }

    [[nodiscard]] std::size_t pages() const
    {
        return static_cast<std::size_t>(
            std::ranges::count(asked_, std::string(page_path), &http::ServerRequest::path)
        );
    }
    [[nodiscard]] std::size_t singles() const { return asked_.size() - pages(); }

    /// count ids downwards from `newest`
    static std::vector<std::uint64_t> down_from(
        std::uint64_t newest, std::size_t count, std::uint64_t gap = 1
    )
    {
        std::vector<std::uint64_t> ids;
        for (std::size_t i = 0; i < count; ++i)
            ids.push_back(newest - i * gap);
        return ids;
    }

    std::vector<std::uint64_t> feed_;
    std::vector<std::uint64_t> hidden_;  ///< known to single queries only
};

TEST_F(OhMyGptTest, AsksForOneTaskByAForm)
{
    answer(200, test::fixture("ohmygpt_task.json"));
    const LookResult result = look({"20"});
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(seen(result), ElementsAre("20"));
    EXPECT_EQ(result.answer.observations[0].status, task::Status::succeeded);
    ASSERT_THAT(asked_, SizeIs(1));
    EXPECT_EQ(asked_[0].target, single_path);
    EXPECT_EQ(asked_[0].body, "model=midjourney&taskId=20");
    EXPECT_EQ(asked_[0].field("content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(asked_[0].field("authorization"), "Bearer sk-0123456789abcdef");
    look({"a&b=%"});
    EXPECT_EQ(asked_[0].body, "model=midjourney&taskId=a%26b%3D%25");
}

TEST_F(OhMyGptTest, AcceptsEveryShapeOfData)
{
    for (const std::string& data : {
             item(7),
             "[" + item(7) + "]",
             R"({"total":1,"tasks":[)" + item(7) + "]}",
             R"({"tasks":[)" + item(8) + "," + item(7) + R"(],"total":2})",
             std::string(R"({"taskId":"7","status":"IN_PROGRESS"})"),
         }) {
        for (const std::string& body : {
                 R"({"statusCode":200,"message":"Success","data":)" + data + "}",
                 R"({"data":)" + data + R"(,"code":200})",
                 R"({ "message" : "ok" , "data" : )" + data + " }",
                 data,
             }) {
            answer(200, body);
            const LookResult result = look({"7"});
            EXPECT_FALSE(result.failure) << body;
            EXPECT_THAT(seen(result), ElementsAre("7")) << body;
            EXPECT_THAT(result.answer.missing, IsEmpty());
        }
    }
}

TEST_F(OhMyGptTest, KnowsAnUnknownTaskByManyWords)
{
    struct Case {
        int status;
        std::string_view body;
    };
    for (const auto& [status, body] : {
             Case{200, R"({"statusCode":200,"message":"Success","data":null})"},
             Case{200, R"({"statusCode":200,"message":"Success"})"},
             Case{200, R"({"statusCode":200,"data":[]})"},
             Case{200, R"({"statusCode":200,"data":{"total":0,"tasks":[]}})"},
             Case{200, R"({"statusCode":404,"message":"nothing"})"},
             Case{200, R"({"code":400,"message":"Task Not Found","data":null})"},
             Case{200, R"({"statusCode":400,"message":"任务不存在"})"},
             Case{404, R"({"statusCode":404,"message":"task does not exist"})"},
             Case{400, R"({"statusCode":400,"message":"task not found"})"},
         }) {
        answer(status, std::string(body));
        const LookResult result = look({"7"});
        EXPECT_FALSE(result.failure) << body;
        EXPECT_THAT(result.answer.missing, ElementsAre("7")) << body;
    }
}

TEST_F(OhMyGptTest, NoErrorPassesForAnAnswer)
{
    struct Case {
        int status;
        std::string_view body;
        Errc kind;
    };
    const std::string cut = R"({"statusCode":200,"data":{"total":2,"tasks":[{"taskId":7,"status":"SUCC)";
    for (const auto& [status, body, kind] : {
             Case{200, R"({"statusCode":401,"message":"bad key"})", Errc::unauthorized},
             Case{200, R"({"code":403,"message":"no","data":null})", Errc::unauthorized},
             Case{200, R"({"statusCode":429,"message":"slow down"})", Errc::rate_limited},
             Case{200, R"({"statusCode":500,"message":"task not found"})", Errc::unavailable},
             Case{200, R"({"statusCode":"503"})", Errc::unavailable},
             Case{200, R"({"statusCode":400,"message":"bad model"})", Errc::refused},
             Case{200, R"({"statusCode":302})", Errc::redirected},
             Case{200, R"({"statusCode":1001,"message":"odd"})", Errc::malformed_answer},
             Case{200, R"({"statusCode":500,"data":{"taskId":7,"status":"SUCCESS"}})", Errc::unavailable},
             Case{200, R"({"success":false,"data":{"taskId":7,"status":"SUCCESS"}})", Errc::malformed_answer},
             Case{200, "{}", Errc::malformed_answer},
             Case{200, R"({"error":{"message":"x"}})", Errc::malformed_answer},
             Case{200, "", Errc::malformed_answer},
             Case{200, "null", Errc::malformed_answer},
             Case{200, "[]", Errc::malformed_answer},
             Case{200, R"({"message":"ok","data":null})", Errc::malformed_answer},
             Case{200, R"({"data":{"total":0,"tasks":[]}})", Errc::malformed_answer},
             Case{200, "<html>", Errc::malformed_answer},
             Case{200, cut, Errc::malformed_answer},
             Case{200, R"({"statusCode":200,"data":nul)", Errc::malformed_answer},
             Case{404, R"({"statusCode":404,"message":"Cannot POST /x","error":"Not Found"})", Errc::refused},
             Case{404, R"({"statusCode":404,"message":"Not Found"})", Errc::refused},
             Case{404, "", Errc::refused},
             Case{401, "", Errc::unauthorized},
             Case{502, "", Errc::unavailable},
             Case{302, "", Errc::redirected},
         }) {
        answer(status, std::string(body));
        const LookResult result = look({"7"});
        ASSERT_TRUE(result.failure) << status << body;
        EXPECT_EQ(result.failure->kind, kind) << status << body << result.failure->detail;
        EXPECT_THAT(result.answer.missing, IsEmpty()) << body;
        EXPECT_THAT(result.answer.observations, IsEmpty()) << body;
    }
}

TEST_F(OhMyGptTest, AnUnreadableTaskIsNotMissing)
{
    answer(200, R"({"statusCode":200,"data":{"taskId":7,"status":[]}})");
    const LookResult result = look({"7"});
    EXPECT_THAT(result.answer.missing, IsEmpty());
    EXPECT_EQ(result.answer.malformed, 1U);
    answer(200, R"({"statusCode":200,"data":{"taskId":{},"status":"SUCCESS"}})");
    EXPECT_THAT(look({"7"}).answer.missing, IsEmpty());
}

TEST_F(OhMyGptTest, AnotherTaskIsNoAnswer)
{
    answer(200, R"({"statusCode":200,"data":{"taskId":8,"status":"SUCCESS"}})");
    const LookResult result = look({"7"});
    EXPECT_THAT(result.answer.observations, IsEmpty());
    EXPECT_THAT(result.answer.missing, ElementsAre("7"));
    EXPECT_EQ(result.answer.foreign, 1U);
}

TEST_F(OhMyGptTest, OnePageTellsOfManyTasks)
{
    feed_ = down_from(1000, 30);
    const LookResult result = look({"1000", "998", "996"});
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(seen(result), ElementsAre("1000", "998", "996"));
    EXPECT_EQ(pages(), 1U);
    EXPECT_EQ(singles(), 0U);
    EXPECT_EQ(asked_[0].target, std::string(page_path) + "?page=1&pageSize=5");
    EXPECT_EQ(asked_[0].body, "model=midjourney");
    EXPECT_EQ(result.answer.foreign, 0U);
}

TEST_F(OhMyGptTest, WalksOnWhileItPaysAndAsksForTheRestOneByOne)
{
    feed_ = down_from(1000, 60);
    hidden_ = {10};
    const LookResult result = look({"1000", "993", "992", "991", "945", "10"});
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(seen(result), UnorderedElementsAreArray({"1000", "993", "992", "991", "945", "10"}));
    EXPECT_EQ(pages(), 2U);
    EXPECT_EQ(singles(), 2U);
    EXPECT_THAT(result.answer.missing, IsEmpty());
}

TEST_F(OhMyGptTest, RemembersWhereTheFeedIs)
{
    feed_ = down_from(1000, 60);
    look({"1000", "999"});
    const LookResult old = look({"950", "949"});
    EXPECT_EQ(pages(), 0U) << "the way to them is longer than two requests";
    EXPECT_THAT(seen(old), ElementsAre("950", "949"));
    look({"1003", "1002"});
    EXPECT_EQ(pages(), 1U) << "they came since";
}

TEST_F(OhMyGptTest, OnlyASingleQueryTellsAMissingTask)
{
    feed_ = down_from(1000, 12);
    const LookResult result = look({"1000", "999", "5000"});
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(result.answer.missing, ElementsAre("5000"));
    EXPECT_EQ(singles(), 1U);
}

TEST_F(OhMyGptTest, AFeedThatEndsOrRepeatsItselfEndsTheWalk)
{
    feed_ = down_from(1000, 3);
    look({"1000", "2", "1"});
    EXPECT_EQ(pages(), 1U);
    feed_ = down_from(1000, 5);
    answering_ = [this](const http::ServerRequest& request) {
        return request.path == page_path ? answer_page(1) : answer_as_account(request);
    };
    provider_.reset();
    look({"1000", "994", "993", "992", "991"});
    EXPECT_LE(pages(), 2U);
}

TEST_F(OhMyGptTest, TheDocumentedPageOfOneTaskIsAPage)
{
    answering_ = [](const http::ServerRequest& request) {
        return request.path == page_path ? json_answer(test::fixture("ohmygpt_page.json"))
                                         : json_answer(R"({"statusCode":200,"data":null})");
    };
    const LookResult result = look({"20", "19"});
    EXPECT_THAT(seen(result), ElementsAre("20"));
    EXPECT_THAT(result.answer.missing, ElementsAre("19"));
}

TEST_F(OhMyGptTest, WithoutUsablePagesEveryTaskIsAskedFor)
{
    feed_ = down_from(1000, 10);
    for (const auto& [status, body] :
         {std::pair(404, ""), std::pair(200, "{}"), std::pair(200, "nonsense")}) {
        answering_ = [this, page = json_answer(body, status)](const http::ServerRequest& request) {
            return request.path == page_path ? page : answer_as_account(request);
        };
        const LookResult result = look({"1000", "999"});
        EXPECT_FALSE(result.failure) << body;
        EXPECT_THAT(seen(result), ElementsAre("1000", "999"));
    }
}

TEST_F(OhMyGptTest, AFailingRelayIsAskedOnce)
{
    for (const int status : {401, 429, 500, 302}) {
        answer(status, "");
        const LookResult result = look({"1000", "999", "998"});
        EXPECT_TRUE(result.failure);
        EXPECT_THAT(asked_, SizeIs(1)) << status;
    }
}

TEST_F(OhMyGptTest, KeepsWhatCameBeforeAFailure)
{
    feed_ = down_from(1000, 10);
    answering_ = [this](const http::ServerRequest& request) {
        return request.path == page_path ? answer_page(1) : json_answer("", 503);
    };
    const LookResult result = look({"1000", "999", "3", "4"});
    EXPECT_THAT(seen(result), ElementsAre("1000", "999"));
    EXPECT_EQ(result.failure->kind, Errc::unavailable);
    EXPECT_EQ(singles(), 1U);
}

TEST_F(OhMyGptTest, ARefusedTaskDoesNotBlockTheOthersButRefusalsInARowDo)
{
    feed_ = down_from(1000, 10);
    answering_ = [this](const http::ServerRequest& request) {
        if (request.path == page_path)
            return json_answer("", 404);
        return request.body.ends_with("=999") ? json_answer("", 400) : answer_as_account(request);
    };
    const LookResult one = look({"1000", "999", "998"});
    EXPECT_THAT(seen(one), ElementsAre("1000", "998"));
    EXPECT_EQ(one.failure->kind, Errc::refused);
    answer(400, "");
    look({"1", "2", "3", "4", "5", "6", "7", "8"});
    EXPECT_EQ(singles(), 3U);
}

TEST_F(OhMyGptTest, DiscoversUntilNothingIsNew)
{
    settings_.discover = true;
    ASSERT_TRUE(provider().discovers());
    feed_ = down_from(1000, 60);
    const auto discover = [this] {
        asked_.clear();
        return run(provider().discover());
    };
    EXPECT_THAT(seen(discover()), SizeIs(15));
    EXPECT_EQ(pages(), 3U);
    EXPECT_THAT(seen(discover()), SizeIs(5));
    EXPECT_EQ(pages(), 1U);
    feed_.insert(feed_.begin(), 1001);
    const LookResult news = discover();
    EXPECT_EQ(seen(news).front(), "1001");
    EXPECT_EQ(pages(), 2U);
}

TEST_F(OhMyGptTest, AFailedWalkLeavesNothingUndiscovered)
{
    settings_.discover = true;
    feed_ = down_from(1000, 12);
    bool healthy = false;
    answering_ = [&](const http::ServerRequest& request) {
        const bool fails = !healthy && request.parameter("page") == "2";
        return fails ? json_answer("", 500) : answer_as_account(request);
    };
    const LookResult first = run(provider().discover());
    EXPECT_EQ(first.failure->kind, Errc::unavailable);
    EXPECT_THAT(seen(first), SizeIs(5));
    healthy = true;
    EXPECT_THAT(seen(run(provider().discover())), SizeIs(12));
}

TEST_F(OhMyGptTest, DiscoversOnlyWhenToldTo)
{
    EXPECT_FALSE(provider().discovers());
    EXPECT_EQ(provider().batch_size(), 5U);
}

}  // namespace
}  // namespace pollhook::provider
