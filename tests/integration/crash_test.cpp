#include "integration/world.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

class CrashTest : public World {};

TEST_F(CrashTest, KillAtAnyMomentLosesNothingAndKeepsOrder)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503:0.1", "reset:0.05"}, .seed = 3});
    write_config(
        provider("relay", relay.base_url()) + R"(
[[sink]]
name = "second"
type = "webhook"
url = ")" +
        receiver.base_url() + R"(/second"
secret = ")" +
        std::string(secret) + R"("
)"
    );
    start();

    constexpr int count = 150;
    base::Random random(11);
    for (int i = 0; i < count; ++i) {
        relay.add_task(
            std::to_string(5000 + i),
            *parse_life(
                "0s SUBMITTED 0%, " + std::to_string(random.between(100, 4000)) + "ms IN_PROGRESS 10%, " +
                std::to_string(random.between(100, 2000)) + "ms IN_PROGRESS 60%, " +
                std::to_string(random.between(100, 2000)) + "ms " + (i % 6 == 0 ? "FAILURE" : "SUCCESS 100%")
            )
        );
        // An answer means that the task is on disk; what the kill interrupts is sent again, as a client
        // would.
        ASSERT_TRUE(watch("relay", std::to_string(5000 + i), &receiver).status / 100 == 2);
        if (i % 25 == 24)
            kill_and_restart();
    }
    for (int kills = 0; kills < 8; ++kills) {
        turn(static_cast<int>(random.between(5, 80)));
        kill_and_restart();
    }

    const auto both_told = [&](const std::string& id) {
        const auto own = order_.sequences("relay", id, "/hooks/" + id + "?token=t0p");
        const auto second = order_.sequences("relay", id, "/second");
        return is_over(id) && !own.empty() && own == second;
    };
    for (int i = 0; i < count; ++i) {
        const std::string id = std::to_string(5000 + i);
        ASSERT_TRUE(becomes_true([&] { return both_told(id); }, 90)) << id;
        EXPECT_EQ(last_type(id), i % 6 == 0 ? "task.failed" : "task.succeeded") << id;

        const json::value task = json::parse(get("/v1/tasks/relay/" + id).body);
        const auto steps = order_.sequences("relay", id, "/second");
        std::vector<std::int64_t> expected;
        for (std::size_t n = 1; n <= task.at("transitions").as_array().size(); ++n)
            expected.push_back(static_cast<std::int64_t>(n));
        EXPECT_EQ(steps, expected) << "every stored step arrived, in order, without a hole";
    }
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    EXPECT_EQ(unverified_, 0U);
}

TEST_F(CrashTest, StopsInOrderOnSigterm)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"slow:1:300ms"}});
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("1", *parse_life("0s SUCCESS 100%"));
    watch("relay", "1", &receiver);
    ASSERT_TRUE(becomes_true([&] { return receiver.received() > 0 || relay.counters().list > 0; }));
    daemon().signal(SIGTERM);
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }, 15));
    EXPECT_EQ(daemon().exit_code(), 0);
    EXPECT_TRUE(daemon().logged("daemon.stopping"));

    start();
    EXPECT_TRUE(becomes_true([&] { return is_over("1"); }));
}

TEST_F(CrashTest, AHungReceiverDoesNotHoldUpTheStop)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"hang"}});
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("1", *parse_life("0s SUCCESS 100%"));
    watch("relay", "1", &receiver);
    ASSERT_TRUE(becomes_true([&] { return receiver.received() > 0; }));
    daemon().signal(SIGINT);
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }, 15));
    EXPECT_EQ(daemon().exit_code(), 0);
    start();
    receiver.set_failures({});
    EXPECT_TRUE(becomes_true([&] { return is_over("1"); })) << "what was in flight stays pending";
}

TEST_F(CrashTest, ASecondSignalEndsAtOnce)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"hang"}});
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("1", *parse_life("0s SUCCESS 100%"));
    watch("relay", "1", &receiver);
    ASSERT_TRUE(becomes_true([&] { return receiver.received() > 0; }));
    daemon().signal(SIGTERM);
    ASSERT_TRUE(becomes_true([&] {
        return daemon().logged("daemon.stopping") || daemon().exit_code().has_value();
    }));
    daemon().signal(SIGTERM);
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }, 15));
}

TEST_F(CrashTest, ASecondProcessIsRefusedWithAClearText)
{
    write_config("");
    start();
    DaemonProcess second(folder_ / "pollhook.toml", folder_ / "second.log");
    ASSERT_TRUE(becomes_true([&] { return second.exit_code().has_value(); }));
    EXPECT_EQ(second.exit_code(), 1);
    EXPECT_TRUE(second.logged("another pollhook uses")) << second.log();
    EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(CrashTest, AGarbledDatabaseIsToldAndNotTouched)
{
    write_config("");
    std::filesystem::create_directories(folder_ / "state");
    std::ofstream(folder_ / "state" / "pollhook.db") << std::string(8192, 'x');
    DaemonProcess broken(folder_ / "pollhook.toml", folder_ / "log");
    ASSERT_TRUE(becomes_true([&] { return broken.exit_code().has_value(); }));
    EXPECT_EQ(broken.exit_code(), 1);
    EXPECT_TRUE(broken.logged("pollhook.db")) << broken.log();
    EXPECT_EQ(std::filesystem::file_size(folder_ / "state" / "pollhook.db"), 8192U);
}

}  // namespace
}  // namespace pollhook::test
