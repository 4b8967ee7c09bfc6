#include "integration/world.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

/// What an operator does about a sink whose receiver fails.
class SinkTest : public World {
protected:
    SinkTest() : relay_(add_relay()), receiver_(add_receiver()) {}

    [[nodiscard]] std::string sink() const
    {
        return fmt::format(
            R"(
[[sink]]
name = "ops"
type = "webhook"
url = "{}/ops?token=t0p"
secret = "{}"
)",
            receiver_.base_url(),
            secret
        );
    }
    void start_with(const std::string& more)
    {
        write_config(more + provider("relay", relay_.base_url()));
        start();
    }

    /// Tasks without a webhookUrl of their own.
    void add_tasks(int count, std::string_view life)
    {
        for (int i = 0; i < count; ++i) {
            ids_.push_back(std::to_string(100 + i));
            relay_.add_task(ids_.back(), *parse_life(life));
            watch("relay", ids_.back(), nullptr);
        }
    }
    [[nodiscard]] bool all_received() const
    {
        return std::ranges::all_of(ids_, [this](const std::string& id) { return is_over(id); });
    }
    bool all_ended()
    {
        const json::value status = json::parse(get("/v1/status").body);
        const json::object& tasks = status.at("tasks").at("relay").as_object();
        return tasks.contains("succeeded") && tasks.at("succeeded") == ids_.size();
    }
    json::value sink_state()
    {
        const json::value sinks = json::parse(get("/v1/sinks").body);
        for (const json::value& one : sinks.at("sinks").as_array())
            if (one.at("name") == "ops")
                return one;
        return nullptr;
    }
    std::int64_t deliveries(const char* state)
    {
        const json::value sink = sink_state();
        const json::value* count = sink.at("deliveries").as_object().if_contains(state);
        return count == nullptr ? 0 : count->to_number<std::int64_t>();
    }

    /// Relay and receiver stand still meanwhile.
    CommandResult ask(std::vector<std::string> arguments)
    {
        arguments.insert(
            arguments.end(), {"--admin", "http://127.0.0.1:" + std::to_string(daemon().admin_port().value())}
        );
        return run_pollhook(arguments);
    }

    simulator::Relay& relay_;
    simulator::Receiver& receiver_;
    std::vector<std::string> ids_;
};

TEST_F(SinkTest, AReceiverThatIsGonePausesItsSinkUntilItIsResumed)
{
    receiver_.set_failures({"410"});
    start_with(sink());
    add_tasks(2, quick_life);
    ASSERT_TRUE(becomes_true([&] { return sink_state().at("state") == "paused"; }));
    ASSERT_TRUE(becomes_true([&] { return all_ended(); }));

    const CommandResult listed = ask({"sink", "list"});
    EXPECT_EQ(listed.exit_code, 0) << listed.error;
    EXPECT_NE(listed.out.find("paused"), std::string::npos) << listed.out;
    EXPECT_NE(listed.out.find("HTTP 410"), std::string::npos) << listed.out;
    EXPECT_EQ(listed.out.find("t0p"), std::string::npos) << listed.out;
    const CommandResult events = ask({"event", "list", "--type", "sink.paused"});
    EXPECT_NE(events.out.find("sink/ops"), std::string::npos) << events.out;

    receiver_.set_failures({});
    const CommandResult resumed = ask({"sink", "resume", "ops"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.error;
    EXPECT_EQ(resumed.out, "ops is ok\n");
    EXPECT_TRUE(becomes_true([&] { return all_received(); }));
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    EXPECT_EQ(unverified_, 0U);
}

TEST_F(SinkTest, DeadDeliveriesAreCountedAndThenAllDeliveredInOrder)
{
    receiver_.set_failures({"400"});
    start_with("rejected_retry_schedule = [\"50ms\"]\n" + sink());
    add_tasks(3, quick_life);
    ASSERT_TRUE(becomes_true([&] {
        return all_ended() && deliveries("pending") == 0 && deliveries("inFlight") == 0;
    }));
    const std::int64_t dead = deliveries("dead");
    ASSERT_GE(dead, 6) << "each task has several steps";

    const std::vector<std::string> retry{"delivery", "retry", "--state", "dead", "--sink", "ops"};
    std::vector<std::string> count = retry;
    count.emplace_back("--dry-run");
    EXPECT_EQ(ask(count).out, fmt::format("{} deliveries match\n", dead));
    EXPECT_EQ(deliveries("dead"), dead) << "counting changes nothing";

    receiver_.set_failures({});
    const CommandResult retried = ask(retry);
    EXPECT_EQ(retried.exit_code, 0) << retried.error;
    EXPECT_EQ(
        retried.out,
        fmt::format("job 1 done: retry, {0} of {0} examined, {0} deliveries are on their way\n", dead)
    );
    EXPECT_TRUE(becomes_true([&] { return deliveries("delivered") == dead; }));
    EXPECT_TRUE(all_received());
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();

    const json::value list = json::parse(get("/v1/deliveries?sink=ops&limit=1").body);
    const std::string id = json::value_to<std::string>(list.at("deliveries").at(0).at("id"));
    const CommandResult shown = ask({"delivery", "show", id});
    EXPECT_NE(shown.out.find("HTTP 400"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("HTTP 204"), std::string::npos) << shown.out;
    EXPECT_EQ(ask({"delivery", "retry", id}).out, id + " is pending\n");
    EXPECT_EQ(ask({"delivery", "retry", "99999-1-1"}).exit_code, 1);
}

TEST_F(SinkTest, WhoKnowsThatTheReceiverIsBackNeedNotWaitForTheProbe)
{
    retry_schedule_ = R"(["1h"])";  // the breaker stays open for minutes
    receiver_.set_failures({"503"});
    start_with(sink());
    add_tasks(12, ended_life);
    ASSERT_TRUE(becomes_true([&] {
        return sink_state().at("breaker") == "open" && deliveries("pending") == 12;
    }));
    const auto failed = static_cast<std::int64_t>(receiver_.received());
    ASSERT_LT(failed, 12);

    receiver_.set_failures({});
    EXPECT_EQ(ask({"delivery", "retry", "--state", "dead", "--sink", "ops"}).exit_code, 0);
    EXPECT_TRUE(becomes_true([&] { return deliveries("delivered") == 12 - failed; }));
    EXPECT_EQ(sink_state().at("breaker"), "closed");
}

TEST_F(SinkTest, AReplayReachesASinkThatWasAddedLater)
{
    start_with("");
    add_tasks(3, quick_life);
    ASSERT_TRUE(becomes_true([&] { return all_ended(); }));
    start_with(sink());
    const CommandResult replayed = ask({"sink", "replay", "ops", "--since", "1h"});
    EXPECT_EQ(replayed.exit_code, 0) << replayed.error;
    EXPECT_NE(replayed.out.find("job 1 done: replay to ops"), std::string::npos) << replayed.out;
    EXPECT_TRUE(becomes_true([&] { return all_received(); }));
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    EXPECT_EQ(unverified_, 0U);
}

TEST_F(SinkTest, AReplayGoesOnAfterTheDaemonWasKilled)
{
    constexpr int count = 40;
    start_with("");
    add_tasks(count, ended_life);
    ASSERT_TRUE(becomes_true([&] { return all_ended(); }));
    start_with(sink());
    const CommandResult begun = ask({"sink", "replay", "ops", "--since", "1h", "--rate", "20", "--no-wait"});
    EXPECT_EQ(begun.out, fmt::format("job 1 has begun: replay to ops, {} match\n", count)) << begun.error;
    ASSERT_TRUE(becomes_true([&] { return receipts_.size() >= 5; }));
    kill_and_restart();
    EXPECT_FALSE(all_received()) << "the job was killed on its way";
    ASSERT_TRUE(becomes_true([&] { return json::parse(get("/v1/jobs/1").body).at("state") == "done"; }));
    EXPECT_TRUE(becomes_true([&] { return all_received(); }));
    const json::value job = json::parse(get("/v1/jobs/1").body);
    EXPECT_EQ(job.at("examined"), count) << "each event once";
    EXPECT_EQ(job.at("deliveries"), count);
}

}  // namespace
}  // namespace pollhook::test
