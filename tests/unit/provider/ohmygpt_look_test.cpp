#include "look_fixture.hpp"
#include "pollhook/http/form.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pollhook::provider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

constexpr std::string_view query_path = "/api/v1/ai/draw/mj/query";
constexpr std::string_view pages_path = "/api/v1/ai/draw/mj/query-mj-tasks";

enum class PageShape { tasks, array, one };

std::string form_value(const http::ServerRequest& request, std::string_view name)
{
    const auto form = http::parse_form(request.body);
    if (form)
        for (const auto& [key, value] : *form)
            if (key == name)
                return value;
    return {};
}

std::string wrapped(const std::string& data)
{
    return R"({"statusCode":200,"message":"Success","data":)" + data + "}";
}

std::string item_of(std::uint64_t id)
{
    return R"({"taskId":)" + std::to_string(id) + R"(,"status":"IN_PROGRESS","progress":"10%"})";
}

std::string joined(const std::vector<std::string>& items)
{
    std::string text = "[";
    for (const std::string& item : items)
        text += (text.size() > 1 ? "," : "") + item;
    return text + "]";
}

/// An account with tasks, newest first, that answers both endpoints.
class OhmygptLookTest : public LookFixture {
protected:
    OhmygptLookTest()
    {
        settings_.type = config::ProviderType::ohmygpt;
        settings_.page_size = 20;
        script_ = [this](const http::ServerRequest& request) { return account(request); };
    }

    http::ServerResponse account(const http::ServerRequest& request)
    {
        if (request.path == query_path) {
            const std::string id = form_value(request, "taskId");
            for (const std::uint64_t task : tasks_)
                if (std::to_string(task) == id)
                    return json_answer(wrapped(item_of(task)));
            return json_answer(R"({"statusCode":404,"message":"Task not found","data":null})");
        }
        const std::size_t page = std::stoul(std::string(request.parameter("page").value_or("0")));
        const std::size_t size = std::stoul(std::string(request.parameter("pageSize").value_or("0")));
        std::vector<std::string> items;
        const std::size_t first = (page - 1) * size - std::min((page - 1) * size, (page - 1) * shift_);
        for (std::size_t i = first; i < std::min(first + size, tasks_.size()); ++i)
            items.push_back(item_of(tasks_[i]));
        if (shape_ == PageShape::array)
            return json_answer(wrapped(joined(items)));
        if (shape_ == PageShape::one)
            return json_answer(wrapped(items.empty() ? "null" : items.front()));
        return json_answer(
            wrapped(R"({"total":)" + std::to_string(tasks_.size()) + R"(,"tasks":)" + joined(items) + "}")
        );
    }

    /// Tasks `newest`, `newest - step`, …
    void fill(std::uint64_t newest, std::size_t count, std::uint64_t step = 1)
    {
        tasks_.clear();
        for (std::size_t i = 0; i < count; ++i)
            tasks_.push_back(newest - i * step);
    }

    std::vector<std::string> newest_ids(std::size_t count, std::size_t skip = 0) const
    {
        std::vector<std::string> ids;
        for (std::size_t i = skip; i < skip + count; ++i)
            ids.push_back(std::to_string(tasks_.at(i)));
        return ids;
    }

    std::size_t queries() const { return count(query_path); }
    std::size_t pages() const { return count(pages_path); }

    std::vector<std::uint64_t> tasks_;
    PageShape shape_ = PageShape::tasks;
    std::size_t shift_ = 0;  // tasks that arrive between two pages

private:
    std::size_t count(std::string_view path) const
    {
        return static_cast<std::size_t>(std::ranges::count(requests_, path, &http::ServerRequest::path));
    }
};

TEST_F(OhmygptLookTest, AsksForOneTaskByForm)
{
    fill(3432, 1);
    settings_.base_url += "/relay/";
    settings_.base_url.pop_back();
    settings_.auth = config::Auth::raw;  // this dialect knows only one way
    script_ = [](const http::ServerRequest&) { return json_answer(wrapped(item_of(3432))); };
    const LookResult result = look({"3432"});
    ASSERT_EQ(requests_.size(), 1U);
    EXPECT_EQ(requests_[0].method, "POST");
    EXPECT_EQ(requests_[0].target, "/relay" + std::string(query_path));
    EXPECT_EQ(requests_[0].body, "model=midjourney&taskId=3432");
    EXPECT_EQ(requests_[0].field("content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(requests_[0].field("authorization"), "Bearer " + std::string(test_key));
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(observed(result, "3432").status, task::Status::running);
    EXPECT_EQ(static_cast<int>(observed(result, "3432").progress), 10);
    EXPECT_EQ(observed(result, "3432").raw, item_of(3432));
}

TEST_F(OhmygptLookTest, EscapesIdsInTheForm)
{
    const LookResult result = look({"a&model=x+%41"});
    ASSERT_EQ(requests_.size(), 1U);
    EXPECT_EQ(form_value(requests_[0], "taskId"), "a&model=x+%41");
    EXPECT_EQ(form_value(requests_[0], "model"), "midjourney");
    EXPECT_THAT(result.answer.missing, ElementsAre("a&model=x+%41"));
}

TEST_F(OhmygptLookTest, ReadsEveryShapeOfOneTask)
{
    const std::string item = item_of(7);
    const std::string bodies[] = {
        wrapped(item),
        wrapped("[" + item + "]"),
        wrapped(R"({"total":1,"tasks":[)" + item + "]}"),
        wrapped(R"({"tasks":[)" + item + R"(],"total":1})"),
        wrapped(R"({"taskId":"7","status":"IN_PROGRESS","progress":10})"),
        R"({"code":200,"data":)" + item + "}",
        R"({"data":)" + item + R"(,"statusCode":200})",
        R"({"statusCode":"200","data":)" + item + "}",
        "\xEF\xBB\xBF" + wrapped(item),
    };
    for (const std::string& body : bodies) {
        const LookResult result = look_at(json_answer(body), {"7"});
        EXPECT_FALSE(result.failure) << body;
        EXPECT_EQ(observed(result, "7").status, task::Status::running) << body;
        EXPECT_EQ(static_cast<int>(observed(result, "7").progress), 10) << body;
        EXPECT_THAT(result.answer.missing, IsEmpty()) << body;
    }
}

TEST_F(OhmygptLookTest, BelievesTheBodysOwnCode)
{
    struct Row {
        std::string body;
        Errc kind;
    };
    const Row rows[] = {
        {R"({"statusCode":401,"message":"bad key"})", Errc::unauthorized},
        {R"({"statusCode":403,"message":"no midjourney for this key","data":null})", Errc::unauthorized},
        {R"({"code":401,"message":"bad key"})", Errc::unauthorized},
        {R"({"statusCode":429,"message":"slow down"})", Errc::rate_limited},
        {R"({"code":429,"message":"slow down"})", Errc::rate_limited},
        {R"({"statusCode":500,"message":"oops"})", Errc::unavailable},
        {R"({"statusCode":503,"message":"oops","data":null})", Errc::unavailable},
        {R"({"statusCode":500,"message":"oops","data":{"taskId":7,"status":"FAILURE"}})", Errc::unavailable},
        {R"({"statusCode":400,"message":"model must be midjourney"})", Errc::refused},
        {R"({"success":false,"message":"turned off"})", Errc::malformed_answer},
        {R"({"error":{"message":"quota"}})", Errc::malformed_answer},
        {R"({"message":"hello"})", Errc::malformed_answer},
        {R"({})", Errc::malformed_answer},
        {"", Errc::malformed_answer},
        {"null", Errc::malformed_answer},
        {"[]", Errc::malformed_answer},
        {R"({"statusCode":200,"data":{"taskId":7,"status":"SUCC)", Errc::malformed_answer},
        {R"({"statusCode":200,"data":"later"})", Errc::malformed_answer},
        {"<html></html>", Errc::malformed_answer},
    };
    for (const Row& row : rows) {
        const LookResult result = look_at(json_answer(row.body), {"7"});
        ASSERT_TRUE(result.failure) << row.body;
        EXPECT_EQ(result.failure->kind, row.kind) << row.body << ": " << result.failure->detail;
        EXPECT_THAT(result.answer.observations, IsEmpty()) << row.body;
        EXPECT_THAT(result.answer.missing, IsEmpty()) << row.body;
    }
}

TEST_F(OhmygptLookTest, TellsAnUnknownTaskFromAWrongAddress)
{
    struct Row {
        int status;
        std::string body;
        bool missing;
    };
    const Row rows[] = {
        {200, R"({"statusCode":404,"message":"Task not found","data":null})", true},
        {200, R"({"statusCode":200,"message":"task not exist","data":null})", true},
        {200, R"({"statusCode":400,"message":"任务不存在"})", true},
        {404, R"({"statusCode":404,"message":"Task not found"})", true},
        {404,
         R"({"statusCode":404,"message":"Cannot POST /api/v1/ai/draw/mj/query","error":"Not Found"})",
         false},
        {404, "", false},
        {500, R"({"statusCode":500,"message":"table not found"})", false},
    };
    for (const Row& row : rows) {
        const LookResult result = look_at(json_answer(row.body, row.status), {"7"});
        EXPECT_EQ(result.answer.missing.size(), row.missing ? 1U : 0U) << row.body;
        EXPECT_EQ(result.failure.has_value(), !row.missing) << row.body;
    }
}

TEST_F(OhmygptLookTest, TakesHttpErrorsAsTheOtherDialectDoes)
{
    const std::pair<int, Errc> rows[] = {
        {401, Errc::unauthorized},
        {403, Errc::unauthorized},
        {429, Errc::rate_limited},
        {500, Errc::unavailable},
        {301, Errc::redirected},
        {422, Errc::refused},
    };
    for (const auto& [status, kind] : rows) {
        http::ServerResponse response = json_answer("", status);
        response.fields.emplace_back("Retry-After", "9");
        const LookResult result = look_at(response, {"7"});
        ASSERT_TRUE(result.failure);
        EXPECT_EQ(result.failure->kind, kind);
        EXPECT_EQ(result.failure->retry_after, std::chrono::seconds(9));
        EXPECT_EQ(requests_.size(), 1U);
    }
}

TEST_F(OhmygptLookTest, StopsAtAnErrorOfTheAccount)
{
    for (const int status : {401, 429, 500}) {
        std::size_t count = 0;
        fill(5000, 3, 1'000'000'000 / 1'000'000);
        script_ = [&](const http::ServerRequest& request) {
            return ++count == 2 ? json_answer("", status) : account(request);
        };
        const LookResult result = look({"a", "b", "c", "d"});
        ASSERT_TRUE(result.failure);
        EXPECT_EQ(requests_.size(), 2U);
        EXPECT_THAT(result.answer.missing, ElementsAre("a"));
    }
}

TEST_F(OhmygptLookTest, OneRefusedTaskDoesNotBlockTheOthers)
{
    script_ = [&](const http::ServerRequest& request) {
        if (form_value(request, "taskId") == "a")
            return json_answer(R"({"statusCode":400,"message":"bad id"})");
        return account(request);
    };
    const LookResult result = look({"a", "b"});
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::refused);
    EXPECT_THAT(result.answer.missing, ElementsAre("b"));
}

TEST_F(OhmygptLookTest, ReadsAPageInsteadOfManySingleTasks)
{
    fill(10'000, 100);
    for (const PageShape shape : {PageShape::tasks, PageShape::array}) {
        shape_ = shape;
        const LookResult result = look(newest_ids(20));
        EXPECT_FALSE(result.failure);
        EXPECT_THAT(observed_ids(result), UnorderedElementsAreArray(newest_ids(20)));
        EXPECT_EQ(pages(), 1U);
        EXPECT_EQ(queries(), 0U);
        EXPECT_EQ(requests_[0].body, "model=midjourney");
        EXPECT_EQ(requests_[0].parameter("page"), "1");
        EXPECT_EQ(requests_[0].parameter("pageSize"), "20");
    }
}

TEST_F(OhmygptLookTest, AsksSinglyWhenThatIsCheaper)
{
    fill(10'000, 100);
    (void)look(newest_ids(20));  // learns where the newest is

    EXPECT_EQ(look(newest_ids(1)).answer.observations.size(), 1U);
    EXPECT_EQ(queries(), 1U);
    EXPECT_EQ(pages(), 0U);

    const std::vector<std::string> far{"10000", "9950", "9901"};
    EXPECT_THAT(observed_ids(look(far)), UnorderedElementsAreArray(far));
    EXPECT_LE(requests_.size(), 3U);
}

TEST_F(OhmygptLookTest, AsksSinglyForIdsThatAreNoNumbers)
{
    fill(10'000, 100);
    const LookResult result = look({"abc", "def", "ghi"});
    EXPECT_EQ(pages(), 0U);
    EXPECT_EQ(queries(), 3U);
    EXPECT_THAT(result.answer.missing, ElementsAre("abc", "def", "ghi"));
}

TEST_F(OhmygptLookTest, WalksPagesAndAsksForTheRest)
{
    fill(10'000, 100);
    std::vector<std::string> ids = newest_ids(10, 5);
    const std::vector<std::string> second_page = newest_ids(9, 25);
    ids.insert(ids.end(), second_page.begin(), second_page.end());
    ids.emplace_back("9999999");  // newer than all, and gone
    const LookResult result = look(ids);
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(result.answer.observations.size(), 19U);
    EXPECT_THAT(result.answer.missing, ElementsAre("9999999"));
    EXPECT_LE(requests_.size(), 5U);
    EXPECT_GE(pages(), 2U);
}

TEST_F(OhmygptLookTest, StandsPagesThatShiftWhileItReads)
{
    fill(10'000, 100);
    shift_ = 3;
    std::vector<std::string> ids = newest_ids(10, 8);
    const std::vector<std::string> more = newest_ids(10, 20);
    ids.insert(ids.end(), more.begin(), more.end());
    const LookResult result = look(ids);
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(observed_ids(result), UnorderedElementsAreArray(ids));
    EXPECT_THAT(result.answer.missing, IsEmpty());
}

TEST_F(OhmygptLookTest, GoesOnWithoutPagesWhenTheyShowOneTaskOnly)
{
    fill(10'000, 100);
    shape_ = PageShape::one;
    const LookResult result = look(newest_ids(5));
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(observed_ids(result), UnorderedElementsAreArray(newest_ids(5)));
    EXPECT_LE(requests_.size(), 6U);
}

TEST_F(OhmygptLookTest, GoesOnWithoutPagesWhenTheyAreRefused)
{
    fill(10'000, 100);
    script_ = [&](const http::ServerRequest& request) {
        return request.path == pages_path ? json_answer("", 404) : account(request);
    };
    const LookResult result = look(newest_ids(5));
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(observed_ids(result), UnorderedElementsAreArray(newest_ids(5)));
    EXPECT_EQ(pages(), 1U);
}

TEST_F(OhmygptLookTest, NeverTakesALookForMoreRequestsThanItIsWorth)
{
    fill(1'000'000, 1'000);
    const std::vector<std::string> ids = ids_from(500'000, 20);  // older than all of them
    const LookResult result = look(ids);
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(result.answer.missing, UnorderedElementsAreArray(ids));
    EXPECT_LE(requests_.size(), 30U);
}

TEST_F(OhmygptLookTest, DiscoversTheNewestTasks)
{
    settings_.discover = true;
    fill(10'000, 100);
    ASSERT_TRUE(provider().discovers());
    const LookResult first = discover();
    EXPECT_FALSE(first.failure);
    EXPECT_EQ(requests_.size(), 3U);
    EXPECT_THAT(observed_ids(first), UnorderedElementsAreArray(newest_ids(60)));
    EXPECT_EQ(first.answer.foreign, 0U);

    const LookResult second = discover();
    EXPECT_EQ(requests_.size(), 1U);
    EXPECT_THAT(observed_ids(second), UnorderedElementsAreArray(newest_ids(20)));
}

TEST_F(OhmygptLookTest, DiscoversNothingInAnEmptyAccount)
{
    settings_.discover = true;
    for (const PageShape shape : {PageShape::tasks, PageShape::array, PageShape::one}) {
        shape_ = shape;
        const LookResult result = discover();
        EXPECT_FALSE(result.failure);
        EXPECT_THAT(result.answer.observations, IsEmpty());
        EXPECT_EQ(requests_.size(), 1U);
    }
}

TEST_F(OhmygptLookTest, DiscoversOnlyWhenItIsTold)
{
    EXPECT_FALSE(provider().discovers());
}

TEST_F(OhmygptLookTest, TellsThatAFeedFailed)
{
    settings_.discover = true;
    script_ = [](const http::ServerRequest&) { return json_answer("", 401); };
    const LookResult result = discover();
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::unauthorized);
    EXPECT_THAT(result.failure->detail, HasSubstr("401"));
}

TEST_F(OhmygptLookTest, TakesAPageOfIdsAtOnce)
{
    settings_.page_size = 12;
    EXPECT_EQ(provider().batch_size(), 12U);
}

}  // namespace
}  // namespace pollhook::provider
