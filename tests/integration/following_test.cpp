#include "integration/world.hpp"

#include <boost/json/parse.hpp>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

// Commands that follow the daemon while it is killed and started again.

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

class FollowingTest : public World {
protected:
    /// The daemon is at the same address after a restart.
    void begin()
    {
        relay_ = &add_relay();
        receiver_ = &add_receiver();
        write_config(provider("relay", relay_->base_url()));
        std::ifstream in(folder_ / "pollhook.toml");
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::string listen = "listen = [";
        text.insert(text.find(listen) + listen.size(), "\"" + address() + "\", ");
        std::ofstream(folder_ / "pollhook.toml") << text;
        start();
    }
    [[nodiscard]] std::string address() const { return "unix:" + (folder_ / "admin.sock").string(); }

    static std::vector<std::int64_t> positions_of(const std::string& lines)
    {
        std::vector<std::int64_t> positions;
        std::istringstream in(lines);
        for (std::string line; std::getline(in, line) && !in.eof();)
            positions.push_back(json::parse(line).at("position").as_int64());
        return positions;
    }
    std::vector<std::int64_t> stored_positions()
    {
        std::vector<std::int64_t> positions;
        const json::value page = json::parse(get("/v1/events?limit=1000").body);
        for (const json::value& event : page.at("events").as_array())
            positions.push_back(event.at("position").as_int64());
        return positions;
    }

    simulator::Relay* relay_ = nullptr;
    simulator::Receiver* receiver_ = nullptr;
};

TEST_F(FollowingTest, EventTailLosesAndDoublesNothingWhenTheDaemonIsKilled)
{
    begin();
    RunningCommand tail({"event", "tail", "--since", "1h", "-o", "ndjson", "--admin", address()}, folder_);
    constexpr int tasks = 20;
    const auto add = [&](int from) {
        for (int i = from; i < from + tasks; ++i) {
            relay_->add_task(
                std::to_string(i), *parse_life("0s IN_PROGRESS 5%, 300ms IN_PROGRESS 50%, 700ms SUCCESS")
            );
            watch("relay", std::to_string(i), receiver_);
        }
    };
    const auto all_over = [&](int count) {
        for (int i = 0; i < count; ++i)
            if (!is_over(std::to_string(i)))
                return false;
        return true;
    };
    add(0);
    ASSERT_TRUE(becomes_true([&] { return positions_of(tail.out()).size() > 5; })) << tail.error();
    EXPECT_EQ(run_pollhook({"reload", "--wait", "--admin", address()}).exit_code, 0);
    kill_and_restart();
    add(tasks);
    EXPECT_EQ(run_pollhook({"reload", "--wait", "--admin", address()}).exit_code, 0);
    ASSERT_TRUE(becomes_true([&] { return is_over("0"); }));
    kill_and_restart();
    ASSERT_TRUE(becomes_true([&] { return all_over(2 * tasks); }));
    const std::vector<std::int64_t> stored = stored_positions();
    EXPECT_TRUE(becomes_true([&] { return positions_of(tail.out()).size() >= stored.size(); }))
        << tail.error();
    EXPECT_EQ(positions_of(tail.out()), stored);
    EXPECT_FALSE(tail.exit_code()) << tail.error();
}

TEST_F(FollowingTest, EventTailEndsAfterACount)
{
    begin();
    relay_->add_task("1", *parse_life("0s SUCCESS"));
    RunningCommand tail(
        {"event",
         "tail",
         "--since",
         "1h",
         "--type",
         "task.succeeded",
         "--task",
         "relay/1",
         "-n",
         "1",
         "--admin",
         address()},
        folder_
    );
    watch("relay", "1", receiver_);
    ASSERT_TRUE(becomes_true([&] { return tail.exit_code().has_value(); })) << tail.error();
    EXPECT_EQ(tail.exit_code(), 0) << tail.error();
    EXPECT_NE(tail.out().find("task.succeeded"), std::string::npos) << tail.out();
}

TEST_F(FollowingTest, TaskWaitTellsEachStepAsItComesAndSurvivesARestart)
{
    begin();
    relay_->add_task("1", *parse_life("0s IN_PROGRESS 5%"));
    watch("relay", "1", receiver_);
    ASSERT_TRUE(becomes_true([&] { return !last_type("1").empty(); }));
    RunningCommand wait({"task", "wait", "relay", "1", "--admin", address()}, folder_);
    ASSERT_TRUE(becomes_true([&] { return wait.out().find("5%") != std::string::npos; })) << wait.error();
    kill_and_restart();
    relay_->remove_task("1");
    relay_->add_task("1", *parse_life("0s IN_PROGRESS 60%, 1s SUCCESS"));
    ASSERT_TRUE(becomes_true([&] { return wait.exit_code().has_value(); })) << wait.out() << wait.error();
    EXPECT_EQ(wait.exit_code(), 0);
    EXPECT_NE(wait.out().find("60%"), std::string::npos) << wait.out();
    EXPECT_NE(wait.out().find("succeeded"), std::string::npos) << wait.out();
}

}  // namespace
}  // namespace pollhook::test
