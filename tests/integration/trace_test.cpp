#include "integration/world.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <set>
#include <string>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

constexpr std::string_view callers_trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-";
constexpr std::string_view two_steps = "0s IN_PROGRESS 50%, 500ms SUCCESS 100%";

std::string field(const simulator::Receipt& receipt, std::string_view name)
{
    for (const auto& [key, value] : receipt.fields)
        if (key == name)
            return value;
    return {};
}

class TraceTest : public World {
protected:
    RawClient::Answer register_with(std::string_view fields, const simulator::Receiver& receiver)
    {
        RawClient client({boost::asio::ip::address_v4::loopback(), daemon().admin_port().value()});
        return client.ask(
            "POST",
            "/v1/tasks",
            fmt::format("Content-Type: application/json\r\n{}", fields),
            fmt::format(R"({{"provider":"relay","id":"1","webhookUrl":"{}/hook"}})", receiver.base_url())
        );
    }
};

TEST_F(TraceTest, EveryAttemptContinuesTheTraceOfTheRegistration)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503:0.5"}});
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("1", *parse_life(two_steps));
    const auto answer = register_with(
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
        "tracestate: rojo=1\r\ntracestate: congo=2\r\n",
        receiver
    );
    ASSERT_EQ(answer.status, 201) << answer.body;
    ASSERT_TRUE(becomes_true([&] { return is_over("1"); }));
    std::set<std::string> spans;
    for (const simulator::Receipt& receipt : seen_) {
        EXPECT_EQ(field(receipt, "traceparent").substr(0, 36), callers_trace);
        EXPECT_EQ(field(receipt, "tracestate"), "rojo=1,congo=2");
        spans.insert(field(receipt, "traceparent"));
    }
    EXPECT_EQ(spans.size(), seen_.size()) << "an attempt is a span of its own";

    const json::value deliveries = json::parse(get("/v1/deliveries").body).at("deliveries");
    for (const json::value& one : deliveries.as_array()) {
        const json::string& id = one.at("id").as_string();
        const json::value detail =
            json::parse(get("/v1/deliveries/" + std::string(id.data(), id.size())).body);
        EXPECT_EQ(detail.at("traceparent").as_string().subview(0, 36), callers_trace);
        for (const json::value& attempt : detail.at("attemptLog").as_array())
            EXPECT_EQ(spans.count(std::string(attempt.at("traceparent").as_string())), 1U);
    }
}

TEST_F(TraceTest, WithoutACallersTraceATaskBeginsOne)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()));
    start();
    relay.add_task("1", *parse_life(two_steps));
    relay.add_task("2", *parse_life(two_steps));
    // This is none: an id of zeros stands for no trace.
    register_with("traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01\r\n", receiver);
    watch("relay", "2", &receiver);
    ASSERT_TRUE(becomes_true([&] { return is_over("1") && is_over("2"); }));
    std::map<std::string, std::set<std::string>> traces;
    for (const simulator::Receipt& receipt : seen_)
        traces[receipt.task].insert(field(receipt, "traceparent").substr(0, 36));
    ASSERT_EQ(traces["1"].size(), 1U);
    ASSERT_EQ(traces["2"].size(), 1U);
    EXPECT_NE(traces["1"], traces["2"]);
    EXPECT_EQ(traces["1"].begin()->size(), 36U);
}

}  // namespace
}  // namespace pollhook::test
