#include "integration/world.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

class PollingTest : public World {};

TEST_F(PollingTest, TellsEachTasksUrlEveryStepInOrder)
{
    simulator::Relay& relay = add_relay({.api_key = "sk-canary-17"});
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()));
    start();
    for (int i = 0; i < 20; ++i) {
        relay.add_task(std::to_string(1743326750223591 + i), *parse_life(quick_life));
        ASSERT_EQ(watch("relay", std::to_string(1743326750223591 + i), &receiver).status, 201);
    }
    for (int i = 0; i < 20; ++i) {
        const std::string id = std::to_string(1743326750223591 + i);
        EXPECT_TRUE(becomes_true([&] { return is_over(id); })) << id;
        EXPECT_EQ(last_type(id), "task.succeeded");
        EXPECT_GE(receipts_of(id), 2U);
    }
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    EXPECT_EQ(unverified_, 0U);
    EXPECT_GE(relay.counters().largest_batch, 2U) << "ids are asked for together";
}

TEST_F(PollingTest, TheSeedsTaskArrivesWhole)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    std::ifstream fixture(POLLHOOK_FIXTURES "/quickrouter_task.json");
    const std::string text{std::istreambuf_iterator<char>(fixture), {}};
    relay.fix_task("1730621826053455", json::parse(text));
    write_config(provider("quickrouter", relay.base_url()));
    start();
    watch("quickrouter", "1730621826053455", &receiver);
    ASSERT_TRUE(becomes_true([&] { return !receiver.receipts().empty(); }));

    const simulator::Receipt& receipt = receiver.receipts().front();
    const json::value event = json::parse(receipt.body);
    EXPECT_EQ(event.at("type"), "task.succeeded");
    const json::object& data = event.at("data").as_object();
    EXPECT_EQ(data.at("provider"), "quickrouter");
    EXPECT_EQ(data.at("id"), "1730621826053455");
    EXPECT_EQ(data.at("sequence"), 1);
    EXPECT_EQ(data.at("upstreamStatus"), "SUCCESS");
    EXPECT_EQ(data.at("progress"), 100);
    EXPECT_EQ(data.at("prompt"), "pig --v 6.1");
    EXPECT_EQ(data.at("submittedAt"), "2024-11-03T08:17:06.053Z");
    EXPECT_EQ(data.at("buttons").as_array().size(), 9U);
    EXPECT_TRUE(data.at("imageUrl").as_string().starts_with("https://cdnmjp.oneabc.org/attachments/"));
    EXPECT_EQ(data.at("upstream").at("id"), "1730621826053455");
    EXPECT_TRUE(data.at("failReason").is_null());
}

TEST_F(PollingTest, ADeadRelayDelaysNobodyElse)
{
    simulator::Relay& hanging = add_relay({.faults = {"hang"}});
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(
        provider("dead", "http://127.0.0.1:1") + provider("hanging", hanging.base_url()) +
        provider("relay", relay.base_url())
    );
    start();
    watch("dead", "1", &receiver);
    watch("hanging", "2", &receiver);
    relay.add_task("3", *parse_life(quick_life));
    watch("relay", "3", &receiver);
    EXPECT_TRUE(becomes_true([&] { return is_over("3"); }));
    EXPECT_EQ(last_type("3"), "task.succeeded");
    EXPECT_EQ(receipts_of("1") + receipts_of("2"), 0U);

    const json::value providers = json::parse(get("/v1/providers").body).at("providers");
    EXPECT_EQ(providers.at(0).at("state"), "failing");
    EXPECT_EQ(providers.at(2).at("state"), "ok");
    EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(PollingTest, ARefusedKeyRaisesAnAlarmAndEndsNoTask)
{
    simulator::Relay& relay = add_relay({.api_key = "another-key"});
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("7", *parse_life("0s SUCCESS 100%"));
    watch("relay", "7", &receiver);
    EXPECT_TRUE(becomes_true([&] { return daemon().logged("provider.key_refused: provider=relay"); }));
    const json::value providers = json::parse(get("/v1/providers").body).at("providers");
    EXPECT_EQ(providers.at(0).at("state"), "keyRefused");
    EXPECT_EQ(json::parse(get("/v1/tasks/relay/7").body).at("status"), "queued");
    EXPECT_FALSE(daemon().logged("sk-canary-17")) << "a key must not be logged";
}

TEST_F(PollingTest, NoLieOfARelayEndsATaskFalsely)
{
    simulator::Relay& relay = add_relay(
        {.seed = 7,
         .faults =
             {"500:0.08",
              "html:0.05",
              "empty:0.05",
              "truncate:0.04",
              "badjson:0.04",
              "reset:0.04",
              "success-false:0.04",
              "redirect:0.03",
              "429:0.03:0",
              "duplicate:0.1",
              "foreign:0.2",
              "omit:0.1",
              "backwards:0.1",
              "baditem:0.1",
              "slow:0.05:200ms"}}
    );
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url(), "lost_after = { misses = 20, time = \"30s\" }\n"));
    start();
    constexpr int count = 60;
    for (int i = 0; i < count; ++i) {
        const std::string end = i % 5 == 0 ? "FAILURE 40%" : i % 7 == 0 ? "CANCEL" : "SUCCESS 100%";
        relay.add_task(
            std::to_string(1000 + i), *parse_life("0s SUBMITTED 0%, 500ms IN_PROGRESS 30%, 900ms " + end)
        );
        watch("relay", std::to_string(1000 + i), &receiver);
    }
    for (int i = 0; i < count; ++i) {
        const std::string id = std::to_string(1000 + i);
        const std::string expected = i % 5 == 0   ? "task.failed"
                                     : i % 7 == 0 ? "task.cancelled"
                                                  : "task.succeeded";
        ASSERT_TRUE(becomes_true([&] { return is_over(id); }, 90)) << id;
        EXPECT_EQ(last_type(id) == "task.updated" ? expected : last_type(id), expected) << id;
    }
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    EXPECT_GT(relay.counters().faults, 0U);
}

TEST_F(PollingTest, APoisonousIdDoesNotBlockItsBatch)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("666", *parse_life(quick_life));
    relay.poison("666");
    std::string batch;
    for (int i = 0; i < 10; ++i) {
        relay.add_task(std::to_string(i + 1), *parse_life("0s SUCCESS 100%"));
        batch += fmt::format(
            R"({{"provider":"relay","id":"{}","webhookUrl":"{}/x"}},)", i + 1, receiver.base_url()
        );
    }
    ASSERT_EQ(
        post("/v1/tasks", R"({"tasks":[)" + batch + R"({"provider":"relay","id":"666"}]})").status, 201
    );
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(becomes_true([&] { return is_over(std::to_string(i + 1)); })) << i;
}

TEST_F(PollingTest, AnUnknownTaskIsLostAfterItsMisses)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider(
        "relay",
        relay.base_url(),
        "missing_grace = \"200ms\"\nlost_after = { misses = 3, time = \"500ms\" }\n"
    ));
    start();
    watch("relay", "404", &receiver);
    EXPECT_TRUE(becomes_true([&] { return is_over("404"); }));
    EXPECT_EQ(last_type("404"), "task.lost");
    EXPECT_EQ(receipts_of("404"), 1U);
}

TEST_F(PollingTest, AStuckTaskIsStalledOnceAndThenExpires)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url(), "stalled_after = \"1s\"\nmax_age = \"3s\"\n"));
    start();
    relay.add_task("9", *parse_life("0s IN_PROGRESS 20%"));
    watch("relay", "9", &receiver);
    EXPECT_TRUE(becomes_true([&] { return is_over("9"); }));
    std::vector<std::string> types;
    for (const simulator::Receipt& receipt : receiver.receipts())
        types.push_back(receipt.type);
    EXPECT_EQ(types, (std::vector<std::string>{"task.running", "task.stalled", "task.expired"}));
}

TEST_F(PollingTest, OhmygptIsDiscoveredWithItsOwnUrls)
{
    simulator::Relay& relay = add_relay({.api_key = "sk-canary-17"});
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("omg", relay.base_url(), "type = \"ohmygpt\"\npage_size = 5\ndiscover = true\n"));
    start();
    for (int i = 0; i < 8; ++i) {
        simulator::TaskLife life = *parse_life("0s SUBMITTED 0%, 1s IN_PROGRESS 50%, 1s SUCCESS 100%");
        life.webhook_url = receiver.base_url() + "/own/" + std::to_string(i);
        relay.add_task(std::to_string(3400 + i), life);
    }
    for (int i = 0; i < 8; ++i)
        EXPECT_TRUE(becomes_true([&] { return is_over(std::to_string(3400 + i)); })) << i;
    EXPECT_TRUE(order_.violations().empty());
    EXPECT_GT(relay.counters().pages, 0U);
}

TEST_F(PollingTest, AnOhmygptTaskIsAskedForByItself)
{
    simulator::Relay& relay = add_relay({.api_key = "sk-canary-17"});
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("omg", relay.base_url(), "type = \"ohmygpt\"\n"));
    start();
    relay.add_task("3432", *parse_life(quick_life));
    watch("omg", "3432", &receiver);
    EXPECT_TRUE(becomes_true([&] { return is_over("3432"); }));
    EXPECT_EQ(last_type("3432") == "task.updated" ? "task.succeeded" : last_type("3432"), "task.succeeded");
}

}  // namespace
}  // namespace pollhook::test
