#include "integration/world.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

class DeliveryTest : public World {
protected:
    /// Waits for the end of `count` tasks with quick lives that all call `receiver`.
    void run_tasks(simulator::Relay& relay, const simulator::Receiver& receiver, int count)
    {
        for (int i = 0; i < count; ++i) {
            relay.add_task(std::to_string(100 + i), *parse_life(quick_life));
            watch("relay", std::to_string(100 + i), &receiver);
        }
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(becomes_true([&] { return is_over(std::to_string(100 + i)); }, 90)) << i;
    }
};

struct BadReceiver {
    const char* name;
    std::vector<std::string> failures;

    /// How GoogleTest shows it.
    friend void PrintTo(const BadReceiver& receiver, std::ostream* out) { *out << receiver.name; }
};

class BadReceiverTest : public DeliveryTest, public testing::WithParamInterface<BadReceiver> {};

TEST_P(BadReceiverTest, GetsEverythingInTheEndAndInOrder)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = GetParam().failures, .seed = 5});
    write_config(provider("relay", relay.base_url()));
    start();
    run_tasks(relay, receiver, 10);
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    EXPECT_EQ(unverified_, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Faults,
    BadReceiverTest,
    testing::Values(
        BadReceiver{"Fails", {"500:0.2", "503:0.2"}},
        BadReceiver{"Resets", {"reset:0.3"}},
        BadReceiver{"Redirects", {"redirect:0.3"}},
        BadReceiver{"CutsItsAnswers", {"truncate:0.3"}},
        BadReceiver{"AnswersEightMebibytes", {"big:0.3"}},
        BadReceiver{"Throttles", {"429:0.2:0"}}
    ),
    [](const auto& fault) { return fault.param.name; }
);

TEST_F(DeliveryTest, AHungReceiverDoesNotSlowTheOthers)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& hung = add_receiver({.failures = {"hang"}});
    simulator::Receiver& healthy = add_receiver();
    write_config(provider("relay", relay.base_url()));
    start();
    for (int i = 0; i < 60; ++i) {
        relay.add_task(std::to_string(7000 + i), *parse_life("0s SUCCESS 100%"));
        watch("relay", std::to_string(7000 + i), &hung);
    }
    ASSERT_TRUE(becomes_true([&] { return hung.received() > 0; }));
    run_tasks(relay, healthy, 10);
    EXPECT_EQ(receipts_of("7000"), 0U);
}

TEST_F(DeliveryTest, WhatFailsForEverIsADeadLetterWithItsReason)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"500"}});
    retry_schedule_ = R"(["50ms", "50ms"])";
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("1", *parse_life("0s SUCCESS 100%"));
    watch("relay", "1", &receiver);
    const auto dead = [&] {
        return json::parse(get("/v1/deliveries?state=dead").body).at("deliveries").as_array();
    };
    ASSERT_TRUE(becomes_true([&] { return !dead().empty(); }));
    const json::array letters = dead();
    EXPECT_EQ(letters[0].at("reason"), "dead: 3 attempts failed, last: HTTP 500");
    EXPECT_EQ(letters[0].at("attempts"), 3);
    EXPECT_EQ(receiver.received(), 3U);
    const json::string id = letters[0].at("id").as_string();
    const json::value detail = json::parse(get("/v1/deliveries/" + std::string(id.data(), id.size())).body);
    EXPECT_EQ(detail.at("attemptLog").as_array().size(), 3U);
    EXPECT_EQ(detail.at("attemptLog").at(0).at("status"), 500);
    EXPECT_EQ(json::serialize(detail).find("t0p"), std::string::npos) << "a URL's query may hold a token";
}

TEST_F(DeliveryTest, ARetryOfOneDeliverySendsAProbeToAReceiverThatIsBack)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503"}});
    retry_schedule_ = R"(["1h"])";  // the breaker stays open for minutes
    write_config(provider("relay", relay.base_url()));
    start();
    constexpr int tasks = 12;
    for (int i = 0; i < tasks; ++i) {
        relay.add_task(std::to_string(i), *parse_life("0s SUCCESS 100%"));
        watch("relay", std::to_string(i), &receiver);
    }
    const auto open_breakers = [&] {
        return json::parse(get("/v1/status").body).at("delivery").at("openBreakers").to_number<int>();
    };
    const auto all_wait = [&] {
        const json::value page = json::parse(get("/v1/deliveries?state=pending").body);
        return open_breakers() == 1 && page.at("deliveries").as_array().size() == tasks;
    };
    ASSERT_TRUE(becomes_true(all_wait));
    const auto failed = static_cast<int>(receiver.received());
    ASSERT_LT(failed, tasks);

    receiver.set_failures({});
    const std::string first = seen_.front().task;
    const json::value task = json::parse(get("/v1/tasks/relay/" + first).body);
    const auto id = json::value_to<std::string>(task.at("deliveries").at(0).at("id"));
    EXPECT_EQ(post("/v1/deliveries/" + id + "/retry", "").status, 200);
    // The others that were tried wait for their own time.
    const auto rest_arrives = [&] { return receiver.received() == static_cast<std::size_t>(tasks) + 1; };
    EXPECT_TRUE(becomes_true(rest_arrives));
    EXPECT_EQ(receipts_of(first), 1U);
    EXPECT_TRUE(becomes_true([&] { return open_breakers() == 0; }));
}

TEST_F(DeliveryTest, GoneEndsAUrl)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"410"}});
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("1", *parse_life(quick_life));
    watch("relay", "1", &receiver);
    const auto task = [&] { return json::parse(get("/v1/tasks/relay/1").body); };
    ASSERT_TRUE(becomes_true([&] { return task().at("status") == "succeeded"; }));
    const auto open = [&] {
        const json::value now = task();
        for (const auto& delivery : now.at("deliveries").as_array())
            if (delivery.at("state") == "pending" || delivery.at("state") == "inFlight")
                return true;
        return false;
    };
    EXPECT_TRUE(becomes_true([&] { return !open(); }));
    EXPECT_GE(receiver.received(), 1U);
}

TEST_F(DeliveryTest, AFileSinkIsValidAndSurvivesRotation)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    const auto file = folder_ / "events.ndjson";
    write_config(
        provider("relay", relay.base_url()) + "[[sink]]\nname = \"log\"\ntype = \"file\"\npath = \"" +
        file.string() + "\"\n"
    );
    start();
    run_tasks(relay, receiver, 5);
    const auto lines = [](const std::filesystem::path& path) {
        std::ifstream in(path);
        std::size_t count = 0;
        for (std::string line; std::getline(in, line); ++count)
            EXPECT_NO_THROW(json::parse(line));
        return count;
    };
    const auto all_settled = [&] {
        return json::parse(get("/v1/deliveries?state=pending").body).at("deliveries").as_array().empty() &&
               json::parse(get("/v1/deliveries?state=inFlight").body).at("deliveries").as_array().empty();
    };
    ASSERT_TRUE(becomes_true(all_settled));
    const auto events = json::parse(get("/v1/events?limit=1000").body).at("events").as_array().size();
    EXPECT_EQ(lines(file), events);

    std::filesystem::rename(file, folder_ / "events.1");
    daemon().signal(SIGHUP);
    ASSERT_TRUE(becomes_true([&] { return daemon().logged("sinks.reopened"); }));
    relay.add_task("900", *parse_life("0s SUCCESS 100%"));
    watch("relay", "900", &receiver);
    EXPECT_TRUE(becomes_true([&] { return std::filesystem::exists(file) && lines(file) == 1; }));
    EXPECT_EQ(lines(folder_ / "events.1"), events);
}

TEST_F(DeliveryTest, BareSendsTheRelaysObject)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(
        provider("relay", relay.base_url()) +
        "[[sink]]\nname = \"bare\"\ntype = \"webhook\"\nformat = \"bare\"\nurl = \"" + receiver.base_url() +
        "/bare\"\nsecret = \"" + std::string(secret) + "\"\n"
    );
    start();
    relay.add_task("42", *parse_life("0s SUCCESS 100%"));
    watch("relay", "42", nullptr);
    ASSERT_TRUE(becomes_true([&] { return receiver.received() > 0; }));
    const simulator::Receipt& receipt = receiver.receipts().front();
    EXPECT_EQ(json::parse(receipt.body).at("id"), "42");
    EXPECT_EQ(json::parse(receipt.body).at("status"), "SUCCESS");
    EXPECT_EQ(json::parse(receipt.body).as_object().if_contains("userId"), nullptr)
        << "internals must not leave";
    EXPECT_EQ(receipt.type, "task.succeeded");
    EXPECT_EQ(receipt.verdict, simulator::Verdict::genuine);
}

TEST_F(DeliveryTest, TaskUrlsMayNotReachPrivateAddresses)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()));
    std::string config = read_file(folder_ / "pollhook.toml");
    const std::string open = "allow_networks = [\"127.0.0.0/8\"]";
    config.replace(config.find(open), open.size(), "allow_networks = []");
    std::ofstream(folder_ / "pollhook.toml") << config;
    start();
    EXPECT_EQ(watch("relay", "1", &receiver).status, 400) << "a literal address is judged at once";
    relay.add_task("2", *parse_life("0s SUCCESS 100%"));
    const std::string port = std::to_string(receiver.endpoint().port());
    EXPECT_EQ(
        post(
            "/v1/tasks", R"({"provider":"relay","id":"2","webhookUrl":"http://localhost:)" + port + R"(/x"})"
        )
            .status,
        201
    );
    const auto attempts = [&] {
        const json::value page = json::parse(get("/v1/deliveries").body);
        return page.at("deliveries").as_array().empty()
                   ? 0
                   : page.at("deliveries").at(0).at("attempts").to_number<int>();
    };
    EXPECT_TRUE(becomes_true([&] { return attempts() > 0; }));
    EXPECT_EQ(receiver.received(), 0U);
}

}  // namespace
}  // namespace pollhook::test
