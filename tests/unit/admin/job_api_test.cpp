#include "api_fixture.hpp"

#include <boost/json.hpp>

namespace pollhook::admin {
namespace {

/// Two events that `ops` is configured for, and one that it is not.
class JobApiTest : public ApiTest {
protected:
    JobApiTest()
    {
        for (const char* id : {"17", "18"}) {
            add_task(id);
            record(id, task::Status::succeeded, 100);
            settle_newest(store::DeliveryState::delivered, 204);
        }
        add_task("19");
        record("19", task::Status::running, 10);
        settle_newest(store::DeliveryState::delivered, 204);
    }
};

TEST_F(JobApiTest, StartsAReplayOfWhatTheSinkIsConfiguredFor)
{
    const Reply started = post("/v1/sinks/ops/replay", R"({"since":"2026-01-01T00:00:00Z"})");
    ASSERT_EQ(started.status, 202) << started.text;
    EXPECT_EQ(started.fields.at("Location"), "/v1/jobs/1");
    EXPECT_EQ(started.body.at("id").as_int64(), 1);
    EXPECT_EQ(started.body.at("kind"), "replay");
    EXPECT_EQ(started.body.at("state"), "running");
    EXPECT_EQ(started.body.at("sink"), "ops");
    EXPECT_EQ(started.body.at("total").as_int64(), 2);
    EXPECT_EQ(started.body.at("perSecond").to_number<double>(), 100);
    EXPECT_EQ(started.body.at("since"), "2026-01-01T00:00:00.000Z");
    EXPECT_TRUE(started.body.at("until").is_null());
    EXPECT_EQ(started.body.at("types"), boost::json::parse(R"(["task.succeeded","task.failed"])"));
    EXPECT_EQ(get("/v1/jobs/1").body, started.body);
    EXPECT_EQ(get("/v1/jobs?limit=1").body.at("jobs").at(0), started.body);
}

TEST_F(JobApiTest, CountsWhatAReplayWouldSendAndStartsNothing)
{
    const Reply counted = post("/v1/sinks/ops/replay", R"({"since":"2026-01-01T00:00:00Z","dryRun":true})");
    ASSERT_EQ(counted.status, 200) << counted.text;
    EXPECT_EQ(counted.body.at("matching").as_int64(), 2);
    EXPECT_TRUE(get("/v1/jobs").body.at("jobs").as_array().empty());
    EXPECT_EQ(post("/v1/sinks/ops/replay", R"({"since":"2026-01-01T00:00:00Z","dryRun":1})").status, 400);
}

TEST_F(JobApiTest, ReplaysTheTypesThatWereAskedFor)
{
    const Reply started = post(
        "/v1/sinks/ops/replay",
        R"({"since":"2026-01-01T00:00:00Z","until":"2999-01-01T00:00:00Z","types":["task.running"],"perSecond":5})"
    );
    ASSERT_EQ(started.status, 202) << started.text;
    EXPECT_EQ(started.body.at("total").as_int64(), 1);
    EXPECT_EQ(started.body.at("perSecond").to_number<double>(), 5);
    EXPECT_EQ(started.body.at("until"), "2999-01-01T00:00:00.000Z");
}

TEST_F(JobApiTest, CarriesAReplayOut)
{
    deliver();
    ASSERT_EQ(
        post("/v1/sinks/ops/replay", R"({"since":"2026-01-01T00:00:00Z","perSecond":1000})").status, 202
    );
    ASSERT_TRUE(becomes("/v1/jobs/1", [](const auto& job) { return job.at("state") == "done"; }));
    const Reply job = get("/v1/jobs/1");
    EXPECT_EQ(job.body.at("examined").as_int64(), 2);
    EXPECT_EQ(job.body.at("deliveries").as_int64(), 2);
    EXPECT_TRUE(job.body.at("endedAt").is_string());
    EXPECT_TRUE(becomes("/v1/deliveries?sink=ops&state=delivered", [](const auto& page) {
        return page.at("deliveries").as_array().size() == 2;
    }));
}

TEST_F(JobApiTest, CancelsAJobOnce)
{
    ASSERT_EQ(post("/v1/sinks/ops/replay", R"({"since":"2026-01-01T00:00:00Z"})").status, 202);
    const Reply cancelled = remove("/v1/jobs/1");
    EXPECT_EQ(cancelled.status, 200);
    EXPECT_EQ(cancelled.body.at("state"), "cancelled");
    EXPECT_EQ(remove("/v1/jobs/1").status, 409);
    EXPECT_EQ(remove("/v1/jobs/2").status, 404);
    EXPECT_EQ(get("/v1/jobs/2").status, 404);
    EXPECT_EQ(get("/v1/jobs?limit=0").status, 400);
}

}  // namespace
}  // namespace pollhook::admin
