#include "api_fixture.hpp"

#include <boost/json.hpp>

namespace pollhook::admin {
namespace {

/// A delivery to a task's URL that was given up.
class RetryApiTest : public ApiTest {
protected:
    RetryApiTest()
    {
        add_task("17");
        record("17", task::Status::running, 45);
        settle_newest(store::DeliveryState::dead, 400);
    }
    [[nodiscard]] std::string path() const { return "/v1/deliveries/" + newest().text(); }
};

TEST_F(RetryApiTest, ReopensOneDelivery)
{
    const Reply reply = post(path() + "/retry", "");
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(reply.body.at("state"), "pending");
    EXPECT_EQ(reply.body.at("attempts").as_int64(), 1);
    EXPECT_TRUE(reply.body.at("reason").is_null());
    EXPECT_TRUE(reply.body.at("nextAttemptAt").is_string());
    EXPECT_EQ(post(path() + "/retry", "").status, 200) << "it is pending already, and due";
}

TEST_F(RetryApiTest, WakesTheQueueOfWhatItReopened)
{
    deliver();
    ASSERT_EQ(post(path() + "/retry", "").status, 200);
    EXPECT_TRUE(becomes(path(), [](const auto& one) { return one.at("state") == "delivered"; }));
    EXPECT_EQ(get(path()).body.at("attemptLog").as_array().size(), 2U);
}

TEST_F(RetryApiTest, DoesNotDisturbAnAttempt)
{
    record("17", task::Status::succeeded, 100);
    EXPECT_EQ(post(path() + "/retry", "").status, 409);
    EXPECT_EQ(post("/v1/deliveries/99-0-1/retry", "").status, 404);
}

TEST_F(RetryApiTest, CountsBeforeItRetries)
{
    const auto matching = [this](const std::string& members) {
        const Reply reply = post("/v1/deliveries/retry", "{" + members + R"("dryRun":true})");
        EXPECT_EQ(reply.status, 200) << reply.text;
        return reply.body.at("matching").as_int64();
    };
    EXPECT_EQ(matching(R"("state":"dead",)"), 1);
    EXPECT_EQ(matching(R"("state":"delivered",)"), 0);
    EXPECT_EQ(matching(R"("sink":"task",)"), 1);
    EXPECT_EQ(matching(R"("sink":"ops",)"), 0);
    EXPECT_EQ(matching(R"("task":"quick/17",)"), 1);
    EXPECT_EQ(matching(R"("provider":"quick","id":"18",)"), 0);
    EXPECT_EQ(matching(R"("origin":"https://hooks.example.com",)"), 1);
    EXPECT_EQ(matching(R"("since":"2999-01-01T00:00:00Z",)"), 0);
    EXPECT_EQ(get(path()).body.at("state"), "dead");
    EXPECT_TRUE(get("/v1/jobs").body.at("jobs").as_array().empty());
}

TEST_F(RetryApiTest, RetriesManyAsAJob)
{
    deliver();
    const Reply started =
        post("/v1/deliveries/retry", R"({"state":"dead","task":"quick/17","perSecond":1000})");
    ASSERT_EQ(started.status, 202) << started.text;
    EXPECT_EQ(started.body.at("kind"), "retry");
    EXPECT_EQ(started.body.at("total").as_int64(), 1);
    EXPECT_EQ(started.body.at("deliveryState"), "dead");
    EXPECT_EQ(started.body.at("task"), "quick/17");
    EXPECT_TRUE(started.body.at("sink").is_null());
    EXPECT_TRUE(becomes("/v1/jobs/1", [](const auto& job) { return job.at("state") == "done"; }));
    EXPECT_TRUE(becomes(path(), [](const auto& one) { return one.at("state") == "delivered"; }));
}

TEST_F(RetryApiTest, RefusesWhatItCannotMean)
{
    const std::pair<const char*, const char*> bodies[] = {
        {"", "say which deliveries: by state, sink, task, origin, since or until"},
        {R"({"dryRun":true})", "say which deliveries: by state, sink, task, origin, since or until"},
        {R"({"state":"pending"})", "\"state\": what is pending has not ended"},
        {R"({"state":"daed"})", "\"state\": no delivery state is called \"daed\", did you mean \"dead\"?"},
        {R"({"sink":"opps"})", "no sink is called \"opps\", did you mean \"ops\"?"},
        {R"({"task":"17"})", "\"task\" must be PROVIDER/ID"},
        {R"({"id":"17"})", "\"provider\" and \"id\" name a task only together"},
        {R"({"sink":"ops","dryRun":1})", "\"dryRun\" must be true or false"},
        {R"({"sink":"ops","sink":"log"})", "the member \"sink\" is there twice"},
        {R"({"snk":"ops"})", "unknown member \"snk\", did you mean \"sink\"?"},
    };
    for (const auto& [body, error] : bodies) {
        const Reply reply = post("/v1/deliveries/retry", body);
        EXPECT_EQ(reply.status, 400) << body;
        EXPECT_EQ(detail(reply.body), error) << body;
    }
}

}  // namespace
}  // namespace pollhook::admin
