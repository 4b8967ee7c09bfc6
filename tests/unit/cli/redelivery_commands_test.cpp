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

std::string job(const std::string& kind, const std::string& state, int examined)
{
    return R"({"id":3,"kind":")" + kind + R"(","state":")" + state +
           R"(","sink":"ops","total":5,"examined":)" + std::to_string(examined) + R"(,"deliveries":)" +
           std::to_string(examined) + "}";
}

TEST(DeliveryRetryTest, RetriesOne)
{
    FakeDaemon daemon([](const auto&) { return json_answer(R"({"id":"12-0-3","state":"pending"})"); });
    DeliveryRetryOptions options;
    options.id = "12-0-3";
    const Result result = run_command([&] { return delivery_retry(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "12-0-3 is pending\n");
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).path, "/v1/deliveries/12-0-3/retry");
    EXPECT_EQ(daemon.requests().at(0).method, "POST");
}

TEST(DeliveryRetryTest, CountsBeforehand)
{
    FakeDaemon daemon([](const auto&) { return json_answer(R"({"matching":5})"); });
    DeliveryRetryOptions options;
    options.state = "dead";
    options.sink = "ops";
    options.task = "quick/17";
    options.origin = "sink:ops";
    options.since = base::from_unix_ms(0);
    options.dry_run = true;
    const Result result = run_command([&] { return delivery_retry(options, daemon.client()); });
    EXPECT_EQ(result.out, "5 deliveries match\n");
    daemon.stop();
    EXPECT_EQ(
        daemon.requests().at(0).body,
        R"({"state":"dead","sink":"ops","task":"quick/17","origin":"sink:ops","since":"1970-01-01T00:00:00.000Z","dryRun":true})"
    );
}

TEST(DeliveryRetryTest, FollowsTheJobToItsEnd)
{
    int asked = 0;
    FakeDaemon daemon([&asked](const auto&) {
        ++asked;
        return asked == 1 ? json_answer(job("retry", "running", 0), 202)
                          : json_answer(job("retry", asked == 2 ? "running" : "done", asked));
    });
    DeliveryRetryOptions options;
    options.state = "dead";
    options.rate = 20;
    const Result result = run_command([&] { return delivery_retry(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "job 3 done: retry, 3 of 5 examined, 3 deliveries are on their way\n");
    EXPECT_TRUE(result.error.empty()) << "progress is for terminals";
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).body, R"({"state":"dead","perSecond":2E1})");
    EXPECT_EQ(daemon.requests().at(2).path, "/v1/jobs/3");
}

TEST(DeliveryRetryTest, AsksNothingWithoutAFilter)
{
    FakeDaemon daemon([](const auto&) { return json_answer("{}"); });
    const auto retry = [&daemon](const DeliveryRetryOptions& options) {
        return run_command([&] { return delivery_retry(options, daemon.client()); });
    };
    DeliveryRetryOptions everything;
    everything.dry_run = true;
    EXPECT_EQ(retry(everything).code, exit_code::usage);
    EXPECT_THAT(retry(everything).error, HasSubstr("say which deliveries: an ID, or a filter"));
    DeliveryRetryOptions both;
    both.id = "12-0-3";
    both.state = "dead";
    EXPECT_EQ(retry(both).code, exit_code::usage);
    daemon.stop();
    EXPECT_TRUE(daemon.requests().empty());
}

TEST(SinkReplayTest, OnlyStartsTheJobWhenToldNotToWait)
{
    FakeDaemon daemon([](const auto&) { return json_answer(job("replay", "running", 0), 202); });
    SinkReplayOptions options;
    options.name = "ops";
    options.since = base::from_unix_ms(0);
    options.types = {"task.failed"};
    options.no_wait = true;
    const Result result = run_command([&] { return sink_replay(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "job 3 has begun: replay to ops, 5 match\n");
    daemon.stop();
    ASSERT_EQ(daemon.requests().size(), 1U);
    EXPECT_EQ(daemon.requests().at(0).path, "/v1/sinks/ops/replay");
    EXPECT_EQ(
        daemon.requests().at(0).body, R"({"since":"1970-01-01T00:00:00.000Z","types":["task.failed"]})"
    );
}

TEST(SinkReplayTest, CountsBeforehand)
{
    FakeDaemon daemon([](const auto&) { return json_answer(R"({"matching":7})"); });
    SinkReplayOptions options;
    options.name = "ops";
    options.since = base::from_unix_ms(0);
    options.dry_run = true;
    const Result result = run_command([&] { return sink_replay(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "7 events match\n");
    daemon.stop();
    ASSERT_EQ(daemon.requests().size(), 1U);
    EXPECT_EQ(daemon.requests().at(0).body, R"({"since":"1970-01-01T00:00:00.000Z","dryRun":true})");
}

TEST(SinkReplayTest, FailsWhenTheJobIsCancelled)
{
    int asked = 0;
    FakeDaemon daemon([&asked](const auto&) {
        return ++asked == 1 ? json_answer(job("replay", "running", 0), 202)
                            : json_answer(job("replay", "cancelled", 2));
    });
    SinkReplayOptions options;
    options.name = "ops";
    options.since = base::from_unix_ms(0);
    ClientOptions client = daemon.client();
    client.output = OutputFormat::ndjson;
    const Result result = run_command([&] { return sink_replay(options, client); });
    EXPECT_EQ(result.code, exit_code::failed);
    EXPECT_EQ(result.out, job("replay", "cancelled", 2) + "\n");
}

TEST(JobTest, ListsJobs)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"jobs":[)" + job("replay", "running", 2) + "," + job("retry", "done", 5) + "]}"
        );
    });
    JobListOptions options;
    options.limit = 2;
    const Result result = run_command([&] { return job_list(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("replay to ops"));
    EXPECT_THAT(result.out, HasSubstr("done"));
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).target, "/v1/jobs?limit=2");
}

TEST(JobTest, ShowsOne)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"id":3,"kind":"replay","state":"running","sink":"ops","total":5,"examined":2,"deliveries":1,)"
            R"("perSecond":2E1,"createdAt":"2026-11-21T03:18:39.123Z","endedAt":null,"until":null,)"
            R"("since":"2026-11-20T00:00:00.000Z","types":["task.failed","task.lost"]})"
        );
    });
    JobShowOptions options;
    options.id = "3";
    const Result result = run_command([&] { return job_show(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("job 3  running  replay to ops\n"));
    EXPECT_THAT(result.out, HasSubstr("2 of 5"));
    EXPECT_THAT(result.out, HasSubstr("  a second    20\n"));
    EXPECT_THAT(result.out, HasSubstr("task.failed, task.lost"));
    EXPECT_THAT(result.out, testing::Not(HasSubstr("until")));
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).path, "/v1/jobs/3");
}

TEST(JobTest, CancelsOne)
{
    FakeDaemon daemon([](const auto&) { return json_answer(job("retry", "cancelled", 2)); });
    JobCancelOptions options;
    options.id = "3";
    const Result result = run_command([&] { return job_cancel(options, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "job 3 cancelled: retry, 2 of 5 examined, 2 deliveries are on their way\n");
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).method, "DELETE");
    EXPECT_EQ(daemon.requests().at(0).path, "/v1/jobs/3");
}

TEST(JobTest, TellsWhyOneCannotBeCancelled)
{
    FakeDaemon daemon([](const auto&) { return http::problem(409, "the job has ended already"); });
    JobCancelOptions options;
    options.id = "3";
    const Result result = run_command([&] { return job_cancel(options, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::failed);
    EXPECT_THAT(result.error, HasSubstr("the job has ended already"));
}

}  // namespace
}  // namespace pollhook::cli
