#include "captured.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "fake_daemon.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace pollhook::cli {
namespace {

using test::FakeDaemon;
using test::json_answer;

std::string task_body(const std::string& id, const std::string& status, const std::string& transitions = "")
{
    return R"({"provider":"quick","id":")" + id + R"(","status":")" + status +
           R"(","upstreamStatus":"WORD","progress":45,"sequence":1,"webhookUrl":null,"metadata":{"orderId":"A-17"},)"
           R"("registeredAt":"2026-01-01T00:00:00.000Z","changedAt":"2026-01-01T00:01:00.000Z","endedAt":null,)"
           R"("contradiction":null,"transitions":[)" +
           transitions + R"(],"deliveries":[],"events":[]})";
}

std::string step(int sequence, const std::string& from, const std::string& to)
{
    return R"({"sequence":)" + std::to_string(sequence) + R"(,"type":"task.)" + to + R"(","from":")" + from +
           R"(","to":")" + to +
           R"(","fromProgress":0,"toProgress":45,"upstreamStatus":"W","at":"2026-01-01T00:01:00.000Z"})";
}

TEST(TaskAddTest, TellsNewFromKnown)
{
    int asked = 0;
    FakeDaemon daemon([&asked](const auto&) {
        return json_answer(R"({"provider":"quick","id":"17"})", ++asked == 1 ? 201 : 200);
    });
    TaskAddOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    options.metadata = R"({"orderId":"A-17"})";
    const auto add = [&] { return task_add(options, daemon.client()); };
    EXPECT_EQ(run_command(add).out, "watching quick/17\n");
    EXPECT_EQ(run_command(add).out, "known already: quick/17\n");
    daemon.stop();
    EXPECT_EQ(
        daemon.requests().at(0).body, R"({"provider":"quick","id":"17","metadata":{"orderId":"A-17"}})"
    );
}

TEST(TaskAddTest, SaysThatATaskHasEndedAndIsNotWatched)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(R"({"provider":"quick","id":"17","status":"lost","watching":false})", 200);
    });
    TaskAddOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    EXPECT_EQ(
        run_command([&] { return task_add(options, daemon.client()); }).out,
        "known already: quick/17, ended as lost: not watched\n"
    );
}

TEST(TaskAddTest, WarnsOfWhatAKnownTaskKeeps)
{
    FakeDaemon daemon([](const http::ServerRequest& request) {
        return json_answer(
            request.body.find("tasks") == std::string::npos
                ? R"({"provider":"quick","id":"17","kept":["webhookUrl","metadata"]})"
                : R"({"accepted":0,"existing":2,"keptTotal":2,"rejected":[]})"
        );
    });
    TaskAddOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    const auto add = [&] { return task_add(options, daemon.client()); };
    EXPECT_EQ(
        run_command(add).error,
        "pollhook: warning: quick/17 keeps the webhookUrl and metadata that it was given first\n"
    );
    options.ids = {"17", "18"};
    EXPECT_EQ(
        run_command(add).error,
        "pollhook: warning: 2 known already keep the webhookUrl or metadata that they were given first\n"
    );
}

TEST(TaskAddTest, NamesTheIdsThatWereRejected)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"accepted":1,"existing":0,"rejected":[{"index":1,"error":"bad \u001b id"}]})", 201
        );
    });
    TaskAddOptions options;
    options.provider = "quick";
    options.ids = {"1", "2"};
    const Result result = run_command([&] { return task_add(options, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::bad_input);
    EXPECT_EQ(result.out, "1 new, 0 known already\n");
    EXPECT_EQ(result.error, "pollhook: error: 2: bad \\x1b id\n");
}

TEST(TaskAddTest, NamesTheIdsAlsoWhenAllWereRejected)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"status":422,"detail":"every entry was rejected","accepted":0,"existing":0,)"
            R"("rejected":[{"index":0,"error":"no"},{"index":1,"error":"never"}]})",
            422
        );
    });
    TaskAddOptions options;
    options.provider = "quick";
    options.ids = {"1", "2"};
    const Result result = run_command([&] { return task_add(options, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::bad_input);
    EXPECT_EQ(result.out, "0 new, 0 known already\n");
    EXPECT_EQ(result.error, "pollhook: error: 1: no\npollhook: error: 2: never\n");
}

TEST(TaskAddTest, AsksNothingWhenTheMetadataIsNoObject)
{
    FakeDaemon daemon([](const auto&) { return json_answer("{}"); });
    TaskAddOptions options;
    options.provider = "quick";
    options.ids = {"1"};
    options.metadata = "[]";
    EXPECT_EQ(run_command([&] { return task_add(options, daemon.client()); }).code, exit_code::bad_input);
    daemon.stop();
    EXPECT_TRUE(daemon.requests().empty());
}

TEST(TaskListTest, ShowsATable)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(R"({"tasks":[)" + task_body("17", "running") + R"(],"nextCursor":null})");
    });
    TaskListOptions options;
    options.status = "running";
    options.paging.limit = 7;
    const Result result = run_command([&] { return task_list(options, daemon.client()); });
    EXPECT_EQ(
        result.out,
        "PROVIDER  ID  STATUS   PROGRESS  CHANGED               REGISTERED            WEBHOOK\n"
        "quick     17  running  45%       2026-01-01T00:01:00Z  2026-01-01T00:00:00Z  -\n"
    );
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).target, "/v1/tasks?limit=7&status=running");
}

TEST(TaskListTest, TellsWhatIsNoLongerWatched)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(R"({"tasks":[{"id":"1","status":"running","watching":false},)"
                           R"({"id":"2","status":"running","watching":true},)"
                           R"({"id":"3","status":"succeeded","watching":false}],"nextCursor":null})");
    });
    const std::string out = run_command([&] { return task_list({}, daemon.client()); }).out;
    EXPECT_NE(out.find("1   running, not watched  "), std::string::npos) << out;
    EXPECT_NE(out.find("2   running               "), std::string::npos) << out;
    EXPECT_NE(out.find("3   succeeded             "), std::string::npos) << out;
}

TEST(TaskListTest, FollowsCursorsToTheEnd)
{
    FakeDaemon daemon([](const http::ServerRequest& request) {
        const bool first = !request.parameter("cursor");
        return json_answer(
            R"({"tasks":[{"id":")" + std::string(first ? "2" : "1") + R"("}],"nextCursor":)" +
            (first ? "\"2\"" : "null") + "}"
        );
    });
    TaskListOptions options;
    options.paging.all = true;
    ClientOptions client = daemon.client();
    client.output = OutputFormat::ndjson;
    EXPECT_EQ(
        run_command([&] { return task_list(options, client); }).out, "{\"id\":\"2\"}\n{\"id\":\"1\"}\n"
    );
    client.output = OutputFormat::json;
    EXPECT_EQ(
        run_command([&] { return task_list(options, client); }).out,
        "{\"tasks\":[{\"id\":\"2\"},{\"id\":\"1\"}],\"nextCursor\":null}\n"
    );
}

TEST(TaskListTest, GoesOnThroughShortPagesUntilThereAreEnough)
{
    FakeDaemon daemon([](const http::ServerRequest& request) {
        const std::string cursor(request.parameter("cursor").value_or("9"));
        const char* const rows = cursor == "9"   ? R"({"id":"9"})"
                                 : cursor == "7" ? ""
                                                 : R"({"id":"5"},{"id":"4"})";
        const char* const next = cursor == "9" ? "7" : cursor == "7" ? "6" : "4";
        return json_answer(fmt::format(R"({{"tasks":[{}],"nextCursor":"{}"}})", rows, next));
    });
    TaskListOptions options;
    options.paging.limit = 3;
    options.paging.cursor = "9";
    ClientOptions client = daemon.client();
    client.output = OutputFormat::json;
    EXPECT_EQ(
        run_command([&] { return task_list(options, client); }).out,
        "{\"tasks\":[{\"id\":\"9\"},{\"id\":\"5\"},{\"id\":\"4\"}],\"nextCursor\":\"4\"}\n"
    );
    daemon.stop();
    ASSERT_EQ(daemon.requests().size(), 3U);
    EXPECT_EQ(daemon.requests()[0].target, "/v1/tasks?limit=3&cursor=9");
    EXPECT_EQ(daemon.requests()[2].target, "/v1/tasks?limit=2&cursor=6");
}

TEST(TaskListTest, SaysWhenThereIsNothing)
{
    FakeDaemon daemon([](const auto&) { return json_answer(R"({"tasks":[],"nextCursor":null})"); });
    const Result result = run_command([&] { return task_list({}, daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.error, "no tasks\n");
}

TEST(TaskShowTest, ShowsSummaryAndHistory)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(task_body("a%b", "running", step(1, "queued", "running")));
    });
    TaskShowOptions options;
    options.provider = "quick";
    options.id = "a%b";
    const Result result = run_command([&] { return task_show(options, daemon.client()); });
    EXPECT_NE(result.out.find("quick/a%b  running 45%\n"), std::string::npos);
    EXPECT_NE(result.out.find("orderId: A-17"), std::string::npos);
    EXPECT_NE(result.out.find("task.running"), std::string::npos);
    daemon.stop();
    EXPECT_EQ(daemon.requests().at(0).target, "/v1/tasks/quick/a%25b");
}

class TaskWaitTest : public ::testing::TestWithParam<std::pair<const char*, int>> {};

TEST_P(TaskWaitTest, PrintsChangesAndTellsTheEnd)
{
    int asked = 0;
    const std::string end = GetParam().first;
    FakeDaemon daemon([&](const http::ServerRequest& request) {
        if (request.path == "/v1/events/stream")
            return json_answer("{}", 503);  // too many listen: it looks by itself then
        if (++asked == 1)
            return json_answer(task_body("17", "queued"));
        return json_answer(task_body("17", end, step(1, "queued", "running") + "," + step(2, "running", end))
        );
    });
    TaskWaitOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    const Result result = run_command([&] { return task_wait(options, daemon.client()); });
    EXPECT_EQ(result.code, GetParam().second);
    EXPECT_EQ(
        result.out,
        "2026-01-01T00:01:00Z  quick/17  queued 45%\n"
        "2026-01-01T00:01:00Z  quick/17  running 45%\n"
        "2026-01-01T00:01:00Z  quick/17  " +
            end + " 45%\n"
    );
}

INSTANTIATE_TEST_SUITE_P(
    Ends,
    TaskWaitTest,
    ::testing::Values(
        std::pair("succeeded", 0),
        std::pair("failed", 1),
        std::pair("cancelled", 2),
        std::pair("lost", 3),
        std::pair("expired", 3)
    )
);

TEST(TaskWaitLimitTest, EndsWithTheTimeOut)
{
    FakeDaemon daemon([](const auto&) { return json_answer(task_body("17", "running")); });
    TaskWaitOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    options.timeout = base::Duration(1);
    EXPECT_EQ(run_command([&] { return task_wait(options, daemon.client()); }).code, exit_code::timed_out);
}

TEST(TaskWaitLimitTest, EndsAtOnceWhenATaskIsNoLongerWatched)
{
    int asked = 0;
    FakeDaemon daemon([&](const auto&) {
        std::string body = task_body("17", "running");
        if (++asked > 1)
            body.insert(1, R"("watching":false,)");
        return json_answer(std::move(body));
    });
    TaskWaitOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    const Result result = run_command([&] { return task_wait(options, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::task_not_watched);
    EXPECT_EQ(
        result.error,
        "pollhook: error: quick/17 is no longer watched; it was running then\n"
        "  \"pollhook task add quick 17\" watches it again\n"
    );
}

TEST(TaskWaitLimitTest, AnEndedTaskThatIsNoLongerWatchedHasItsOwnEnd)
{
    FakeDaemon daemon([&](const auto&) {
        return json_answer(task_body("17", "succeeded").insert(1, R"("watching":false,)"));
    });
    TaskWaitOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    EXPECT_EQ(run_command([&] { return task_wait(options, daemon.client()); }).code, exit_code::ok);
}

TEST(TaskWaitLimitTest, DoesNotWaitForAnUnknownTask)
{
    FakeDaemon daemon([](const auto&) { return http::problem(404, "no such task is known"); });
    TaskWaitOptions options;
    options.provider = "quick";
    options.ids = {"17"};
    const Result result = run_command([&] { return task_wait(options, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::failed);
    EXPECT_EQ(result.error, "pollhook: error: quick/17: no such task is known\n");
}

TEST(TaskRemoveTest, GoesOnAfterAnUnknownTask)
{
    FakeDaemon daemon([](const http::ServerRequest& request) {
        return request.path.ends_with("/1") ? http::problem(404, "no such task is known")
                                            : json_answer("", 204);
    });
    TaskRemoveOptions options;
    options.provider = "quick";
    options.ids = {"1", "2"};
    const Result result = run_command([&] { return task_remove(options, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::failed);
    EXPECT_EQ(result.out, "no longer watching quick/2\n");
}

class TaskImportTest : public ::testing::Test {
protected:
    TaskImportTest()
    {
        std::string name = (std::filesystem::temp_directory_path() / "pollhook-import-XXXXXX").string();
        const int descriptor = ::mkstemp(name.data());
        if (descriptor >= 0)
            ::close(descriptor);
        file_ = name;
    }
    ~TaskImportTest() override
    {
        std::error_code ignored;
        std::filesystem::remove(file_, ignored);
    }

    Result import(const FakeDaemon& daemon, const std::string& content)
    {
        std::ofstream(file_) << content;
        TaskImportOptions options;
        options.file = file_.string();
        options.provider = "quick";
        return run_command([&] { return task_import(options, daemon.client()); });
    }

    /// Rejects tasks whose id begins with `x`, as the API does: by their index in the request.
    static http::ServerResponse take(const http::ServerRequest& request)
    {
        std::size_t index = 0;
        std::size_t accepted = 0;
        boost::json::array rejected;
        std::string_view rest = request.body;
        for (; !rest.empty(); ++index) {
            const auto end = rest.find('\n');
            if (rest.substr(0, end).find(R"("id":"x)") == std::string_view::npos) {
                ++accepted;
            } else {
                boost::json::object one;
                one["index"] = index;
                one["error"] = "no id";
                rejected.push_back(std::move(one));
            }
            rest.remove_prefix(end + 1);
        }
        boost::json::object body;
        body["accepted"] = accepted;
        body["existing"] = 0;
        body["rejected"] = std::move(rejected);
        return json_answer(boost::json::serialize(body), 201);
    }

    std::filesystem::path file_;
};

TEST_F(TaskImportTest, SendsBatchesOverOneConnection)
{
    FakeDaemon daemon(take);
    std::string lines;
    for (int i = 0; i < 2500; ++i)
        lines += std::to_string(i) + "\n";
    const Result result = import(daemon, lines);
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "2500 new, 0 known already, 0 rejected\n");
    daemon.stop();
    ASSERT_EQ(daemon.requests().size(), 3U);
    EXPECT_EQ(daemon.requests()[2].peer, daemon.requests()[0].peer);
    EXPECT_EQ(daemon.requests()[0].field("content-type"), "application/x-ndjson");
}

TEST_F(TaskImportTest, ReportsRejectedLinesByNumberAndTakesTheRest)
{
    FakeDaemon daemon(take);
    const Result result = import(daemon, "1\n\nx2\n{broken\n{\"id\":\"x5\"}\n6");
    EXPECT_EQ(result.code, exit_code::bad_input);
    EXPECT_EQ(result.out, "2 new, 0 known already, 3 rejected\n");
    EXPECT_NE(result.error.find("pollhook: line 3: no id\n"), std::string::npos);
    EXPECT_NE(result.error.find("pollhook: line 4: not JSON: "), std::string::npos);
    EXPECT_NE(result.error.find("pollhook: line 5: no id\n"), std::string::npos);
}

TEST_F(TaskImportTest, TakesFilesThatWereMadeOnWindows)
{
    FakeDaemon daemon(take);
    EXPECT_EQ(
        import(
            daemon,
            "\xEF\xBB\xBF"
            "1\r\n{\"id\":\"2\"}\r\n"
        )
            .out,
        "2 new, 0 known already, 0 rejected\n"
    );
    daemon.stop();
    EXPECT_TRUE(daemon.requests().at(0).body.starts_with(R"({"id":"1")")) << daemon.requests().at(0).body;
}

TEST_F(TaskImportTest, StopsWhenTheStoreIsFull)
{
    int asked = 0;
    FakeDaemon daemon([&asked](const http::ServerRequest& request) {
        return ++asked == 1 ? take(request) : http::problem(507, "the store is full");
    });
    std::string lines;
    for (int i = 0; i < 1500; ++i)
        lines += std::to_string(i) + "\n";
    const Result result = import(daemon, lines);
    EXPECT_EQ(result.code, exit_code::failed);
    EXPECT_NE(result.error.find("the store is full"), std::string::npos);
    EXPECT_NE(result.error.find("the lines up to 1000 are done"), std::string::npos);
}

TEST_F(TaskImportTest, RegistersWhatALiveSourceHasGivenSoFar)
{
    std::promise<void> registered;
    FakeDaemon daemon([&registered, is_first = true](const auto&) mutable {
        if (std::exchange(is_first, false))
            registered.set_value();
        return json_answer(R"({"accepted":1,"existing":0,"rejected":[]})", 201);
    });
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const auto write_line = [&](std::string_view line) {
        ASSERT_EQ(write(ends[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
    };
    TaskImportOptions options;
    options.file = fmt::format("/dev/fd/{}", ends[0]);
    options.provider = "quick";
    write_line("1\n");
    std::thread source([&] {
        EXPECT_EQ(registered.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
        write_line("2\n");
        close(ends[1]);
    });
    const Result result = run_command([&] { return task_import(options, daemon.client()); });
    source.join();
    close(ends[0]);
    EXPECT_EQ(result.out, "2 new, 0 known already, 0 rejected\n");
    daemon.stop();
    EXPECT_EQ(daemon.requests().size(), 2U);
}

TEST_F(TaskImportTest, NamesAFileThatIsNotThere)
{
    FakeDaemon daemon(take);
    TaskImportOptions options;
    options.file = "/nonexistent/tasks.ndjson";
    const Result result = run_command([&] { return task_import(options, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::bad_input);
    EXPECT_NE(result.error.find("/nonexistent/tasks.ndjson: No such file"), std::string::npos);
}

TEST(EventListTest, AsksForTypesAndTime)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"events":[{"position":3,"id":"evt_1","event":{"type":"task.running","timestamp":"2026-01-01T00:00:00.000Z",)"
            R"("data":{"provider":"quick","id":"17","sequence":1,"status":"running","progress":45}}}],"nextCursor":null})"
        );
    });
    EventListOptions options;
    options.since = base::from_unix_ms(0);
    options.types = {"task.running", "task.failed"};
    const Result result = run_command([&] { return event_list(options, daemon.client()); });
    EXPECT_NE(
        result.out.find("3         2026-01-01T00:00:00Z  task.running  quick     17"), std::string::npos
    );
    daemon.stop();
    EXPECT_EQ(
        daemon.requests().at(0).target,
        "/v1/events?limit=50&order=desc&since=1970-01-01T00%3A00%3A00.000Z&type=task.running&type=task.failed"
    );
}

TEST(EventTailTest, SaysToTryLaterWhenTooManyFollow)
{
    FakeDaemon daemon([](const auto&) { return http::problem(503, "32 streams of events are open"); });
    const Result result = run_command([&] { return event_tail({}, daemon.client()); });
    EXPECT_EQ(result.code, exit_code::try_later);
    EXPECT_NE(result.error.find("32 streams of events are open"), std::string::npos) << result.error;
}

TEST(EventListTest, ShowsTheSubjectOfOwnEvents)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"events":[{"position":4,"id":"evt_2","event":{"type":"sink.paused","timestamp":"2026-01-01T00:00:00.000Z",)"
            R"("data":{"subject":"sink/ops","sequence":1}}}],"nextCursor":null})"
        );
    });
    const Result result = run_command([&] { return event_list({}, daemon.client()); });
    EXPECT_NE(result.out.find("sink.paused  -         sink/ops  1    -"), std::string::npos) << result.out;
}

TEST(DeliveryShowTest, ShowsTheAttempts)
{
    FakeDaemon daemon([](const auto&) {
        return json_answer(
            R"({"id":"12-0-3","sink":"task","origin":"https://a.example","url":"https://a.example/x","provider":"quick",)"
            R"("task":"17","sequence":3,"eventId":"evt_1","type":"task.failed","state":"dead","attempts":2,)"
            R"("nextAttemptAt":null,"createdAt":"2026-01-01T00:00:00.000Z","endedAt":null,"reason":"HTTP 410 Gone",)"
            R"("attemptLog":[{"at":"2026-01-01T00:00:00.000Z","status":null,"errorClass":"timeout","decision":"retry in 5s",)"
            R"("peer":null,"timing":{"lookUpMs":0,"connectMs":3,"tlsMs":9,"totalMs":15000}},{"at":"2026-01-01T00:00:05.000Z","status":410,"errorClass":"http",)"
            R"("decision":"dead: HTTP 410 Gone","peer":"203.0.113.7:443","responseHead":"go \u001b away","timing":{"totalMs":12}}]})"
        );
    });
    DeliveryShowOptions options;
    options.id = "12-0-3";
    const Result result = run_command([&] { return delivery_show(options, daemon.client()); });
    EXPECT_NE(result.out.find("12-0-3  dead\n"), std::string::npos);
    EXPECT_NE(result.out.find("https://a.example/x"), std::string::npos);
    EXPECT_NE(result.out.find("timeout   15000 ms  connect 3, TLS 9 ms  -"), std::string::npos) << result.out;
    EXPECT_NE(
        result.out.find("HTTP 410  12 ms     -                    203.0.113.7:443  dead: HTTP 410 Gone"),
        std::string::npos
    ) << result.out;
    EXPECT_NE(result.out.find("the last answer: go \\x1b away\n"), std::string::npos) << result.out;
}

TEST(StatusTest, TellsHowThingsAre)
{
    FakeDaemon daemon([](const http::ServerRequest& request) {
        if (request.path == "/v1/providers")
            return json_answer(
                R"({"providers":[{"name":"quick","state":"failing","tasks":2,"lastError":"HTTP 503","lastSuccessAt":null}]})"
            );
        return json_answer(
            R"({"tasks":{"quick":{"queued":1,"running":1,"lost":4}},"deliveries":{"pending":12,"dead":0},"oldestPendingDelivery":null,)"
            R"("events":3,"storeBytes":2097152,"version":"0.1.0","uptimeSeconds":90061,"providers":{"quick":"failing"},)"
            R"("delivery":{"openBreakers":2},"sinks":{"ops":"paused","log":"ok"}})"
        );
    });
    const Result result = run_command([&] { return status(daemon.client()); });
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.out.find("pollhook 0.1.0 at http://127.0.0.1:"), std::string::npos);
    EXPECT_NE(result.out.find(", up 1d 1h\n"), std::string::npos);
    EXPECT_NE(result.out.find("failing"), std::string::npos);
    EXPECT_NE(
        result.out.find("WATCHED  QUEUED  RUNNING  SUCCEEDED  FAILED  LOST  LAST ANSWER"), std::string::npos
    ) << result.out;
    EXPECT_NE(result.out.find("deliveries  12 pending\n"), std::string::npos);
    EXPECT_NE(result.out.find("2.0 MiB with 3 events"), std::string::npos);
    EXPECT_NE(result.out.find("sinks       1 ok, ops paused\n"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("breakers    2 open"), std::string::npos) << result.out;
}

TEST(ClientCommandTest, RefusesAnAddressThatIsNone)
{
    ClientOptions client;
    client.admin = "https://example.com";
    const Result result = run_command([&] { return status(client); });
    EXPECT_EQ(result.code, exit_code::usage);
    EXPECT_NE(result.error.find("plain http"), std::string::npos);
}

}  // namespace
}  // namespace pollhook::cli
