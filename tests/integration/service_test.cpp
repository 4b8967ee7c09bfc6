#include "integration/notify_socket.hpp"
#include "integration/world.hpp"

#include <csignal>
#include <fstream>
#include <iterator>

namespace pollhook::test {
namespace {

class ServiceTest : public World {};

TEST_F(ServiceTest, TellsSystemdItsStateAndFeedsTheWatchdog)
{
    NotifySocket systemd(loop_, folder_ / "notify");
    write_config("");
    start({"NOTIFY_SOCKET=" + (folder_ / "notify").string(), "WATCHDOG_USEC=600000"});
    EXPECT_TRUE(becomes_true([&] { return systemd.count("READY=1") == 1; }));
    EXPECT_TRUE(becomes_true([&] { return systemd.count("WATCHDOG=1") >= 3; }));
    daemon().signal(SIGTERM);
    EXPECT_TRUE(becomes_true([&] {
        return systemd.count("STOPPING=1") >= 1 && daemon().exit_code().has_value();
    }));
    EXPECT_EQ(daemon().exit_code(), 0);
}

TEST_F(ServiceTest, AStoppedProcessDoesNotFeedTheWatchdog)
{
    NotifySocket systemd(loop_, folder_ / "notify");
    write_config("");
    start({"NOTIFY_SOCKET=" + (folder_ / "notify").string(), "WATCHDOG_USEC=300000"});
    ASSERT_TRUE(becomes_true([&] { return systemd.count("WATCHDOG=1") >= 1; }));
    daemon().signal(SIGSTOP);
    turn(20);
    const std::size_t before = systemd.count("WATCHDOG=1");
    turn(100);
    EXPECT_EQ(systemd.count("WATCHDOG=1"), before);
    daemon().signal(SIGCONT);
}

TEST_F(ServiceTest, TheDefaultConfigurationStartsAndIdles)
{
    write_config("");
    start();
    EXPECT_EQ(get("/livez").status, 200);
    EXPECT_EQ(get("/readyz").status, 200);
    EXPECT_EQ(get("/v1/tasks").status, 200);
    EXPECT_EQ(get("/nothing").status, 404);
    EXPECT_EQ(post("/v1/tasks", R"({"provider":"x","id":"1"})").status, 400);
}

TEST_F(ServiceTest, AUsedAddressIsToldByName)
{
    simulator::Receiver& taken = add_receiver();
    write_config("");
    const std::string listen = "127.0.0.1:" + std::to_string(taken.endpoint().port());
    std::ifstream in(folder_ / "pollhook.toml");
    std::string config{std::istreambuf_iterator<char>(in), {}};
    config.replace(config.find("127.0.0.1:0"), 11, listen);
    std::ofstream(folder_ / "pollhook.toml") << config;
    DaemonProcess process(folder_ / "pollhook.toml", folder_ / "log");
    ASSERT_TRUE(becomes_true([&] { return process.exit_code().has_value(); }));
    EXPECT_EQ(process.exit_code(), 1);
    EXPECT_TRUE(process.logged(listen)) << process.log();
}

}  // namespace
}  // namespace pollhook::test
