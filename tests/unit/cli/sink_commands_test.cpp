#include "captured.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "fake_daemon.hpp"
#include "pollhook/http/problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollhook::cli {
namespace {

using test::FakeDaemon;
using test::json_answer;
using testing::HasSubstr;

constexpr const char* paused_ops =
    R"({"name":"ops","state":"paused","reason":"HTTP 410 Gone","url":"https://ops.example.com/in","path":null,)"
    R"("publicKey":"whpk_x","deliveries":{"pending":12,"dead":3},"oldestPending":"2026-01-01T00:00:00.000Z",)"
    R"("breaker":"closed","lastSuccess":null})";

TEST(SinkListTest, ShowsATable)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            std::string(R"({"sinks":[{"name":"task","state":"ok","deliveries":{}},)") + paused_ops + "]}"
        );
    });
    const Result result = run_command([&] { return sink_list(daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("NAME  STATE   TO"));
    EXPECT_THAT(result.out, HasSubstr("task  ok      the tasks' own URLs         0        0          0"));
    EXPECT_THAT(
        result.out,
        HasSubstr("ops   paused  https://ops.example.com/in  12       0          3     2026-01-01T00:00:00Z  "
                  "closed   -             HTTP 410 Gone  whpk_x\n")
    );
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).target, "/v1/sinks") << "it has no parameters";
}

TEST(SinkPauseTest, GivesTheReasonAndShowsTheState)
{
    FakeDaemon daemon([](const auto&) { return json_answer(paused_ops); });
    SinkPauseOptions options;
    options.name = "ops";
    options.reason = "moving";
    const Result result = run_command([&] { return sink_pause(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "ops is paused: HTTP 410 Gone\n");
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).path, "/v1/sinks/ops/pause");
    EXPECT_EQ(daemon.requests().at(0).body, R"({"reason":"moving"})");
}

TEST(SinkResumeTest, FailsForAnUnknownSink)
{
    FakeDaemon daemon([](const auto&) {
        return http::problem(404, R"(no configured sink is called "opps", did you mean "ops"?)");
    });
    const Result result = run_command([&] { return sink_resume({.name = "opps"}, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::failed);
    EXPECT_TRUE(result.out.empty());
    EXPECT_THAT(result.error, HasSubstr("did you mean"));
}

TEST(SinkTestTest, TellsByItsExitCodeWhetherItWasDelivered)
{
    bool delivers = true;
    FakeDaemon daemon([&delivers](const auto&) {
        return delivers
                   ? json_answer(R"({"delivered":true,"httpStatus":204,"durationMs":12})")
                   : json_answer(R"({"delivered":false,"httpStatus":503,"error":"HTTP 503","durationMs":7,)"
                                 R"("peer":"203.0.113.7:443","responseHead":"closed \u001b"})");
    });
    const auto test = [&] { return sink_test({.name = "ops"}, daemon.client()); };
    const Result good = run_command(test);
    EXPECT_EQ(good.code, 0);
    EXPECT_EQ(good.out, "delivered: HTTP 204, 12 ms\n");
    delivers = false;
    const Result bad = run_command(test);
    EXPECT_EQ(bad.code, exit_code::failed);
    EXPECT_EQ(bad.out, "not delivered: HTTP 503, 7 ms, 203.0.113.7:443\nthe receiver said: closed \\x1b\n");
}

TEST(ProviderListTest, ShowsATable)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"providers":[{"name":"quick","state":"failing","tasks":2,"inFlight":0,"requests":7,"failedLooks":3,)"
            R"("lastError":"HTTP 503","lastSuccessAt":null}]})"
        );
    });
    const Result result = run_command([&] { return provider_list(daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("quick  failing  2        0          7         3             -"));
}

}  // namespace
}  // namespace pollhook::cli
