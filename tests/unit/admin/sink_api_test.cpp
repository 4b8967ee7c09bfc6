#include "api_fixture.hpp"

#include <boost/json.hpp>

namespace pollhook::admin {
namespace {

class SinkApiTest : public ApiTest {
protected:
    boost::json::object sink(const char* name)
    {
        const Reply reply = get("/v1/sinks");
        EXPECT_EQ(reply.status, 200);
        for (const auto& one : reply.body.at("sinks").as_array())
            if (one.at("name") == name)
                return one.as_object();
        ADD_FAILURE() << "no sink " << name << " in " << reply.text;
        return {};
    }
};

TEST_F(SinkApiTest, ShowsHowASinkIsSetUpButNothingSecret)
{
    const auto ops = sink("ops");
    EXPECT_EQ(ops.at("type"), "webhook");
    EXPECT_EQ(ops.at("url"), "https://ops.example.com/in");
    EXPECT_TRUE(ops.at("path").is_null());
    EXPECT_EQ(ops.at("format"), "standard");
    EXPECT_EQ(ops.at("order"), "block");
    EXPECT_EQ(ops.at("events"), boost::json::parse(R"(["task.succeeded","task.failed"])"));
    EXPECT_EQ(ops.at("enabled"), true);
    EXPECT_EQ(ops.at("state"), "ok");
    EXPECT_TRUE(ops.at("reason").is_null());
    EXPECT_TRUE(ops.at("pausedAt").is_null());
    EXPECT_EQ(ops.at("publicKey"), "whpk_open");
    EXPECT_EQ(ops.at("inFlight").to_number<int>(), 0);
    EXPECT_EQ(ops.at("ratePerSecond").to_number<double>(), 50);
    EXPECT_EQ(ops.at("breaker"), "closed");
    EXPECT_TRUE(ops.at("probeAt").is_null());
    EXPECT_TRUE(ops.at("lastSuccess").is_null());
    EXPECT_TRUE(ops.at("oldestPending").is_null());
    const std::string all = get("/v1/sinks").text;
    EXPECT_EQ(all.find("t0p"), std::string::npos);
    EXPECT_EQ(all.find("whsec_"), std::string::npos);
}

TEST_F(SinkApiTest, TellsDisabledAndForgottenSinksApart)
{
    EXPECT_EQ(sink("off").at("state"), "disabled");
    const auto old = sink("old");
    EXPECT_EQ(old.at("state"), "notConfigured");
    EXPECT_TRUE(old.at("url").is_null());
    EXPECT_TRUE(old.at("publicKey").is_null());
    EXPECT_TRUE(old.at("breaker").is_null());
}

TEST_F(SinkApiTest, ShowsTheTasksOwnUrlsAsOneSink)
{
    add_task("17");
    record("17", task::Status::running, 10);
    settle_newest(store::DeliveryState::delivered, 204);
    record("17", task::Status::succeeded, 100);
    const auto task = sink("task");
    EXPECT_EQ(task.at("state"), "ok");
    EXPECT_EQ(task.at("publicKey"), "whpk_open");
    EXPECT_EQ(task.at("deliveries").at("delivered").to_number<int>(), 1);
    EXPECT_EQ(task.at("deliveries").at("inFlight").to_number<int>(), 1);
    EXPECT_TRUE(task.at("window").is_null());
}

TEST_F(SinkApiTest, PausesWithAReasonAndResumes)
{
    const Reply paused = post("/v1/sinks/ops/pause", R"({"reason":"moving house"})");
    ASSERT_EQ(paused.status, 200) << paused.text;
    EXPECT_EQ(paused.body.at("name"), "ops");
    EXPECT_EQ(paused.body.at("state"), "paused");
    EXPECT_EQ(paused.body.at("reason"), "moving house");
    EXPECT_TRUE(paused.body.at("pausedAt").is_string());
    EXPECT_EQ(post("/v1/sinks/ops/pause", R"({"reason":"again"})").body.at("reason"), "moving house");
    EXPECT_EQ(get("/v1/status").body.at("sinks").at("ops"), "paused");
    EXPECT_EQ(get("/v1/status").body.at("delivery").at("pausedSinks").as_int64(), 1);

    const Reply resumed = post("/v1/sinks/ops/resume", "");
    EXPECT_EQ(resumed.status, 200);
    EXPECT_EQ(resumed.body.at("state"), "ok");
    EXPECT_TRUE(resumed.body.at("reason").is_null());
    EXPECT_TRUE(resumed.body.at("pausedAt").is_null());
    EXPECT_EQ(post("/v1/sinks/ops/pause", "").body.at("reason"), "paused by the operator");
}

TEST_F(SinkApiTest, TellsWhatTheReceiverSaysToATest)
{
    const Reply good = post("/v1/sinks/ops/test", "");
    ASSERT_EQ(good.status, 200) << good.text;
    EXPECT_EQ(good.body.at("delivered"), true);
    EXPECT_EQ(good.body.at("httpStatus").as_int64(), 204);
    EXPECT_TRUE(good.body.at("error").is_null());
    EXPECT_EQ(good.body.at("durationMs").as_int64(), 12);

    receivers().http_status = 503;
    const Reply bad = post("/v1/sinks/ops/test", "{}");
    EXPECT_EQ(bad.status, 200) << "the question was answered";
    EXPECT_EQ(bad.body.at("delivered"), false);
    EXPECT_EQ(bad.body.at("httpStatus").as_int64(), 503);
    EXPECT_EQ(bad.body.at("error"), "HTTP 503");
    EXPECT_EQ(bad.body.at("peer"), "203.0.113.7:443");
    EXPECT_EQ(bad.body.at("responseHead"), R"(said \xff)");
    EXPECT_EQ(receivers().asked, 2);
}

TEST_F(SinkApiTest, KnowsOnlyItsConfiguredSinks)
{
    for (const char* verb : {"pause", "resume", "test", "replay"}) {
        const std::string path = std::string("/") + verb;
        const Reply typo = post("/v1/sinks/opps" + path, R"({"since":"2026-01-01T00:00:00Z"})");
        EXPECT_EQ(typo.status, 404) << verb;
        EXPECT_EQ(detail(typo.body), R"(no configured sink is called "opps", did you mean "ops"?)");
        EXPECT_EQ(post("/v1/sinks/task" + path, "").status, 404) << verb;
        EXPECT_EQ(post("/v1/sinks/old" + path, "").status, 404) << verb;
    }
}

TEST_F(SinkApiTest, ExplainsWhatIsWrongWithABody)
{
    const std::tuple<const char*, std::string, const char*> bodies[] = {
        {"pause", "[]", "the body must be a JSON object"},
        {"pause", R"({"raeson":"x"})", R"(unknown member "raeson", did you mean "reason"?)"},
        {"pause", R"({"reason":1})", R"("reason" must be a string)"},
        {"pause", R"({"reason":")" + std::string(501, 'x') + "\"}", R"("reason" is longer than 500 bytes)"},
        {"replay", "{}", R"("since" is missing: the time of the first event to send)"},
        {"replay", R"({"since":"2h"})", R"("since" must be a time such as 2026-11-21T03:18:39Z)"},
        {"replay",
         R"({"since":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"})",
         R"("until" must be later than "since")"},
        {"replay",
         R"({"since":"2026-01-02T00:00:00Z","types":"task.failed"})",
         R"("types" must be an array such as ["task.failed"])"},
        {"replay",
         R"({"since":"2026-01-02T00:00:00Z","types":["task.faild"]})",
         R"("types": no event type is called "task.faild", did you mean "task.failed"?)"},
        {"replay",
         R"({"since":"2026-01-02T00:00:00Z","perSecond":0})",
         R"("perSecond" must be a number above 0, up to 100000)"},
    };
    for (const auto& [verb, body, error] : bodies) {
        const Reply reply = post(std::string("/v1/sinks/ops/") + verb, body);
        EXPECT_EQ(reply.status, 400) << body;
        EXPECT_EQ(detail(reply.body), error) << body;
    }
}

}  // namespace
}  // namespace pollhook::admin
