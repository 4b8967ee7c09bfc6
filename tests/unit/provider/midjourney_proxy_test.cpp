#include "pollhook/provider/midjourney_proxy.hpp"

#include "fixture.hpp"
#include "relay_fixture.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace pollhook::provider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string shown(std::string_view id, std::string_view status = "IN_PROGRESS")
{
    return R"({"id":")" + std::string(id) + R"(","status":")" + std::string(status) + R"("})";
}

std::vector<std::string> ids_of(std::string_view body)
{
    std::vector<std::string> ids;
    for (std::size_t at = body.find('[') + 1; at < body.size() && body[at] == '"';) {
        const std::size_t end = body.find('"', at + 1);
        ids.emplace_back(body.substr(at + 1, end - at - 1));
        at = end + 2;
    }
    return ids;
}

std::string list_of(const std::vector<std::string>& ids)
{
    std::string body = "[";
    for (const std::string& id : ids)
        body += (body.size() > 1 ? "," : "") + shown(id);
    return body + "]";
}

std::vector<std::string> numbers(int count)
{
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i)
        ids.push_back(std::to_string(1'743'326'750'223'591 + i));
    return ids;
}

class MidjourneyProxyTest : public RelayFixture {
protected:
    /// A relay that answers every batch but those which `refuses` names a status for.
    void answer_unless(std::function<int(const std::vector<std::string>&)> refuses)
    {
        answering_ = [refuses = std::move(refuses)](const http::ServerRequest& request) {
            const std::vector<std::string> ids = ids_of(request.body);
            const int status = refuses(ids);
            return status == 0 ? json_answer(list_of(ids)) : json_answer("no", status);
        };
    }
};

TEST_F(MidjourneyProxyTest, AsksForIdsAsStringsAndReadsTheList)
{
    answer(200, "[" + shown("1743326750223592", "SUCCESS") + "," + shown("1743326750223591") + "]");
    const LookResult result = look({"1743326750223591", "1743326750223592"});
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(seen(result), ElementsAre("1743326750223592", "1743326750223591"));
    EXPECT_THAT(result.answer.missing, IsEmpty());
    EXPECT_EQ(result.answer.requests, 1U);
    EXPECT_EQ(result.answer.bytes, result.answer.bodies.front().size());
    ASSERT_THAT(asked_, SizeIs(1));
    EXPECT_EQ(asked_[0].method, "POST");
    EXPECT_EQ(asked_[0].target, "/mj/task/list-by-condition");
    EXPECT_EQ(asked_[0].body, R"({"ids":["1743326750223591","1743326750223592"]})");
    EXPECT_EQ(asked_[0].field("content-type"), "application/json");
    EXPECT_EQ(asked_[0].field("authorization"), "Bearer sk-0123456789abcdef");
}

TEST_F(MidjourneyProxyTest, AcceptsTheDocumentedSingleObject)
{
    answer(200, test::fixture("quickrouter_task.json"));
    const LookResult result = look({"1730621826053455"});
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(seen(result), ElementsAre("1730621826053455"));
    EXPECT_TRUE(provider().snapshot(result.answer.observations[0].raw));
}

TEST_F(MidjourneyProxyTest, SendsTheKeyInExactlyOneHeader)
{
    struct Case {
        config::Auth auth;
        std::string_view authorization;
        std::string_view secret;
    };
    answer(200, "[]");
    for (const auto& [auth, authorization, secret] : {
             Case{config::Auth::bearer, "Bearer sk-0123456789abcdef", ""},
             Case{config::Auth::raw, "sk-0123456789abcdef", ""},
             Case{config::Auth::mj_api_secret, "", "sk-0123456789abcdef"},
         }) {
        settings_.auth = auth;
        provider_.reset();
        look({"1"});
        EXPECT_EQ(asked_.at(0).field("authorization"), authorization);
        EXPECT_EQ(asked_.at(0).field("mj-api-secret"), secret);
    }
}

TEST_F(MidjourneyProxyTest, KeepsTheBaseUrlsPath)
{
    answer(200, "[]");
    settings_.base_url += "/fast/mode/";
    look({"1"});
    EXPECT_EQ(asked_.at(0).target, "/fast/mode/mj/task/list-by-condition");
}

TEST_F(MidjourneyProxyTest, RefusesAKeyThatWouldBreakTheHeader)
{
    settings_.api_key = config::Secret("key\r\nX-Evil: 1");
    EXPECT_THROW(make_provider(settings_, clock_, client_), std::invalid_argument);
    settings_.api_key = config::Secret("key");
    settings_.base_url = "ftp://relay";
    EXPECT_THROW(make_provider(settings_, clock_, client_), std::invalid_argument);
}

TEST_F(MidjourneyProxyTest, AnOmittedIdIsMissingAndAStrangerIsCounted)
{
    answer(200, "[" + shown("1") + "," + shown("99") + "]");
    const LookResult result = look({"1", "2"});
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(result.answer.missing, ElementsAre("2"));
    EXPECT_EQ(result.answer.foreign, 1U);
}

TEST_F(MidjourneyProxyTest, AnEmptyListIsSuspiciousForABatchOnly)
{
    answer(200, "[]");
    const LookResult batch = look({"1", "2"});
    ASSERT_TRUE(batch.failure);
    EXPECT_EQ(batch.failure->kind, Errc::suspicious_empty);
    EXPECT_THAT(batch.answer.missing, ElementsAre("1", "2"));
    const LookResult single = look({"1"});
    EXPECT_FALSE(single.failure);
    EXPECT_THAT(single.answer.missing, ElementsAre("1"));
}

TEST_F(MidjourneyProxyTest, AnUnreadableItemIsNotAMissingTask)
{
    answer(200, "[" + shown("1") + R"(,{"id":"2","status":7}])");
    const LookResult named = look({"1", "2", "3"});
    EXPECT_FALSE(named.failure);
    EXPECT_EQ(named.answer.malformed, 1U);
    EXPECT_THAT(named.answer.missing, ElementsAre("3"));
    EXPECT_EQ(named.answer.malformed_id, "2");
    answer(200, "[" + shown("1") + R"(,{"id":[],"status":"SUCCESS"}])");
    const LookResult nameless = look({"1", "2", "3"});
    EXPECT_THAT(nameless.answer.missing, IsEmpty());
    EXPECT_EQ(nameless.answer.malformed_id, "");
}

TEST_F(MidjourneyProxyTest, AnItemThatIsNoJsonIsNamedAllTheSame)
{
    answer(200, R"([{"prompt":"a\x","id":"2","status":"SUCCESS"},{"prompt":"\q","id":[9]}])");
    const LookResult result = look({"1", "2"});
    EXPECT_EQ(result.answer.malformed, 2U);
    EXPECT_EQ(result.answer.malformed_id, "2");
    EXPECT_THAT(result.answer.missing, IsEmpty());
    answer(200, "[" + shown("1") + R"(,{"prompt":"\q","id":2}])");
    EXPECT_THAT(look({"1", "2", "3"}).answer.missing, ElementsAre("3"));
}

TEST_F(MidjourneyProxyTest, HalfAnEmojiIsNoReasonToDropATask)
{
    answer(200, R"([{"id":"1","status":"SUCCESS","prompt":"a cat \ud83d","properties":{"x":"\udc00"}}])");
    const LookResult result = look({"1"});
    EXPECT_EQ(result.answer.malformed, 0U);
    ASSERT_THAT(seen(result), ElementsAre("1"));
    const auto snapshot = provider().snapshot(result.answer.observations.front().raw);
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(*snapshot->prompt, "a cat \xEF\xBF\xBD");
}

TEST_F(MidjourneyProxyTest, KeepsWhatCameBeforeACut)
{
    answer(200, "[" + shown("1", "SUCCESS") + R"(,{"id":"2","sta)");
    const LookResult result = look({"1", "2"});
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::malformed_answer);
    EXPECT_THAT(seen(result), ElementsAre("1"));
    EXPECT_THAT(result.answer.missing, IsEmpty());
}

TEST_F(MidjourneyProxyTest, NoErrorPassesForAnAnswer)
{
    struct Case {
        int status;
        std::string_view body;
        std::string_view type;
        Errc kind;
        std::string_view detail;
    };
    const std::string_view json = "application/json";
    for (const auto& [status, body, type, kind, detail] : {
             Case{
                 200,
                 R"({"success":false,"message":"db \u001b[31mdown"})",
                 json,
                 Errc::malformed_answer,
                 "db "
             },
             Case{200, R"({"success":false,"id":"1","status":"SUCCESS"})", json, Errc::malformed_answer, ""},
             Case{
                 200,
                 R"({"code":4,"description":"task_no_found ","type":"upstream_error"})",
                 json,
                 Errc::malformed_answer,
                 "task_no_found"
             },
             Case{200, R"({"code":401,"message":"who?"})", json, Errc::unauthorized, "who?"},
             Case{200, R"({"code":"429"})", json, Errc::rate_limited, "429"},
             Case{
                 200,
                 R"({"error":{"message":"bad key","type":"new_api_error"}})",
                 json,
                 Errc::malformed_answer,
                 "bad key"
             },
             Case{200, "{}", json, Errc::malformed_answer, ""},
             Case{200, "null", json, Errc::malformed_answer, "base_url"},
             Case{200, "true", json, Errc::malformed_answer, ""},
             Case{200, "", json, Errc::malformed_answer, "empty"},
             Case{204, "", json, Errc::malformed_answer, "empty"},
             Case{200, "<!doctype html><title>app</title>", "text/html", Errc::malformed_answer, "base_url"},
             Case{200, "[]", "text/html", Errc::malformed_answer, "base_url"},
             Case{200, "<html>", json, Errc::malformed_answer, "base_url"},
             Case{200, R"([{"id":"1","status":"SUCCESS")", json, Errc::malformed_answer, "cut"},
             Case{200, R"([{"id":"1"} {"id":"2"}])", json, Errc::malformed_answer, "broken"},
             Case{301, "", json, Errc::redirected, "base_url"},
             Case{307, "[]", json, Errc::redirected, "base_url"},
             Case{401, "", json, Errc::unauthorized, "api_key"},
             Case{
                 401,
                 R"({"error":{"message":"invalid token","type":"new_api_error"}})",
                 json,
                 Errc::unauthorized,
                 "invalid token"
             },
             Case{403, "no model access", "text/plain", Errc::unauthorized, "no model access"},
             Case{403, "", json, Errc::unauthorized, "blocked"},
             Case{404, "<html>", "text/html", Errc::refused, "base_url"},
             Case{408, "", json, Errc::unavailable, "408"},
             Case{409, "", json, Errc::unavailable, "409"},
             Case{425, "", json, Errc::unavailable, "425"},
             Case{429, "", json, Errc::rate_limited, "429"},
             Case{500, R"({"success":false,"message":"boom"})", json, Errc::unavailable, "boom"},
             Case{
                 500,
                 R"({"success":false,"message":"say \"no\"\u001b!"})",
                 json,
                 Errc::unavailable,
                 R"(say "no" !)"
             },
             Case{503, "", json, Errc::unavailable, "503"},
         }) {
        answer(status, std::string(body), std::string(type));
        const LookResult result = look({"1"});
        ASSERT_TRUE(result.failure) << status << " " << body;
        EXPECT_EQ(result.failure->kind, kind) << status << " " << body;
        EXPECT_THAT(result.failure->detail, HasSubstr(std::string(detail))) << body;
        EXPECT_THAT(result.failure->detail, Not(HasSubstr("\x1b")));
        EXPECT_THAT(result.answer.missing, IsEmpty()) << status << " " << body;
        EXPECT_EQ(result.answer.requests, 1U) << status << " " << body;
        EXPECT_FALSE(result.failure->retry_after);
    }
}

TEST_F(MidjourneyProxyTest, NeverShowsTheKeyThatARelayRepeats)
{
    const std::string words = "Incorrect API key sk-0123456789abcdef (starts with sk-0123456789)";
    answer(401, R"({"error":{"message":")" + words + R"("}})");
    const LookResult result = look({"1"});
    EXPECT_THAT(result.failure->detail, HasSubstr("Incorrect API key *** (starts with ***)"));
}

TEST_F(MidjourneyProxyTest, HandsOnHowLongTheRelayWantsToBeLeftAlone)
{
    http::ServerResponse busy = json_answer("", 429);
    busy.fields.emplace_back("Retry-After", "7");
    answering_ = [busy](const http::ServerRequest&) { return busy; };
    const LookResult result = look({"1", "2"});
    EXPECT_EQ(result.failure->kind, Errc::rate_limited);
    EXPECT_EQ(result.failure->retry_after, std::chrono::seconds(7));
    EXPECT_EQ(result.answer.requests, 1U);
}

TEST_F(MidjourneyProxyTest, ADeadRelayIsUnavailable)
{
    answering_ = [](const http::ServerRequest&) {
        http::ServerResponse response;
        response.disruption = http::Disruption::reset;
        return response;
    };
    EXPECT_EQ(look({"1", "2"}).failure->kind, Errc::unavailable);
    settings_.base_url = "http://127.0.0.1:1";
    provider_.reset();
    const LookResult result = look({"1", "2"});
    EXPECT_EQ(result.failure->kind, Errc::unavailable);
    EXPECT_EQ(result.answer.requests, 1U);
    EXPECT_THAT(result.answer.missing, IsEmpty());
}

TEST_F(MidjourneyProxyTest, ASlowRelayIsUnavailable)
{
    settings_.request_timeout = std::chrono::milliseconds(50);
    answering_ = [](const http::ServerRequest&) {
        http::ServerResponse response;
        response.disruption = http::Disruption::hang;
        return response;
    };
    const LookResult result = look({"1"});
    EXPECT_EQ(result.failure->kind, Errc::unavailable);
    EXPECT_THAT(result.failure->detail, HasSubstr("50ms"));
}

TEST_F(MidjourneyProxyTest, APoisonousIdStandsAloneInTheEnd)
{
    const std::vector<std::string> ids = numbers(50);
    for (const int status : {400, 413, 422, 500, 502}) {
        for (const std::size_t bad : {std::size_t(0), std::size_t(24), std::size_t(25), std::size_t(49)}) {
            answer_unless([&](const std::vector<std::string>& batch) {
                return std::ranges::find(batch, ids[bad]) == batch.end() ? 0 : status;
            });
            const LookResult result = look(ids);
            EXPECT_THAT(seen(result), SizeIs(49)) << status << " " << bad;
            ASSERT_TRUE(result.failure);
            EXPECT_EQ(result.failure->kind, Errc::refused) << "the relay itself is well";
            EXPECT_THAT(result.failure->detail, HasSubstr("task " + ids[bad]));
            EXPECT_THAT(result.answer.missing, IsEmpty());
            EXPECT_LE(result.answer.requests, 13U);
        }
    }
}

TEST_F(MidjourneyProxyTest, FindsABatchSizeThatTheRelayTakes)
{
    answer_unless([](const std::vector<std::string>& batch) { return batch.size() > 13 ? 413 : 0; });
    const LookResult result = look(numbers(50));
    EXPECT_THAT(seen(result), SizeIs(50));
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(result.answer.requests, 7U);
}

TEST_F(MidjourneyProxyTest, ARelayThatFailsAsAWholeIsNotHammered)
{
    for (const int status : {500, 502, 504}) {
        answer(status, "");
        const LookResult result = look(numbers(50));
        EXPECT_EQ(result.failure->kind, Errc::unavailable) << status;
        EXPECT_EQ(result.answer.requests, 3U) << status;
    }
    for (const int status : {401, 403, 404, 429, 503}) {
        answer(status, "");
        EXPECT_EQ(look(numbers(50)).answer.requests, 1U) << status;
    }
    for (const int status : {400, 413}) {
        answer(status, "");
        const LookResult result = look(numbers(50));
        EXPECT_EQ(result.failure->kind, Errc::refused);
        EXPECT_LE(result.answer.requests, 13U);
    }
}

TEST_F(MidjourneyProxyTest, ManyPoisonousIdsStayWithinTheBound)
{
    const std::vector<std::string> ids = numbers(50);
    std::set<std::string> bad;
    for (std::size_t i = 0; i < ids.size(); i += 3)
        bad.insert(ids[i]);
    answer_unless([&](const std::vector<std::string>& batch) {
        return std::ranges::any_of(batch, [&](const std::string& id) { return bad.contains(id); }) ? 400 : 0;
    });
    const LookResult result = look(ids);
    EXPECT_LE(result.answer.requests, 25U);
    EXPECT_TRUE(result.failure);
    EXPECT_THAT(result.answer.missing, IsEmpty());
    EXPECT_FALSE(result.answer.observations.empty());
}

TEST_F(MidjourneyProxyTest, StopsDividingWhenTheTroubleIsAnother)
{
    answering_ = [this](const http::ServerRequest&) {
        return json_answer("", asked_.size() == 1 ? 400 : 429);
    };
    const LookResult result = look(numbers(8));
    EXPECT_EQ(result.failure->kind, Errc::rate_limited);
    EXPECT_EQ(result.answer.requests, 2U);
}

TEST_F(MidjourneyProxyTest, AsksInBatches)
{
    settings_.batch_size = 3;
    answer_unless([](const std::vector<std::string>&) { return 0; });
    const LookResult result = look(numbers(8));
    EXPECT_EQ(provider().batch_size(), 3U);
    EXPECT_THAT(seen(result), SizeIs(8));
    EXPECT_EQ(result.answer.requests, 3U);
}

TEST_F(MidjourneyProxyTest, ACancelledLookEndsWithAFailure)
{
    answering_ = [](const http::ServerRequest&) {
        http::ServerResponse response;
        response.disruption = http::Disruption::hang;
        return response;
    };
    boost::asio::cancellation_signal stop;
    const std::vector<std::string> ids{"1"};
    auto bound = boost::asio::bind_cancellation_slot(stop.slot(), boost::asio::use_future);
    std::future<LookResult> result = boost::asio::co_spawn(loop_, provider().look(ids), bound);
    loop_.restart();
    while (asked_.empty())
        loop_.run_one();
    stop.emit(boost::asio::cancellation_type::terminal);
    EXPECT_EQ(wait_for(result).failure->kind, Errc::cancelled);
}

}  // namespace
}  // namespace pollhook::provider
