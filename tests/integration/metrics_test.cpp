#include "integration/world.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

/// What a shell command printed, and whether it ended well.
std::pair<bool, std::string> run_shell(const std::string& command)
{
    std::string out;
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr)
        return {false, "cannot start a shell"};
    std::array<char, 4096> buffer{};
    while (const std::size_t length = std::fread(buffer.data(), 1, buffer.size(), pipe))
        out.append(buffer.data(), length);
    return {::pclose(pipe) == 0, out};
}

class MetricsTest : public World {
protected:
    /// A relay with a task that succeeds, one with a task that stays, a receiver and a sink that fails.
    void live()
    {
        simulator::Relay& relay = add_relay();
        simulator::Receiver& receiver = add_receiver();
        simulator::Receiver& failing = add_receiver({.failures = {"503"}});
        relay_ = &relay;
        write_config(
            provider("relay", relay.base_url()) +
            fmt::format(
                "[[sink]]\nname = \"ops\"\ntype = \"webhook\"\nurl = \"{}/ops\"\n", failing.base_url()
            )
        );
        start();
        relay.add_task("1", *parse_life("0s SUBMITTED 0%, 300ms IN_PROGRESS 50%, 300ms SUCCESS 100%"));
        relay.add_task("2", *parse_life("0s IN_PROGRESS 10%"));
        watch("relay", "1", &receiver);
        watch("relay", "2", &receiver);
        ASSERT_TRUE(becomes_true([&] { return is_over("1") && last_type("2") == "task.running"; }));
        ASSERT_TRUE(becomes_true([&] { return failing.received() > 2; }));
    }

    std::string metrics()
    {
        const auto answer = get("/metrics");
        EXPECT_EQ(answer.status, 200);
        return answer.body;
    }
    /// The value of a series as it is written; -1 when there is none.
    double value(const std::string& series)
    {
        const std::string text = metrics();
        const auto at = text.find("\n" + series + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
    }

    simulator::Relay* relay_ = nullptr;
};

/// Every series of the text by its name, with the names of its labels.
std::map<std::string, std::set<std::string>> labels_by_name(const std::string& text)
{
    std::map<std::string, std::set<std::string>> found;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        const std::string line = text.substr(begin, end - begin);
        begin = end + 1;
        if (line.empty() || line.front() == '#')
            continue;
        std::set<std::string>& labels = found[line.substr(0, line.find_first_of(" {"))];
        for (std::size_t at = line.find('{'); at != std::string::npos && line[at] != '}';) {
            const std::size_t equals = line.find("=\"", at);
            labels.insert(line.substr(at + 1, equals - at - 1));
            at = line.find('"', equals + 2) + 1;
        }
    }
    return found;
}

TEST_F(MetricsTest, AreThoseOfTheContractWithTheirLabels)
{
    live();
    using Labels = std::set<std::string>;
    const std::map<std::string, Labels> promised{
        {"pollhook_poll_requests_total", {"provider", "result"}},
        {"pollhook_poll_request_duration_seconds_bucket", {"provider", "le"}},
        {"pollhook_poll_last_success_timestamp_seconds", {"provider"}},
        {"pollhook_tasks", {"provider", "status"}},
        {"pollhook_transitions_total", {"provider", "type"}},
        {"pollhook_detection_delay_seconds_bucket", {"le"}},
        {"pollhook_deliveries", {"sink", "state"}},
        {"pollhook_delivery_attempts_total", {"sink", "result"}},
        {"pollhook_delivery_latency_seconds_bucket", {"sink", "le"}},
        {"pollhook_delivery_oldest_pending_seconds", {"sink"}},
        {"pollhook_origin_breaker_open", {}},
        {"pollhook_store_commit_duration_seconds_bucket", {"le"}},
        {"pollhook_store_size_bytes", {}},
        {"pollhook_event_loop_lag_seconds_bucket", {"le"}},
        {"pollhook_config_last_reload_success", {}},
        {"pollhook_build_info", {"version"}},
        {"process_cpu_seconds_total", {}},
        {"process_resident_memory_bytes", {}},
        {"process_open_fds", {}},
        {"process_max_fds", {}},
        {"process_start_time_seconds", {}},
    };
    const auto exposed = labels_by_name(metrics());
    for (const auto& [name, labels] : promised) {
        const auto found = exposed.find(name);
        ASSERT_NE(found, exposed.end()) << name;
        EXPECT_EQ(found->second, labels) << name;
    }
}

TEST_F(MetricsTest, SatisfyPromtoolAndTheExpressionsOfRulesAndDashboard)
{
    live();
    const std::filesystem::path file = folder_ / "metrics.txt";
    std::ofstream(file) << metrics();
    const auto [lint_passed, lint] = run_shell("promtool check metrics <" + file.string());
    EXPECT_TRUE(lint_passed) << lint;
    EXPECT_EQ(lint, "");
    const std::string root = POLLHOOK_SOURCES;
    const auto [fits, problems] =
        run_shell("python3 " + root + "/tests/metrics/expressions.py " + root + " " + file.string());
    EXPECT_TRUE(fits) << problems;
}

TEST_F(MetricsTest, TellWhatHappened)
{
    live();
    ASSERT_TRUE(becomes_true([&] {
        return value(R"(pollhook_tasks{provider="relay",status="succeeded"})") == 1;
    }));
    EXPECT_GE(value(R"(pollhook_poll_requests_total{provider="relay",result="ok"})"), 2);
    EXPECT_GE(value(R"(pollhook_poll_request_duration_seconds_count{provider="relay"})"), 2);
    EXPECT_GE(value("pollhook_detection_delay_seconds_count"), 2);
    EXPECT_EQ(value(R"(pollhook_transitions_total{provider="relay",type="task.succeeded"})"), 1);
    EXPECT_EQ(value(R"(pollhook_tasks{provider="relay",status="running"})"), 1);
    EXPECT_GE(value(R"(pollhook_delivery_attempts_total{sink="task",result="delivered"})"), 3);
    EXPECT_GE(value(R"(pollhook_delivery_attempts_total{sink="ops",result="http_5xx"})"), 3);
    EXPECT_GE(value(R"(pollhook_delivery_latency_seconds_count{sink="task"})"), 3);
    EXPECT_TRUE(becomes_true([&] {
        return value(R"(pollhook_delivery_oldest_pending_seconds{sink="ops"})") > 0;
    }));
    EXPECT_GE(value("pollhook_store_commit_duration_seconds_count"), 3);
    EXPECT_GT(value("pollhook_store_size_bytes"), 10'000);
    EXPECT_GE(value("pollhook_event_loop_lag_seconds_count"), 1);
    EXPECT_GT(value("process_cpu_seconds_total"), 0);
    EXPECT_GT(value("process_resident_memory_bytes"), 1'000'000);
    const double start = value("process_start_time_seconds");
    const double now = static_cast<double>(base::to_unix_ms(clock_.now())) / 1000;
    EXPECT_GT(start, now - 120);
    EXPECT_LE(start, now + 1);
}

TEST_F(MetricsTest, TellWhyARelayGivesNoGoodAnswer)
{
    simulator::Relay& relay = add_relay({.faults = {"401"}});
    write_config(provider("relay", relay.base_url()));
    start();
    watch("relay", "1", nullptr);
    EXPECT_TRUE(becomes_true([&] {
        return value(R"(pollhook_poll_requests_total{provider="relay",result="unauthorized"})") >= 1;
    }));
    EXPECT_EQ(value(R"(pollhook_poll_last_success_timestamp_seconds{provider="relay"})"), 0);
}

TEST_F(MetricsTest, ReadinessDoesNotDependOnRelaysAndReceivers)
{
    write_config(
        provider("relay", "http://127.0.0.1:1") +
        "[[sink]]\nname = \"ops\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1:1/ops\"\n"
    );
    start();
    watch("relay", "1", nullptr);
    ASSERT_TRUE(becomes_true([&] { return daemon().logged("provider.failing"); }));
    EXPECT_EQ(get("/livez").status, 200);
    const auto ready = get("/readyz");
    EXPECT_EQ(ready.status, 200) << ready.body;
    const json::value body = json::parse(ready.body);
    EXPECT_EQ(body.at("checks").at(0).at("name"), "store");
    EXPECT_EQ(body.at("checks").at(1).at("name"), "space");
    EXPECT_EQ(body.at("checks").at(2).at("name"), "dispatcher");
    EXPECT_EQ(body.at("checks").at(3).at("name"), "poller/relay");
}

}  // namespace
}  // namespace pollhook::test
