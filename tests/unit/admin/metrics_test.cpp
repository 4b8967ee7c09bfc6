#include "api_fixture.hpp"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

namespace pollhook::admin {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ApiTest {
protected:
    std::string metrics() { return get("/metrics").text; }
    /// Until the store is read again.
    testing::AssertionResult has(const std::string& line)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        std::string text;
        do {
            text = metrics();
            if (text.find(line + "\n") != std::string::npos)
                return testing::AssertionSuccess();
        } while (std::chrono::steady_clock::now() < deadline);
        return testing::AssertionFailure() << "not " << line << " but\n" << text;
    }
};

TEST_F(MetricsTest, AreInPrometheusTextFormat)
{
    const Reply reply = get("/metrics");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.fields.at("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(reply.text, HasSubstr("# TYPE pollhook_poll_requests_total counter\n"));
    EXPECT_EQ(post("/metrics", "{}").status, 405);
}

TEST_F(MetricsTest, EveryLabelIsThereBeforeAnythingHappens)
{
    const std::string text = metrics();
    EXPECT_THAT(text, HasSubstr("pollhook_poll_requests_total{provider=\"quick\",result=\"ok\"} 0\n"));
    EXPECT_THAT(
        text, HasSubstr("pollhook_poll_requests_total{provider=\"quick\",result=\"rate_limited\"} 0\n")
    );
    EXPECT_THAT(text, HasSubstr("pollhook_transitions_total{provider=\"quick\",type=\"task.lost\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("pollhook_tasks{provider=\"quick\",status=\"queued\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("pollhook_delivery_attempts_total{sink=\"ops\",result=\"timeout\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("pollhook_delivery_attempts_total{sink=\"task\",result=\"delivered\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("pollhook_deliveries{sink=\"task\",state=\"dead\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("pollhook_config_last_reload_success 1\n"));
}

TEST_F(MetricsTest, TellOfTasksAndDeliveriesInTheStore)
{
    add_task("1");
    record("1", task::Status::running, 30);
    EXPECT_TRUE(has("pollhook_tasks{provider=\"quick\",status=\"running\"} 1"));
    EXPECT_TRUE(has("pollhook_deliveries{sink=\"task\",state=\"inFlight\"} 1"));
    EXPECT_THAT(
        metrics(), ContainsRegex("pollhook_delivery_oldest_pending_seconds\\{sink=\"task\"\\} [0-9.]+")
    );
    settle_newest(store::DeliveryState::delivered, 200);
    EXPECT_TRUE(has("pollhook_deliveries{sink=\"task\",state=\"delivered\"} 1"));
    EXPECT_TRUE(has("pollhook_delivery_oldest_pending_seconds{sink=\"task\"} 0"));
}

TEST_F(MetricsTest, CountAttemptsByWhatCameOfThem)
{
    add_task("1");
    record("1", task::Status::running, 30);
    settle_newest(store::DeliveryState::dead, 410);
    receivers().http_status = 204;
    deliver();
    EXPECT_EQ(post("/v1/deliveries/" + newest().text() + "/retry", "{}").status, 200);
    EXPECT_TRUE(has("pollhook_delivery_attempts_total{sink=\"task\",result=\"delivered\"} 1"));
    EXPECT_TRUE(has("pollhook_delivery_latency_seconds_count{sink=\"task\"} 1"));
}

TEST_F(MetricsTest, CountWhatWasGivenUpAlsoWhenItIsNoLongerStored)
{
    EXPECT_TRUE(has("pollhook_deliveries_dead_total{sink=\"task\"} 0"));
    add_task("1");
    record("1", task::Status::succeeded, 100);
    settle_newest(store::DeliveryState::delivered, 200);
    receivers().http_status = 410;
    deliver();
    EXPECT_EQ(post("/v1/deliveries/" + newest().text() + "/retry", "{}").status, 200);
    EXPECT_TRUE(has("pollhook_deliveries_dead_total{sink=\"task\"} 1"));
    // It is counted when it is decided, and stored right after that.
    ASSERT_TRUE(becomes("/v1/status", [this](const auto&) {
        return post("/v1/prune", R"({"olderThan":"0s"})").body.at("tasks").as_int64() > 0;
    }));
    EXPECT_TRUE(has("pollhook_deliveries{sink=\"task\",state=\"dead\"} 0"));
    EXPECT_TRUE(has("pollhook_deliveries_dead_total{sink=\"task\"} 1"));
}

TEST_F(MetricsTest, HoldNoNameFromOutside)
{
    add_task("hostile-1");
    record("hostile-1", task::Status::running, 30);
    EXPECT_TRUE(has("pollhook_tasks{provider=\"quick\",status=\"running\"} 1"));
    EXPECT_THAT(metrics(), Not(HasSubstr("hostile-1")));
    EXPECT_THAT(metrics(), Not(HasSubstr("hooks.example.com")));
}

TEST_F(MetricsTest, ReadinessNamesEveryCheck)
{
    const Reply reply = get("/readyz");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("status"), "ok");
    const auto& checks = reply.body.at("checks").as_array();
    std::vector<std::string> names;
    for (const auto& check : checks) {
        names.push_back(boost::json::value_to<std::string>(check.at("name")));
        EXPECT_EQ(check.at("status"), "ok") << names.back();
    }
    EXPECT_THAT(names, ElementsAre("store", "space", "dispatcher", "poller/quick"));
}

}  // namespace
}  // namespace pollhook::admin
