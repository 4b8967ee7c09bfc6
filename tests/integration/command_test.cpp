#include "integration/world.hpp"

#include <boost/json/parse.hpp>

#include <fstream>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

/// The client commands against a running daemon.
class CommandTest : public World {
protected:
    void begin()
    {
        relay_ = &add_relay();
        receiver_ = &add_receiver();
        write_config(provider("relay", relay_->base_url()));
        start();
    }

    /// Runs a client command against this daemon. The simulated relay stands still meanwhile.
    CommandResult ask(std::vector<std::string> arguments)
    {
        arguments.insert(
            arguments.end(), {"--admin", "http://127.0.0.1:" + std::to_string(daemon().admin_port().value())}
        );
        return run_pollhook(arguments);
    }

    simulator::Relay* relay_ = nullptr;
    simulator::Receiver* receiver_ = nullptr;
};

TEST_F(CommandTest, ATasksWholeStory)
{
    begin();
    relay_->add_task("17", *parse_life("0s SUCCESS 100%"));
    const CommandResult added = ask(
        {"task",
         "add",
         "relay",
         "17",
         "--webhook-url",
         receiver_->base_url() + "/x",
         "--metadata",
         R"({"order":"A-17"})"}
    );
    EXPECT_EQ(added.exit_code, 0) << added.error;
    ASSERT_TRUE(becomes_true([&] { return is_over("17"); }));

    const CommandResult listed = ask({"task", "list", "-o", "json"});
    EXPECT_EQ(listed.exit_code, 0) << listed.error;
    EXPECT_EQ(json::parse(listed.out).at("tasks").at(0).at("status"), "succeeded");

    const CommandResult shown = ask({"task", "show", "relay", "17"});
    EXPECT_EQ(shown.exit_code, 0) << shown.error;
    EXPECT_NE(shown.out.find("succeeded"), std::string::npos);

    EXPECT_EQ(ask({"task", "wait", "relay", "17"}).exit_code, 0);
    EXPECT_NE(ask({"event", "list"}).out.find("task.succeeded"), std::string::npos);
    EXPECT_NE(ask({"delivery", "list"}).out.find("delivered"), std::string::npos);
    EXPECT_EQ(ask({"status"}).exit_code, 0);
    for (const char* group : {"task", "event", "delivery", "sink", "provider", "job"}) {
        const CommandResult list = ask({group, "list"});
        EXPECT_EQ(list.exit_code, 0) << group << ": " << list.error;
    }

    EXPECT_EQ(ask({"task", "remove", "relay", "17"}).exit_code, 0);
    EXPECT_EQ(ask({"task", "show", "relay", "17"}).exit_code, 0);
    EXPECT_EQ(ask({"task", "remove", "relay", "18"}).exit_code, 1);
}

TEST_F(CommandTest, WaitTellsTheEndByItsExitCode)
{
    begin();
    relay_->add_task("1", *parse_life("0s FAILURE"));
    relay_->add_task("2", *parse_life("0s CANCEL"));
    relay_->add_task("3", *parse_life("0s IN_PROGRESS 5%"));
    for (const auto* id : {"1", "2", "3"})
        watch("relay", id, receiver_);
    ASSERT_TRUE(becomes_true([&] { return is_over("1") && is_over("2") && !last_type("3").empty(); }));
    EXPECT_EQ(ask({"task", "wait", "relay", "1"}).exit_code, 1);
    EXPECT_EQ(ask({"task", "wait", "relay", "2"}).exit_code, 2);
    EXPECT_EQ(ask({"task", "wait", "relay", "3", "--timeout", "300ms"}).exit_code, 124);
    EXPECT_EQ(ask({"task", "remove", "relay", "3"}).exit_code, 0);
    EXPECT_EQ(ask({"task", "wait", "relay", "3", "--timeout", "1m"}).exit_code, 4);
}

TEST_F(CommandTest, ImportTakesWhatIsGoodAndNamesWhatIsNot)
{
    begin();
    const auto file = folder_ / "tasks.ndjson";
    {
        std::ofstream out(file);
        for (int i = 0; i < 2500; ++i)
            out << R"({"provider":"relay","id":")" << i << "\"}\n";
        out << "not json\n" << R"({"provider":"rely","id":"1"})" << "\n";
    }
    const CommandResult imported = ask({"task", "import", file.string()});
    EXPECT_EQ(imported.exit_code, 65) << imported.error;
    EXPECT_NE(imported.error.find("2501"), std::string::npos) << imported.error;
    EXPECT_NE(imported.error.find("2502"), std::string::npos) << imported.error;
    const json::value status = json::parse(get("/v1/status").body);
    EXPECT_EQ(status.at("tasks").at("relay").at("queued"), 2500);
}

TEST_F(CommandTest, ImportReadsWhatTheSimulatedRelayPrints)
{
    begin();
    const RunningCommand relay(
        {"simulate", "--listen", "127.0.0.1:0", "--tasks", "0", "--life", "0s SUCCESS 100%"}, folder_
    );
    ASSERT_TRUE(becomes_true([&] { return relay.out().ends_with("\n"); }));
    const auto file = folder_ / "tasks.ndjson";
    std::ofstream(file) << relay.out();
    const CommandResult imported = ask({"task", "import", file.string()});
    EXPECT_EQ(imported.exit_code, 0) << imported.error;
    EXPECT_EQ(get("/v1/tasks/relay/scripted-1").status, 200) << relay.out();
}

TEST_F(CommandTest, PrintsVersionAndConfigurationAsJson)
{
    const CommandResult version = run_pollhook({"version", "-o", "json"});
    EXPECT_EQ(version.exit_code, 0) << version.error;
    EXPECT_EQ(json::parse(version.out).at("name"), "pollhook");
    write_config(provider("relay", "http://127.0.0.1:9"));
    const CommandResult shown =
        run_pollhook({"config", "show", (folder_ / "pollhook.toml").string(), "-o", "json"});
    EXPECT_EQ(shown.exit_code, 0) << shown.error;
    EXPECT_EQ(json::parse(shown.out).at("provider").at(0).at("name"), "relay");
    EXPECT_EQ(shown.out.find("sk-canary-17"), std::string::npos) << "secrets stay secret here too";
}

TEST(CommandLineTest, TellsWhereTheDaemonWasLookedFor)
{
    const CommandResult result = run_pollhook({"task", "list", "--admin", "http://127.0.0.1:1"});
    EXPECT_EQ(result.exit_code, 69);
    EXPECT_NE(result.error.find("127.0.0.1:1"), std::string::npos);
    EXPECT_TRUE(result.out.empty());
}

}  // namespace
}  // namespace pollhook::test
