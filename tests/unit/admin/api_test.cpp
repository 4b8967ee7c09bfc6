#include "api_fixture.hpp"
#include "pollhook/admin/routes.hpp"

#include <boost/json.hpp>

namespace pollhook::admin {
namespace {

class TaskApiTest : public ApiTest {};

class TokenApiTest : public ApiTest {
protected:
    TokenApiTest() : ApiTest("open sesame") {}
};

TEST_F(TaskApiTest, ImportsNdjsonThatIsLargerThanAnyOtherBody)
{
    std::string body;
    constexpr int count = 5000;
    const std::string metadata(2000, 'm');
    for (int i = 0; i < count; ++i)
        body += R"({"provider":"quick","id":")" + std::to_string(i) + R"(","metadata":{"m":")" + metadata +
                "\"}}\n";
    ASSERT_GT(body.size(), 8U * 1024 * 1024);
    const Reply first = post("/v1/tasks", body, "application/x-ndjson");
    EXPECT_EQ(first.status, 201) << first.text;
    EXPECT_EQ(first.body.at("accepted"), count);
    EXPECT_EQ(poller().watched(), std::size_t{count});
    const Reply again = post("/v1/tasks", body, "application/x-ndjson");
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body.at("existing"), count);
    EXPECT_EQ(post("/v1/tasks", body).status, 413) << "JSON stays limited";
}

TEST_F(TaskApiTest, TellsTheFirstThousandRefusalsOfAnImportAndCountsAll)
{
    std::string body;
    for (int i = 0; i < 3000; ++i)
        body += "nonsense\n";
    body += R"({"provider":"quick","id":"1"})";
    const Reply reply = post("/v1/tasks", body, "application/x-ndjson");
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.body.at("accepted"), 1);
    EXPECT_EQ(reply.body.at("rejected").as_array().size(), 1000U);
    EXPECT_EQ(reply.body.at("rejectedTotal"), 3000);
}

TEST_F(TaskApiTest, KeepsWhatAnImportHeldThatWasCutOff)
{
    std::string body;
    for (int i = 0; i < 4000; ++i)
        body += R"({"provider":"quick","id":")" + std::to_string(i) + "\"}\n";
    {
        test::RawClient client(endpoint());
        client.send(
            "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            "Content-Length: 99999999\r\n\r\n" +
            body
        );
        EXPECT_TRUE(becomes("/v1/status", [](const boost::json::value& status) {
            const auto& tasks = status.at("tasks").as_object();
            return !tasks.empty() && tasks.begin()->value().at("queued").to_number<int>() >= 2000;
        }));
    }
    EXPECT_EQ(get("/v1/tasks/quick/0").status, 200);
}

TEST_F(TaskApiTest, TakesTheWholeLinesOfAnImportThatBreaksOff)
{
    {
        test::RawClient client(endpoint());
        client.send(
            "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            "Content-Length: 999\r\n\r\n"
            R"({"provider":"quick","id":"1"})"
            "\n"
            R"({"provider":"quick","id":"2"})"
            "\n"
            R"({"provider":"quick","id":"3"})"
        );
    }
    EXPECT_TRUE(becomes("/v1/tasks", [](const boost::json::value& list) {
        return list.at("tasks").as_array().size() == 2;
    }));
    EXPECT_EQ(get("/v1/tasks/quick/3").status, 404);
}

TEST_F(TaskApiTest, RegistersOnceAndThenKnows)
{
    constexpr std::string_view body = R"({"provider":"quick","id":"17","metadata":{"orderId":"A-17"}})";
    const Reply first = post("/v1/tasks", body);
    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(first.body.at("provider"), "quick");
    EXPECT_EQ(first.body.at("id"), "17");
    EXPECT_EQ(first.body.at("status"), "queued");
    EXPECT_EQ(first.fields.at("Content-Type"), "application/json");
    EXPECT_EQ(first.fields.at("Cache-Control"), "no-store");
    EXPECT_EQ(post("/v1/tasks", body).status, 200);
    EXPECT_EQ(poller().watched(), 1U);
}

TEST_F(TaskApiTest, TellsWhatAKnownTaskKeeps)
{
    const auto with = [](const std::string& members) {
        return R"({"provider":"quick","id":"17")" + members + "}";
    };
    const auto kept = [&](const std::string& members) {
        return boost::json::serialize(post("/v1/tasks", with(members)).body.at("kept"));
    };
    EXPECT_EQ(kept(R"(,"metadata":{"a":1})"), "[]");
    EXPECT_EQ(kept(R"(,"webhookUrl":"https://a.example.com/")"), "[]") << "it had none";
    EXPECT_EQ(kept(R"(,"webhookUrl":"https://a.example.com/","metadata":{"a":1})"), "[]");
    EXPECT_EQ(kept(""), "[]");
    EXPECT_EQ(kept(R"(,"webhookUrl":"https://b.example.com/")"), R"(["webhookUrl"])");
    EXPECT_EQ(
        kept(R"(,"webhookUrl":"https://b.example.com/","metadata":{"a":2})"), R"(["webhookUrl","metadata"])"
    );
    const Reply list = post(
        "/v1/tasks", R"({"tasks":[)" + with(R"(,"metadata":{"a":2})") + R"(,{"provider":"quick","id":"18"}]})"
    );
    EXPECT_EQ(list.body.at("keptTotal"), 1);
    EXPECT_EQ(get("/v1/tasks/quick/17").body.at("metadata").at("a"), 1);
}

TEST_F(TaskApiTest, KeepsTheNumbersOfMetadata)
{
    const auto add = [this](const std::string& id, const std::string& number) {
        return post(
            "/v1/tasks", R"({"provider":"quick","id":")" + id + R"(","metadata":{"n":)" + number + "}}"
        );
    };
    EXPECT_EQ(add("1", "19.99").status, 201);
    EXPECT_EQ(add("2", "18446744073709551615").status, 201);
    EXPECT_EQ(add("3", "100.0").status, 201);
    EXPECT_NE(get("/v1/tasks/quick/1").text.find(R"("metadata":{"n":19.99})"), std::string::npos);
    EXPECT_NE(get("/v1/tasks/quick/2").text.find(R"({"n":18446744073709551615})"), std::string::npos);
    EXPECT_NE(get("/v1/tasks/quick/3").text.find(R"({"n":100})"), std::string::npos);
    const Reply refused = add("4", "12345678901234567890123");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(
        detail(refused.body),
        "\"metadata\" holds a number beyond 64 bits, which would lose digits: give it as a string"
    );
}

TEST_F(TaskApiTest, CountsAListAndRejectsBadEntriesByIndex)
{
    add_task("1");
    const Reply reply = post(
        "/v1/tasks",
        R"({"tasks":[{"provider":"quick","id":"1"},{"provider":"quick","id":"2"},{"provider":"slow","id":"3"}]})"
    );
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.body.at("accepted").as_int64(), 1);
    EXPECT_EQ(reply.body.at("existing").as_int64(), 1);
    ASSERT_EQ(reply.body.at("rejected").as_array().size(), 1U);
    EXPECT_EQ(reply.body.at("rejected").at(0).at("index").as_int64(), 2);
    EXPECT_EQ(
        reply.body.at("rejected").at(0).at("error"), R"(no provider is called "slow"; it is one of: quick)"
    );
}

TEST_F(TaskApiTest, AnswersTwoHundredToAListWithNothingNew)
{
    add_task("1");
    EXPECT_EQ(post("/v1/tasks", R"({"tasks":[{"provider":"quick","id":"1"}]})").status, 200);
    EXPECT_EQ(post("/v1/tasks", R"({"tasks":[]})").status, 200);
}

TEST_F(TaskApiTest, RefusesAListThatHoldsNothingGood)
{
    for (const auto& [body, type] :
         {std::pair(R"({"tasks":[{"provider":"slow","id":"3"},{}]})", "application/json"),
          std::pair("{\"provider\":\"slow\",\"id\":\"3\"}\nx\n", "application/x-ndjson")}) {
        const Reply reply = post("/v1/tasks", body, type);
        EXPECT_EQ(reply.status, 422) << body;
        EXPECT_EQ(reply.fields.at("Content-Type"), "application/problem+json");
        EXPECT_EQ(detail(reply.body), "every entry was rejected; \"rejected\" tells why");
        EXPECT_EQ(reply.body.at("accepted").as_int64(), 0);
        EXPECT_EQ(reply.body.at("existing").as_int64(), 0);
        ASSERT_EQ(reply.body.at("rejected").as_array().size(), 2U);
        EXPECT_EQ(reply.body.at("rejected").at(1).at("index").as_int64(), 1);
    }
}

TEST_F(TaskApiTest, TakesLinesInSeveralCommits)
{
    std::string lines;
    for (int i = 0; i < 4500; ++i)
        lines += R"({"provider":"quick","id":")" + std::to_string(i % 4400) + "\"}\n";
    const Reply reply = post("/v1/tasks", lines, "application/x-ndjson");
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.body.at("accepted").as_int64(), 4400);
    EXPECT_EQ(reply.body.at("existing").as_int64(), 100);
    EXPECT_EQ(poller().watched(), 4400U);
}

TEST_F(TaskApiTest, ExplainsBadRegistrationsInProblemDocuments)
{
    const Reply broken = post("/v1/tasks", "{");
    EXPECT_EQ(broken.status, 400);
    EXPECT_EQ(broken.fields.at("Content-Type"), "application/problem+json");
    EXPECT_NE(detail(broken.body).find("not JSON"), std::string::npos);
    EXPECT_EQ(detail(post("/v1/tasks", R"({"provider":"quick"})").body), "\"id\" is missing");
    EXPECT_EQ(post("/v1/tasks", "{}", "text/plain").status, 415);
}

TEST_F(TaskApiTest, ShowsWhatIsKnownOfATask)
{
    post(
        "/v1/tasks",
        R"({"provider":"quick","id":"a%b?c","webhookUrl":"https://hooks.example.com/in?secret=1","metadata":{"k":1}})"
    );
    const Reply reply = get("/v1/tasks/quick/a%25b%3Fc");
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("id"), "a%b?c");
    EXPECT_EQ(reply.body.at("metadata").at("k").as_int64(), 1);
    EXPECT_TRUE(reply.body.at("contradiction").is_null());
    EXPECT_TRUE(reply.body.at("endedAt").is_null());
    EXPECT_TRUE(reply.body.at("transitions").as_array().empty());
    EXPECT_TRUE(reply.body.at("events").as_array().empty());
    EXPECT_TRUE(reply.body.at("deliveries").as_array().empty());
    EXPECT_EQ(reply.text.find("secret=1"), std::string::npos);
}

TEST_F(TaskApiTest, StopsWatchingARemovedTask)
{
    post("/v1/tasks", R"({"provider":"quick","id":"17"})");
    ASSERT_EQ(poller().watched(), 1U);
    const Reply reply = remove("/v1/tasks/quick/17");
    EXPECT_EQ(reply.status, 204);
    EXPECT_TRUE(reply.text.empty());
    EXPECT_EQ(poller().watched(), 0U);
    EXPECT_EQ(get("/v1/tasks/quick/17").body.at("watching"), false);
    EXPECT_EQ(remove("/v1/tasks/quick/17").status, 204);
    EXPECT_EQ(remove("/v1/tasks/quick/18").status, 404);

    EXPECT_EQ(post("/v1/tasks", R"({"provider":"quick","id":"17"})").status, 200);
    EXPECT_EQ(poller().watched(), 1U);
    EXPECT_EQ(get("/v1/tasks/quick/17").body.at("watching"), true);
}

TEST_F(TaskApiTest, ATaskThatHasEndedIsNotWatchedAgain)
{
    constexpr std::string_view body = R"({"provider":"quick","id":"17"})";
    EXPECT_EQ(post("/v1/tasks", body).body.at("watching"), true);
    record("17", task::Status::lost, 0);
    remove("/v1/tasks/quick/17");
    const Reply again = post("/v1/tasks", body);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body.at("status"), "lost");
    EXPECT_EQ(again.body.at("watching"), false);
    EXPECT_EQ(poller().watched(), 0U);
}

TEST_F(TaskApiTest, KnowsNoOtherPaths)
{
    for (const char* path :
         {"/v1",
          "/v1/task",
          "/v1/tasks/",
          "/v1/tasks/quick",
          "/v1/tasks/quick/",
          "/v1/tasks//17",
          "/v1/tasks/quick/1/2",
          "/v1/tasks/quick/17",
          "/v1/tasks/other/17",
          "/v1/deliveries/",
          "/v1/deliveries/x",
          "/v1/deliveries/1-0-1",
          "/v1/deliveries/1-0-1/retry/1",
          "/v1/sinks/ops",
          "/v1/sinks/ops/",
          "/v1/sinks/ops/stop",
          "/v1/jobs/",
          "/v1/jobs/x",
          "/v1/jobs/0",
          "/v1/jobs/1",
          "/v1/jobs/99999999999999999999",
          "/v1/sinksx",
          "/v1/statuses"}) {
        const Reply reply = get(path);
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_EQ(reply.fields.at("Content-Type"), "application/problem+json") << path;
    }
}

TEST_F(TaskApiTest, NamesTheMethodsOfAPath)
{
    const std::pair<const char*, const char*> paths[] = {
        {"/v1/tasks", "GET, POST"},
        {"/v1/tasks/quick/17", "GET, DELETE"},
        {"/v1/events", "GET"},
        {"/v1/deliveries", "GET"},
        {"/v1/deliveries/1-0-1", "GET"},
        {"/v1/deliveries/retry", "POST"},
        {"/v1/deliveries/1-0-1/retry", "POST"},
        {"/v1/sinks", "GET"},
        {"/v1/sinks/ops/pause", "POST"},
        {"/v1/sinks/ops/replay", "POST"},
        {"/v1/jobs", "GET"},
        {"/v1/jobs/1", "GET, DELETE"},
        {"/v1/providers", "GET"},
        {"/v1/status", "GET"},
        {"/livez", "GET"},
        {"/readyz", "GET"},
    };
    for (const auto& [path, allowed] : paths) {
        const Reply reply = ask("PUT", path);
        EXPECT_EQ(reply.status, 405) << path;
        EXPECT_EQ(reply.fields.at("Allow"), allowed) << path;
    }
}

TEST_F(TaskApiTest, ExplainsBadParameters)
{
    const std::pair<const char*, const char*> targets[] = {
        {"/v1/tasks?limit=0", "\"limit\" must be a number from 1 to 1000"},
        {"/v1/tasks?limit=1001", "\"limit\" must be a number from 1 to 1000"},
        {"/v1/events?limit=ten", "\"limit\" must be a number from 1 to 1000"},
        {"/v1/deliveries?limit=-1", "\"limit\" must be a number from 1 to 1000"},
        {"/v1/tasks?cursor=x", "\"cursor\" must be a nextCursor of an earlier answer"},
        {"/v1/events?cursor=-1", "\"cursor\" must be a nextCursor of an earlier answer"},
        {"/v1/deliveries?cursor=1-2", "\"cursor\" must be a nextCursor of an earlier answer"},
        {"/v1/tasks?status=done", "\"status\": no task state is called \"done\""},
        {"/v1/tasks?status=succeded",
         "\"status\": no task state is called \"succeded\", did you mean \"succeeded\"?"},
        {"/v1/tasks?stauts=lost", "unknown parameter \"stauts\", did you mean \"status\"?"},
        {"/v1/events?since=yesterday", "\"since\" must be a time such as 2026-11-21T03:18:39Z"},
        {"/v1/events?order=newest", "\"order\" must be asc, the oldest first, or desc"},
        {"/v1/events?type=done", "\"type\": no event type is called \"done\""},
        {"/v1/events?type=task.fail",
         "\"type\": no event type is called \"task.fail\", did you mean \"task.failed\"?"},
        {"/v1/deliveries?state=inflight",
         "\"state\": no delivery state is called \"inflight\", did you mean \"inFlight\"?"},
        {"/v1/deliveries?task=17", "\"task\" must be PROVIDER/ID"},
        {"/v1/deliveries?colour=red", "unknown parameter \"colour\""},
        {"/v1/tasks?status=running&status=queued", "\"status\" may be given once"},
        {"/v1/tasks?limit=1&q=a&limit=1", "\"limit\" may be given once"},
        {"/v1/events?type=task.lost&type=task.failed&order=asc&order=desc", "\"order\" may be given once"},
        {"/v1/events/stream?since=x&since=x", "\"since\" may be given once"},
        {"/v1/deliveries?task=quick/17&task=quick/18", "\"task\" may be given once"},
    };
    for (const auto& [target, error] : targets) {
        const Reply reply = get(target);
        EXPECT_EQ(reply.status, 400) << target;
        EXPECT_EQ(detail(reply.body), error) << target;
    }
}

TEST_F(TaskApiTest, RefusesUnknownParametersOfEveryPathUnderV1)
{
    for (const Route& route : routes()) {
        if (!route.path.starts_with("/v1/"))
            continue;
        std::string path(route.path);
        for (auto open = path.find('{'); open != std::string::npos; open = path.find('{'))
            path.replace(open, path.find('}') - open + 1, "1");
        for (const char* method : {"GET", "POST", "DELETE"}) {
            if (!allows(route, method))
                continue;
            const Reply reply = ask(method, path + "?colour=red", "Content-Type: application/json\r\n");
            EXPECT_EQ(reply.status, 400) << method << ' ' << path;
            EXPECT_EQ(detail(reply.body), "unknown parameter \"colour\"") << method << ' ' << path;
        }
    }
}

TEST_F(TaskApiTest, LetsProbesAddParametersOfTheirOwn)
{
    for (const char* path : {"/livez?t=1", "/readyz?t=1", "/metrics?t=1", "/?t=1", "/openapi.json?t=1"})
        EXPECT_EQ(get(path).status, 200) << path;
}

TEST_F(TaskApiTest, NamesTheMethodsBeforeItLooksAtTheBody)
{
    for (const char* path : {"/metrics", "/v1/status", "/v1/jobs/1", "/"}) {
        const Reply reply = ask("POST", path);
        EXPECT_EQ(reply.status, 405) << path;
        EXPECT_TRUE(reply.fields.contains("Allow")) << path;
    }
    EXPECT_EQ(ask("POST", "/v1/reload").status, 415);
}

TEST_F(TaskApiTest, TellsOfItsProviders)
{
    add_task("1");
    const Reply reply = get("/v1/providers");
    ASSERT_EQ(reply.status, 200);
    ASSERT_EQ(reply.body.at("providers").as_array().size(), 1U);
    const auto& provider = reply.body.at("providers").at(0);
    EXPECT_EQ(provider.at("name"), "quick");
    EXPECT_EQ(provider.at("state"), "ok");
    EXPECT_EQ(provider.at("requests").as_int64(), 0);
    EXPECT_EQ(provider.at("nextRequestInMs").as_int64(), 0);
    EXPECT_TRUE(provider.at("lastError").is_null());
    EXPECT_TRUE(provider.at("lastSuccessAt").is_null());
}

TEST_F(TaskApiTest, TellsItsStatus)
{
    add_task("1");
    add_task("2");
    record("2", task::Status::running, 10);
    const Reply reply = get("/v1/status");
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("tasks").at("quick").at("queued").as_int64(), 1);
    EXPECT_EQ(reply.body.at("tasks").at("quick").at("running").as_int64(), 1);
    EXPECT_EQ(reply.body.at("deliveries").at("inFlight").as_int64(), 1);
    EXPECT_EQ(reply.body.at("events").as_int64(), 1);
    EXPECT_EQ(reply.body.at("providers").at("quick"), "ok");
    EXPECT_EQ(reply.body.at("sinks").at("ops"), "ok");
    EXPECT_EQ(reply.body.at("sinks").at("off"), "disabled");
    EXPECT_EQ(reply.body.at("delivery").at("openBreakers").as_int64(), 0);
    EXPECT_EQ(reply.body.at("delivery").at("pausedSinks").as_int64(), 0);
    EXPECT_GT(reply.body.at("storeBytes").as_int64(), 0);
    EXPECT_FALSE(reply.body.at("version").as_string().empty());
}

TEST_F(TaskApiTest, IsAliveAndReady)
{
    EXPECT_EQ(get("/livez").text, R"({"status":"ok"})");
    EXPECT_EQ(get("/readyz").status, 200);
    EXPECT_EQ(get("/readyz").body.at("status"), "ok");
    EXPECT_TRUE(get("/readyz").body.at("lastGoodPolls").at("quick").is_null()) << "nobody has polled yet";
}

TEST_F(TokenApiTest, AsksForTheTokenBeforeWriting)
{
    constexpr std::string_view body = R"({"provider":"quick","id":"17"})";
    EXPECT_EQ(post("/v1/tasks", body).status, 401);
    EXPECT_EQ(remove("/v1/tasks/quick/17").status, 401);
    EXPECT_EQ(post("/v1/sinks/ops/pause", "").status, 401);
    EXPECT_EQ(post("/v1/deliveries/retry", "{}").status, 401);
    EXPECT_EQ(remove("/v1/jobs/1").status, 401);
    EXPECT_EQ(get("/v1/sinks").status, 200);
    EXPECT_EQ(get("/v1/tasks/quick/17").status, 404);
    EXPECT_EQ(
        ask("POST",
            "/v1/tasks",
            "Content-Type: application/json\r\nAuthorization: Bearer open sesame\r\n",
            body)
            .status,
        201
    );
}

}  // namespace
}  // namespace pollhook::admin
