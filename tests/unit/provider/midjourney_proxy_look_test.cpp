#include "look_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pollhook::provider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

const std::vector<std::string> two_ids{"1743326750223591", "1743326750223592"};

std::vector<std::string> asked_for(const http::ServerRequest& request)
{
    std::vector<std::string> ids;
    const boost::json::value body = boost::json::parse(request.body);
    for (const boost::json::value& id : body.at("ids").as_array())
        ids.emplace_back(std::string_view(id.as_string()));
    return ids;
}

std::string items_of(const std::vector<std::string>& ids)
{
    std::string items = "[";
    for (const std::string& id : ids) {
        if (items.size() > 1)
            items += ',';
        items += R"({"id":")" + id + R"(","status":"IN_PROGRESS","progress":"10%"})";
    }
    return items + "]";
}

class MidjourneyProxyLookTest : public LookFixture {
protected:
    MidjourneyProxyLookTest() { settings_.type = config::ProviderType::midjourney_proxy; }

    /// A relay that answers chunks unless `refusal` has something to say.
    LookResult look_with_refusals(
        const std::vector<std::string>& ids,
        const std::function<std::optional<http::ServerResponse>(const std::vector<std::string>&)>& refusal
    )
    {
        script_ = [&](const http::ServerRequest& request) {
            const std::vector<std::string> asked = asked_for(request);
            if (std::optional<http::ServerResponse> refused = refusal(asked))
                return *refused;
            return json_answer(items_of(asked));
        };
        return look(ids);
    }

    task::Observation look_at_item(const std::string& members)
    {
        kept_ = look_at(json_answer(R"([{"id":"7",)" + members + "}]"), {"7"});
        return observed(kept_, "7");
    }

    LookResult kept_;
};

bool holds(const std::vector<std::string>& ids, std::string_view id)
{
    return std::ranges::find(ids, id) != ids.end();
}

TEST_F(MidjourneyProxyLookTest, AsksForAllIdsAsStringsInOneRequest)
{
    settings_.base_url += "/relay/v2";
    const LookResult result = look_at(json_answer(items_of(two_ids)), two_ids);
    ASSERT_EQ(requests_.size(), 1U);
    EXPECT_EQ(requests_[0].method, "POST");
    EXPECT_EQ(requests_[0].target, "/relay/v2/mj/task/list-by-condition");
    EXPECT_EQ(requests_[0].field("content-type"), "application/json");
    EXPECT_EQ(requests_[0].body, R"({"ids":["1743326750223591","1743326750223592"]})");
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(observed_ids(result), UnorderedElementsAreArray(two_ids));
    EXPECT_EQ(result.answer.requests, 1U);
    EXPECT_GT(result.answer.bytes, 0U);
}

TEST_F(MidjourneyProxyLookTest, ShowsItsKeyInExactlyOneHeader)
{
    struct Row {
        config::Auth auth;
        std::string authorization;
        std::string secret;
    };
    const std::string key(test_key);
    const Row rows[] = {
        {config::Auth::bearer, "Bearer " + key, ""},
        {config::Auth::raw, key, ""},
        {config::Auth::mj_api_secret, "", key},
    };
    script_ = [](const http::ServerRequest&) { return json_answer("[]"); };
    const std::vector<std::string> ids{"1"};
    for (const Row& row : rows) {
        settings_.auth = row.auth;
        requests_.clear();
        (void)run(make_provider(settings_, clock_, client_)->look(ids));
        ASSERT_EQ(requests_.size(), 1U);
        EXPECT_EQ(requests_[0].field("authorization"), row.authorization);
        EXPECT_EQ(requests_[0].field("mj-api-secret"), row.secret);
    }
}

TEST_F(MidjourneyProxyLookTest, ReadsEveryStatusWord)
{
    struct Row {
        std::string members;
        task::Status status;
        std::string word;
    };
    const Row rows[] = {
        {R"("status":"")", task::Status::queued, ""},
        {R"("status":null)", task::Status::queued, ""},
        {R"("action":"IMAGINE")", task::Status::queued, ""},
        {R"("status":"NOT_START")", task::Status::queued, "NOT_START"},
        {R"("status":"submitted")", task::Status::queued, "submitted"},
        {R"("status":"QUEUED")", task::Status::queued, "QUEUED"},
        {R"("status":"in-progress")", task::Status::running, "in-progress"},
        {R"("status":"IN_PROGRESS")", task::Status::running, "IN_PROGRESS"},
        {R"("status":"IN\u005fPROGRESS")", task::Status::running, "IN_PROGRESS"},
        {R"("status":"MODAL")", task::Status::waiting, "MODAL"},
        {R"("status":"SUCCESS")", task::Status::succeeded, "SUCCESS"},
        {R"("st\u0061tus":"SUCCESS")", task::Status::succeeded, "SUCCESS"},
        {R"("status":"FAILURE")", task::Status::failed, "FAILURE"},
        {R"("status":"CANCEL")", task::Status::cancelled, "CANCEL"},
        {R"("status":"ARCHIVED")", task::Status::unknown, "ARCHIVED"},
        {R"("status":"SUCCESS","status":"IN_PROGRESS")", task::Status::running, "IN_PROGRESS"},
        {R"("properties":{"status":"SUCCESS"},"status":"QUEUED")", task::Status::queued, "QUEUED"},
        {R"("status":"QUEUED","list":[{"status":"SUCCESS"}])", task::Status::queued, "QUEUED"},
    };
    for (const Row& row : rows) {
        const task::Observation seen = look_at_item(row.members);
        EXPECT_EQ(seen.status, row.status) << row.members;
        EXPECT_EQ(seen.upstream_status, row.word) << row.members;
    }
}

TEST_F(MidjourneyProxyLookTest, ReadsEveryShapeOfProgress)
{
    const std::pair<std::string, int> rows[] = {
        {R"("45%")", 45},
        {R"("45")", 45},
        {R"(" 45 % ")", 45},
        {R"("45.9%")", 45},
        {"45", 45},
        {"0.45", 45},
        {"0.29", 29},
        {"4.5e-1", 45},
        {"1.0", 100},
        {"1", 1},
        {"0", 0},
        {"45.5", 45},
        {R"("0%")", 0},
        {R"("100%")", 100},
        {R"("250%")", 100},
        {"250", 100},
        {"-5", 0},
        {R"("")", -1},
        {"null", -1},
        {R"("Waiting to start")", -1},
        {R"("%")", -1},
        {R"("NaN")", -1},
        {R"("inf")", -1},
        {"1e400", -1},
        {"true", -1},
        {"{}", -1},
        {"[45]", -1},
        {"184467440737095516160", 100},
    };
    for (const auto& [text, progress] : rows) {
        const task::Observation seen = look_at_item(R"("status":"IN_PROGRESS","progress":)" + text);
        EXPECT_EQ(static_cast<int>(seen.progress), progress) << text;
        EXPECT_EQ(seen.status, task::Status::running) << text;
    }
    EXPECT_EQ(static_cast<int>(look_at_item(R"("status":"IN_PROGRESS")").progress), -1);
}

TEST_F(MidjourneyProxyLookTest, TakesOnlyACompleteGiveUpForAFailure)
{
    const std::pair<std::string, task::Status> rows[] = {
        {R"("status":"IN_PROGRESS","progress":"100%","failReason":"banned")", task::Status::failed},
        {R"("status":"","progress":"100%","failReason":"banned")", task::Status::failed},
        {R"("status":"IN_PROGRESS","progress":"99%","failReason":"banned")", task::Status::running},
        {R"("status":"IN_PROGRESS","progress":"100%","failReason":"")", task::Status::running},
        {R"("status":"IN_PROGRESS","progress":"100%","failReason":null)", task::Status::running},
        {R"("status":"IN_PROGRESS","progress":"100%")", task::Status::running},
        {R"("status":"SUCCESS","progress":"100%","failReason":"http://x/1.png")", task::Status::succeeded},
        {R"("status":"CANCEL","progress":"100%","failReason":"by user")", task::Status::cancelled},
        {R"("status":"IN_PROGRESS","progress":"100%","failReason":"a","failReason":null)",
         task::Status::running},
    };
    for (const auto& [members, status] : rows)
        EXPECT_EQ(look_at_item(members).status, status) << members;
}

TEST_F(MidjourneyProxyLookTest, KeepsIdsAsTheyAre)
{
    const std::pair<std::string, std::string> rows[] = {
        {R"("1743326750223591")", "1743326750223591"},
        {"1743326750223591", "1743326750223591"},
        {"9223372036854775807", "9223372036854775807"},
        {"18446744073709551615", "18446744073709551615"},
        {R"("9007199254740993")", "9007199254740993"},
        {"9007199254740993", "9007199254740993"},
        {R"("abc-def_1")", "abc-def_1"},
        {R"("\u0031\u0032")", "12"},
    };
    for (const auto& [text, id] : rows) {
        const LookResult result = look_at(json_answer("[{\"status\":\"QUEUED\",\"id\":" + text + "}]"), {id});
        EXPECT_THAT(observed_ids(result), ElementsAre(id)) << text;
        EXPECT_THAT(result.answer.missing, IsEmpty()) << text;
    }
}

TEST_F(MidjourneyProxyLookTest, ABadItemCostsNothingButItself)
{
    std::string deep(40, '[');
    deep += std::string(40, ']');
    const std::string bad_items[] = {
        "null",
        "17",
        R"("1743326750223592")",
        "[]",
        "{}",
        R"({"id":null,"status":"SUCCESS"})",
        R"({"id":{},"status":"SUCCESS"})",
        R"({"id":[],"status":7,"progress":{}})",
        R"({"id":1e3,"status":"SUCCESS"})",
        R"({"id":1.5,"status":"SUCCESS"})",
        R"({"id":-17,"status":"SUCCESS"})",
        R"({"id":"","status":"SUCCESS"})",
        R"({"id":"a b","status":"SUCCESS"})",
        R"({"id":"a\u0000","status":"SUCCESS"})",
        R"({"id":"a/../b","status":"SUCCESS"})",
        R"({"id":"1743326750223592","status":7})",
        R"({"id":"1743326750223592","status":{}})",
        R"({"id":"1743326750223592","status":true})",
        R"({"id":"1743326750223592","status":"SUCCESS",})",
        R"({"id":"1743326750223592" "status":"SUCCESS"})",
        R"({"id":"1743326750223592","status":"SUCCESS","x":01})",
        R"({"id":"1743326750223592","status":"SUCCESS","x":"\ud800"})",
        R"({"id":"1743326750223592","status":"SUCCESS","x":NaN})",
        "{\"id\":\"1743326750223592\",\"status\":\"SUCCESS\",\"x\":\"\xff\xfe\"}",
        "{\"id\":\"1743326750223592\",\"status\":\"SUCCESS\",\"x\":\"\x01\"}",
        R"({"id":"1743326750223592","status":"SUCCESS","x":)" + deep + "}",
    };
    const std::string good = R"({"id":"1743326750223591","status":"IN_PROGRESS","progress":"5%"})";
    for (const std::string& bad : bad_items) {
        std::string body = "[" + bad;
        body += "," + good + "]";
        const LookResult result = look_at(json_answer(std::move(body)), two_ids);
        EXPECT_THAT(observed_ids(result), ElementsAre(two_ids[0])) << bad;
        EXPECT_EQ(result.answer.malformed, 1U) << bad;
        EXPECT_FALSE(result.failure) << bad;
        // An item that may have been about the task does not count as its absence.
        if (bad.find(two_ids[1]) != std::string::npos && bad.front() == '{')
            EXPECT_THAT(result.answer.missing, IsEmpty()) << bad;
    }
}

TEST_F(MidjourneyProxyLookTest, TakesTheMostAdvancedOfConflictingItems)
{
    const std::string a = R"({"id":"7","status":"","progress":""})";
    const std::string b = R"({"id":"7","status":"IN_PROGRESS","progress":"30%"})";
    const std::string c = R"({"id":"7","status":"IN_PROGRESS","progress":"60%"})";
    const std::string d = R"({"id":"7","status":"SUCCESS","progress":"100%"})";
    std::vector<std::string> items{a, b, c, d};
    do {
        std::string body = "[" + items[0] + "," + items[1];
        body += "," + items[2] + "," + items[3] + "]";
        const LookResult result = look_at(json_answer(body), {"7"});
        ASSERT_EQ(result.answer.observations.size(), 1U);
        EXPECT_EQ(result.answer.observations[0].status, task::Status::succeeded) << body;
        EXPECT_EQ(result.answer.observations[0].raw, d);
    } while (std::ranges::next_permutation(items).found);

    for (const std::string& body : {"[" + b + "," + c + "]", "[" + c + "," + b + "]"}) {
        const LookResult result = look_at(json_answer(body), {"7"});
        EXPECT_EQ(static_cast<int>(observed(result, "7").progress), 60) << body;
    }
}

TEST_F(MidjourneyProxyLookTest, CountsAndIgnoresWhatNobodyAskedFor)
{
    const LookResult result = look_at(json_answer(items_of({"1", "2", "3"})), {"2"});
    EXPECT_THAT(observed_ids(result), ElementsAre("2"));
    EXPECT_EQ(result.answer.foreign, 2U);
    EXPECT_FALSE(result.failure);
}

TEST_F(MidjourneyProxyLookTest, ReportsLeftOutIdsAsMissing)
{
    const LookResult result = look_at(json_answer(items_of({"1", "3"})), {"1", "2", "3", "4"});
    EXPECT_THAT(observed_ids(result), UnorderedElementsAre("1", "3"));
    EXPECT_THAT(result.answer.missing, UnorderedElementsAre("2", "4"));
    EXPECT_FALSE(result.failure);
}

TEST_F(MidjourneyProxyLookTest, TakesOneBareObjectForAList)
{
    const LookResult result =
        look_at(json_answer(R"( {"id":"1743326750223591","status":"SUCCESS"} )"), two_ids);
    EXPECT_EQ(observed(result, two_ids[0]).status, task::Status::succeeded);
    EXPECT_EQ(observed(result, two_ids[0]).raw, R"({"id":"1743326750223591","status":"SUCCESS"})");
    EXPECT_THAT(result.answer.missing, ElementsAre(two_ids[1]));
    EXPECT_FALSE(result.failure);
}

TEST_F(MidjourneyProxyLookTest, DoubtsAnEmptyAnswerForSeveralButNotForOne)
{
    const LookResult several = look_at(json_answer("[]"), two_ids);
    ASSERT_TRUE(several.failure);
    EXPECT_EQ(several.failure->kind, Errc::suspicious_empty);
    EXPECT_THAT(several.answer.missing, UnorderedElementsAreArray(two_ids));

    const LookResult one = look_at(json_answer(" [ ] "), {"7"});
    EXPECT_FALSE(one.failure);
    EXPECT_THAT(one.answer.missing, ElementsAre("7"));
}

TEST_F(MidjourneyProxyLookTest, GivesEachKindOfTroubleItsName)
{
    struct Row {
        std::string name;
        int status;
        std::string content_type;
        std::string body;
        Errc kind;
        std::string detail;  // a part of it
    };
    const Row rows[] = {
        {"401 empty", 401, "application/json", "", Errc::unauthorized, "401"},
        {"401 error",
         401,
         "application/json",
         R"({"error":{"message":"bad token","type":"new_api_error"}})",
         Errc::unauthorized,
         "bad token"},
        {"403 text", 403, "text/plain", "no access", Errc::unauthorized, "403"},
        {"403 model",
         403,
         "application/json",
         R"({"error":{"message":"key may not use midjourney"}})",
         Errc::unauthorized,
         "key"},
        {"429", 429, "application/json", "", Errc::rate_limited, "429"},
        {"408", 408, "application/json", "", Errc::unavailable, "408"},
        {"409", 409, "application/json", "", Errc::unavailable, "409"},
        {"425", 425, "application/json", "", Errc::unavailable, "425"},
        {"500",
         500,
         "application/json",
         R"({"success":false,"message":"db is gone"})",
         Errc::unavailable,
         "db is gone"},
        {"503", 503, "text/html", "<html>", Errc::unavailable, "503"},
        {"599", 599, "text/plain", "", Errc::unavailable, "599"},
        {"301", 301, "text/html", "", Errc::redirected, "base_url"},
        {"302", 302, "text/html", "", Errc::redirected, "base_url"},
        {"308", 308, "text/html", "", Errc::redirected, "base_url"},
        {"404", 404, "text/html", "<html>", Errc::refused, "base_url"},
        {"418", 418, "text/plain", "", Errc::refused, "418"},
        {"html", 200, "text/html", "<!doctype html><title>One API</title>", Errc::malformed_answer, "base_url"
        },
        {"html in disguise", 200, "application/json", "<html></html>", Errc::malformed_answer, ""},
        {"success false",
         200,
         "application/json",
         R"({"success":false,"message":"turned off"})",
         Errc::malformed_answer,
         "turned off"},
        {"code 4",
         200,
         "application/json",
         R"({"code":4,"description":"no such thing"})",
         Errc::malformed_answer,
         "no such thing"},
        {"error object",
         200,
         "application/json",
         R"({"error":{"message":"quota","type":"x"}})",
         Errc::malformed_answer,
         "quota"},
        {"empty body", 200, "application/json", "", Errc::malformed_answer, ""},
        {"blank body", 200, "application/json", " \r\n", Errc::malformed_answer, ""},
        {"word", 200, "application/json", "true", Errc::malformed_answer, ""},
        {"number", 200, "application/json", "42", Errc::malformed_answer, ""},
        {"half", 200, "application/json", "[", Errc::malformed_answer, ""},
        {"half an object",
         200,
         "application/json",
         R"({"id":"1743326750223591","status":"SUCC)",
         Errc::malformed_answer,
         ""},
    };
    for (const Row& row : rows) {
        http::ServerResponse response = json_answer(row.body, row.status);
        response.content_type = row.content_type;
        response.fields.emplace_back("Location", "/elsewhere");
        const LookResult result = look_at(response, two_ids);
        ASSERT_TRUE(result.failure) << row.name;
        EXPECT_EQ(result.failure->kind, row.kind) << row.name << ": " << result.failure->detail;
        EXPECT_THAT(result.failure->detail, HasSubstr(row.detail)) << row.name;
        EXPECT_FALSE(result.failure->detail.empty()) << row.name;
        EXPECT_THAT(result.answer.observations, IsEmpty()) << row.name;
        EXPECT_THAT(result.answer.missing, IsEmpty()) << row.name;
        for (const http::ServerRequest& request : requests_)
            EXPECT_EQ(request.path, "/mj/task/list-by-condition") << row.name;
    }
}

TEST_F(MidjourneyProxyLookTest, NeverShowsItsKeyInADetail)
{
    const std::string key(test_key);
    const std::string bodies[] = {
        R"({"error":{"message":"invalid token )" + key + R"("}})",
        R"({"message":")" + key + key + R"("})",
        "token " + key + " is not known",
        R"({"success":false,"message":"Bearer )" + key + "\"}",
    };
    for (const std::string& body : bodies)
        for (const int status : {200, 400, 401, 500}) {
            http::ServerResponse response = json_answer(body, status);
            response.content_type = body.starts_with('{') ? "application/json" : "text/plain";
            const LookResult result = look_at(response, {"7"});
            ASSERT_TRUE(result.failure);
            EXPECT_THAT(result.failure->detail, Not(HasSubstr("canary"))) << status;
        }
}

TEST_F(MidjourneyProxyLookTest, KeepsWhatCameBeforeACut)
{
    const std::string whole = items_of({"1", "2", "3"});
    for (std::size_t length = 1; length < whole.size(); ++length) {
        const LookResult result = look_at(json_answer(whole.substr(0, length)), {"1", "2", "3"});
        ASSERT_TRUE(result.failure) << length;
        EXPECT_EQ(result.failure->kind, Errc::malformed_answer) << length;
        EXPECT_THAT(result.answer.missing, IsEmpty()) << length;
        const auto complete = static_cast<std::size_t>(std::ranges::count(whole.substr(0, length), '}'));
        EXPECT_EQ(result.answer.observations.size(), complete) << length;
    }
}

TEST_F(MidjourneyProxyLookTest, PassesOnWhatRetryAfterAsksFor)
{
    const auto pause = [&](int status, const std::string& field) {
        http::ServerResponse response = json_answer("", status);
        if (!field.empty())
            response.fields.emplace_back("Retry-After", field);
        const LookResult result = look_at(response, {"7"});
        return result.failure ? result.failure->retry_after : std::nullopt;
    };
    EXPECT_EQ(pause(429, "7"), std::chrono::seconds(7));
    EXPECT_EQ(pause(503, "120"), std::chrono::minutes(2));
    EXPECT_EQ(pause(429, "Wed, 21 Oct 2015 07:28:00 GMT"), std::chrono::seconds(0));
    EXPECT_EQ(pause(429, ""), std::nullopt);
    EXPECT_EQ(pause(429, "soon"), std::nullopt);
}

TEST_F(MidjourneyProxyLookTest, IsolatesAPoisonousId)
{
    const std::vector<std::string> ids = ids_from(1'743'326'750'223'000, 50);
    for (const int status : {400, 422, 500}) {
        for (const std::size_t position : {0U, 1U, 24U, 25U, 49U}) {
            const std::string& poison = ids[position];
            const LookResult result = look_with_refusals(ids, [&](const auto& asked) {
                return holds(asked, poison) ? std::optional(json_answer("{}", status)) : std::nullopt;
            });
            EXPECT_EQ(result.answer.observations.size(), 49U) << status << " at " << position;
            EXPECT_FALSE(holds(observed_ids(result), poison));
            EXPECT_THAT(result.answer.missing, IsEmpty());
            ASSERT_TRUE(result.failure);
            EXPECT_EQ(result.failure->kind, Errc::refused) << result.failure->detail;
            EXPECT_EQ(result.answer.requests, requests_.size());
            EXPECT_LE(requests_.size(), 14U);
        }
    }
}

TEST_F(MidjourneyProxyLookTest, HalvesWhatIsTooLarge)
{
    const std::vector<std::string> ids = ids_from(100, 50);
    const LookResult result = look_with_refusals(ids, [](const auto& asked) {
        return asked.size() > 13 ? std::optional(json_answer("", 413)) : std::nullopt;
    });
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(observed_ids(result), UnorderedElementsAreArray(ids));
    EXPECT_EQ(requests_.size(), 7U);
}

TEST_F(MidjourneyProxyLookTest, SoonGivesUpOnARelayThatIsDown)
{
    const LookResult result = look_at(json_answer("", 502), ids_from(100, 50));
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::unavailable);
    EXPECT_LE(requests_.size(), 3U);
}

TEST_F(MidjourneyProxyLookTest, BoundsTheRequestsOfALook)
{
    const LookResult result = look_at(json_answer("", 400), ids_from(100, 50));
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::refused);
    EXPECT_LE(requests_.size(), 50U);
    EXPECT_THAT(result.answer.missing, IsEmpty());
}

TEST_F(MidjourneyProxyLookTest, AsksForPartsOnlyAsLongAsTheKeyIsTaken)
{
    const std::vector<std::string> ids = ids_from(100, 16);
    for (const int status : {401, 429}) {
        std::size_t count = 0;
        const LookResult result = look_with_refusals(ids, [&](const auto&) {
            return std::optional(json_answer("", ++count == 1 ? 400 : status));
        });
        ASSERT_TRUE(result.failure);
        EXPECT_EQ(result.failure->kind, status == 401 ? Errc::unauthorized : Errc::rate_limited);
        EXPECT_EQ(requests_.size(), 2U);
    }
}

TEST_F(MidjourneyProxyLookTest, BoundsTheItemsOfAnAnswer)
{
    const std::vector<std::string> many = ids_from(1, 10'001);
    const LookResult result = look_at(json_answer(items_of(many)), {"1", "10001"});
    EXPECT_THAT(observed_ids(result), ElementsAre("1"));
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::malformed_answer);
    EXPECT_THAT(result.answer.missing, IsEmpty());
}

TEST_F(MidjourneyProxyLookTest, RefusesABodyBeyondItsBound)
{
    std::string body = items_of({"7"});
    body.append(std::size_t(17) * 1024 * 1024, ' ');
    const LookResult result = look_at(json_answer(std::move(body)), {"7"});
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::malformed_answer);
}

TEST_F(MidjourneyProxyLookTest, TakesATimeOutForARelayThatCannotBeAsked)
{
    settings_.request_timeout = std::chrono::milliseconds(40);
    http::ServerResponse response;
    response.disruption = http::Disruption::hang;
    const LookResult result = look_at(response, two_ids);
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::unavailable);
    EXPECT_THAT(result.failure->detail, HasSubstr("40ms"));
    EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(MidjourneyProxyLookTest, TakesABrokenConnectionForARelayThatCannotBeAsked)
{
    for (const auto disruption : {http::Disruption::reset, http::Disruption::close_midway}) {
        http::ServerResponse response = json_answer(items_of(two_ids));
        response.disruption = disruption;
        const LookResult result = look_at(response, two_ids);
        ASSERT_TRUE(result.failure);
        EXPECT_EQ(result.failure->kind, Errc::unavailable);
        EXPECT_THAT(result.answer.missing, IsEmpty());
    }
}

boost::asio::awaitable<void> keep(Provider& provider, std::vector<std::string> ids, LookResult& result)
{
    result = co_await provider.look(ids);
}

TEST_F(MidjourneyProxyLookTest, EndsWhenCancelled)
{
    boost::asio::cancellation_signal stop;
    script_ = [&](const http::ServerRequest&) {
        stop.emit(boost::asio::cancellation_type::terminal);
        http::ServerResponse response;
        response.disruption = http::Disruption::hang;
        return response;
    };
    LookResult result;
    std::promise<void> done;
    std::future<void> ended = done.get_future();
    boost::asio::co_spawn(
        loop_,
        keep(provider(), two_ids, result),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr&) { done.set_value(); })
    );
    while (ended.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        loop_.run_one();
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::cancelled);
    EXPECT_THAT(result.answer.missing, IsEmpty());
}

TEST_F(MidjourneyProxyLookTest, HasNoFeed)
{
    settings_.discover = true;
    EXPECT_FALSE(provider().discovers());
    const LookResult result = discover();
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(result.answer.observations, IsEmpty());
    EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(MidjourneyProxyLookTest, SaysHowManyIdsItTakesAtOnce)
{
    settings_.batch_size = 17;
    EXPECT_EQ(provider().batch_size(), 17U);
}

}  // namespace
}  // namespace pollhook::provider
