#include "api_fixture.hpp"

#include <boost/json.hpp>

namespace pollhook::admin {
namespace {

/// One task that ran and then ended, with a delivery of each step.
class HistoryApiTest : public ApiTest {
protected:
    HistoryApiTest()
    {
        add_task("17");
        record("17", task::Status::running, 45);
        settle_newest(store::DeliveryState::delivered, 204);
        record("17", task::Status::succeeded, 100);
        settle_newest(store::DeliveryState::dead, 410);
    }
};

TEST_F(HistoryApiTest, ShowsTransitionsEventsAndDeliveriesOfATask)
{
    const Reply reply = get("/v1/tasks/quick/17");
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("status"), "succeeded");
    EXPECT_EQ(reply.body.at("progress").as_int64(), 100);
    EXPECT_TRUE(reply.body.at("endedAt").is_string());

    const auto& transitions = reply.body.at("transitions").as_array();
    ASSERT_EQ(transitions.size(), 2U);
    EXPECT_EQ(transitions[0].at("type"), "task.running");
    EXPECT_EQ(transitions[0].at("from"), "queued");
    EXPECT_EQ(transitions[0].at("toProgress").as_int64(), 45);
    EXPECT_EQ(transitions[1].at("sequence").as_int64(), 2);

    const auto& events = reply.body.at("events").as_array();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1].at("event").at("type"), "task.succeeded");
    EXPECT_EQ(events[1].at("event").at("data").at("previous").at("progress").as_int64(), 45);

    EXPECT_EQ(reply.body.at("deliveries").as_array().size(), 2U);
    EXPECT_EQ(reply.text.find("secret=1"), std::string::npos);
}

TEST_F(HistoryApiTest, ListsEventsByTypeAndTime)
{
    const Reply all = get("/v1/events");
    ASSERT_EQ(all.status, 200);
    ASSERT_EQ(all.body.at("events").as_array().size(), 2U);
    EXPECT_EQ(all.body.at("events").at(0).at("event").at("type"), "task.running");
    EXPECT_EQ(all.body.at("events").at(0).at("id").as_string().subview(0, 4), "evt_");
    EXPECT_TRUE(all.body.at("nextCursor").is_null());

    const Reply ended = get("/v1/events?type=task.succeeded&type=task.failed");
    ASSERT_EQ(ended.body.at("events").as_array().size(), 1U);
    EXPECT_EQ(ended.body.at("events").at(0).at("event").at("type"), "task.succeeded");
    const auto count = [this](const std::string& query) {
        return get("/v1/events?" + query).body.at("events").as_array().size();
    };
    EXPECT_EQ(count("type=task.*"), 2U);
    EXPECT_EQ(count("type=*&type=task.*"), 2U);
    EXPECT_EQ(count("type=sink.*"), 0U);
    EXPECT_EQ(count("type=sink.*&type=task.succeeded"), 1U);
    EXPECT_EQ(get("/v1/events?type=tsk.*").status, 400);
    EXPECT_TRUE(get("/v1/events?since=2999-01-01T00:00:00Z").body.at("events").as_array().empty());
}

TEST_F(HistoryApiTest, ListsDeliveriesByWhatBecameOfThem)
{
    const auto count = [this](std::string_view query) {
        const Reply reply = get("/v1/deliveries?" + std::string(query));
        EXPECT_EQ(reply.status, 200) << query;
        return reply.body.at("deliveries").as_array().size();
    };
    EXPECT_EQ(count(""), 2U);
    EXPECT_EQ(count("state=delivered"), 1U);
    EXPECT_EQ(count("state=pending"), 0U);
    EXPECT_EQ(count("task=quick/17"), 2U);
    EXPECT_EQ(count("task=quick/18"), 0U);
    EXPECT_EQ(count("sink=task"), 2U);
    EXPECT_EQ(count("sink=ops"), 0U);
    EXPECT_EQ(count("origin=https://hooks.example.com"), 2U);
    EXPECT_EQ(count("origin=https://other.example.com"), 0U);
}

TEST_F(HistoryApiTest, ShowsADeliveryWithItsAttempts)
{
    const Reply list = get("/v1/deliveries?state=dead");
    ASSERT_EQ(list.body.at("deliveries").as_array().size(), 1U);
    const std::string id = boost::json::value_to<std::string>(list.body.at("deliveries").at(0).at("id"));

    const Reply reply = get("/v1/deliveries/" + id);
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("state"), "dead");
    EXPECT_EQ(reply.body.at("reason"), "HTTP 410 Gone");
    EXPECT_EQ(reply.body.at("url"), "https://hooks.example.com/in");
    EXPECT_EQ(reply.body.at("task"), "17");
    EXPECT_EQ(reply.body.at("sequence").as_int64(), 2);
    ASSERT_EQ(reply.body.at("attemptLog").as_array().size(), 1U);
    const auto& attempt = reply.body.at("attemptLog").at(0);
    EXPECT_EQ(attempt.at("status").as_int64(), 410);
    EXPECT_EQ(attempt.at("peer"), "203.0.113.7:443");
    EXPECT_EQ(attempt.at("responseHead"), R"(seen \xff)") << "receivers send any bytes";
    EXPECT_EQ(attempt.at("timing").at("totalMs").as_int64(), 12);
}

}  // namespace
}  // namespace pollhook::admin
