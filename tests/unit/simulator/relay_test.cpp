#include "pollhook/simulator/relay.hpp"

#include "server_thread.hpp"
#include "support/manual_clock.hpp"
#include "support/raw_client.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::simulator {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using test::RawClient;
using RelayThread = test::ServerThread<Relay, RelayOptions>;

constexpr std::string_view json_fields = "Authorization: Bearer key\r\nContent-Type: application/json\r\n";
constexpr std::string_view form_fields =
    "Authorization: Bearer key\r\nContent-Type: application/x-www-form-urlencoded\r\n";

json::value fixture(std::string_view name)
{
    std::ifstream file(std::string(POLLHOOK_FIXTURES "/").append(name));
    std::ostringstream text;
    text << file.rdbuf();
    return json::parse(text.str());
}

std::set<std::string> keys(const json::value& object)
{
    std::set<std::string> names;
    for (const auto& [key, value] : object.as_object())
        names.emplace(key);
    return names;
}

RelayOptions with_key()
{
    RelayOptions options;
    options.api_key = "key";
    options.leak_internals = false;
    return options;
}

RelayOptions with_tasks(std::string_view script)
{
    RelayOptions options = with_key();
    for (const std::string id : {"1730621826053455", "20", "1743326750223591"})
        options.tasks.emplace_back(id, parse_life(script).value());
    return options;
}

/// One client's view of the relay's endpoints.
class Asker {
public:
    explicit Asker(const asio::ip::tcp::endpoint& endpoint) : client_(endpoint) {}

    RawClient::Answer list(std::string_view body, std::string_view fields = json_fields)
    {
        return client_.ask("POST", "/mj/task/list-by-condition", fields, body);
    }
    json::array listed(std::string_view body) { return json::parse(list(body).body).as_array(); }

    RawClient::Answer fetch(std::string_view id)
    {
        return client_.ask("GET", std::string("/mj/task/").append(id).append("/fetch"), json_fields);
    }
    json::object query(std::string_view body)
    {
        return json::parse(client_.ask("POST", "/api/v1/ai/draw/mj/query", form_fields, body).body)
            .as_object();
    }
    json::object page(std::string_view parameters)
    {
        const std::string target = std::string("/api/v1/ai/draw/mj/query-mj-tasks").append(parameters);
        return json::parse(client_.ask("POST", target, form_fields, "model=midjourney").body).as_object();
    }
    RawClient& client() { return client_; }

private:
    RawClient client_;
};

TEST(RelayTest, ListsAFinishedTaskInTheShapeOfTheDocumentedExample)
{
    RelayThread relay(with_tasks("0s SUCCESS 100%"));
    Asker asker(relay.endpoint());
    const json::array items = asker.listed(R"({"ids":["1730621826053455"]})");
    ASSERT_EQ(items.size(), 1U);
    const json::value example = fixture("quickrouter_task.json");
    EXPECT_EQ(keys(items[0]), keys(example));
    for (const auto& [key, value] : example.as_object())
        EXPECT_EQ(items[0].at(key).kind(), value.kind()) << key;
    EXPECT_EQ(items[0].at("id"), "1730621826053455");
    EXPECT_EQ(items[0].at("status"), "SUCCESS");
    EXPECT_EQ(keys(items[0].at("buttons").at(0)), keys(example.at("buttons").at(0)));
    EXPECT_EQ(items[0].at("buttons").as_array().size(), example.at("buttons").as_array().size());
}

TEST(RelayTest, AnswersTheDocumentedExamplesThemselves)
{
    RelayThread relay(with_key());
    const json::value example = fixture("quickrouter_task.json");
    relay.on_loop([&](Relay& r) { r.fix_task("1730621826053455", example); });
    Asker asker(relay.endpoint());
    EXPECT_EQ(asker.listed(R"({"ids":["1730621826053455"]})").at(0), example);
    EXPECT_EQ(json::parse(asker.fetch("1730621826053455").body), example);

    const json::value task = fixture("ohmygpt_task.json");
    relay.on_loop([&](Relay& r) { r.fix_task("20", task.at("data")); });
    EXPECT_EQ(json::value(asker.query("model=midjourney&taskId=20")), task);
}

TEST(RelayTest, LeavesOutUnknownIdsAndShufflesTheRest)
{
    RelayOptions options = with_key();
    std::string asked = R"({"ids":["404")";
    for (int i = 100; i < 130; ++i) {
        options.tasks.emplace_back(std::to_string(i), parse_life("0s IN_PROGRESS 50%").value());
        asked.append(",\"").append(std::to_string(i)).append("\"");
    }
    RelayThread relay(std::move(options));
    Asker asker(relay.endpoint());
    const json::array items = asker.listed(asked + "]}");
    EXPECT_EQ(items.size(), 30U);
    std::vector<std::string> order;
    for (const json::value& item : items)
        order.emplace_back(item.at("id").as_string());
    EXPECT_FALSE(std::ranges::is_sorted(order));
    const auto counters = relay.on_loop([](Relay& r) { return r.counters(); });
    EXPECT_EQ(counters.list, 1U);
    EXPECT_EQ(counters.ids, 31U);
    EXPECT_EQ(counters.largest_batch, 31U);
}

TEST(RelayTest, RefusesMalformedLists)
{
    RelayThread relay(with_tasks("0s SUBMITTED"));
    Asker asker(relay.endpoint());
    for (const std::string_view body : {"{", "[]", "{}", R"({"ids":"20"})", R"({"ids":[20]})"})
        EXPECT_EQ(asker.list(body).status, 400) << body;
    EXPECT_EQ(asker.list(R"({"ids":["20"]})", "Authorization: Bearer key\r\n").status, 400);
    EXPECT_EQ(asker.client().ask("GET", "/mj/task/list-by-condition", json_fields).status, 404);
}

TEST(RelayTest, FetchesOneTaskAndSaysWhenThereIsNone)
{
    RelayThread relay(with_tasks("0s IN_PROGRESS 42%"));
    Asker asker(relay.endpoint());
    EXPECT_EQ(json::parse(asker.fetch("20").body).at("progress"), "42%");
    const auto unknown = asker.fetch("999");
    EXPECT_EQ(unknown.status, 400);
    EXPECT_EQ(
        json::parse(unknown.body),
        json::parse(R"({"code":4,"description":"task_no_found ","type":"upstream_error"})")
    );

    for (const auto& [kind, status] :
         {std::pair(UnknownTask::empty_200, 200), std::pair(UnknownTask::no_content_204, 204)}) {
        RelayOptions options = with_key();
        options.unknown_task = kind;
        RelayThread other(std::move(options));
        const auto answer = Asker(other.endpoint()).fetch("999");
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.body, "");
    }
}

TEST(RelayTest, QueriesOneTaskInTheShapeOfTheDocumentedExample)
{
    RelayThread relay(with_tasks("0s SUCCESS 100%"));
    Asker asker(relay.endpoint());
    const json::object answer = asker.query("model=midjourney&taskId=20");
    const json::value example = fixture("ohmygpt_task.json");
    EXPECT_EQ(keys(answer), keys(example));
    EXPECT_EQ(keys(answer.at("data")), keys(example.at("data")));
    EXPECT_EQ(answer.at("statusCode"), 200);
    EXPECT_EQ(answer.at("data").at("taskId"), 20);
    EXPECT_TRUE(answer.at("data").at("imageS3Url").is_null());
    EXPECT_EQ(keys(answer.at("data").at("actions").at(0)), keys(example.at("data").at("actions").at(0)));
}

TEST(RelayTest, SaysInTheBodyWhatIsWrongWithAQuery)
{
    RelayThread relay(with_tasks("0s SUBMITTED"));
    Asker asker(relay.endpoint());
    EXPECT_EQ(asker.query("model=midjourney&taskId=404").at("statusCode"), 404);
    EXPECT_TRUE(asker.query("model=midjourney&taskId=404").at("data").is_null());
    EXPECT_EQ(asker.query("taskId=20").at("statusCode"), 400);
    EXPECT_EQ(asker.query("model=midjourney&taskId=%zz").at("statusCode"), 400);
}

TEST(RelayTest, PagesNewestFirst)
{
    RelayOptions options = with_key();
    for (int i = 1; i <= 12; ++i)
        options.tasks.emplace_back(std::to_string(i), parse_life("0s SUBMITTED 0%").value());
    RelayThread relay(std::move(options));
    Asker asker(relay.endpoint());

    const json::object first = asker.page("?page=1&pageSize=5");
    EXPECT_EQ(first.at("data").at("total"), 12);
    EXPECT_EQ(first.at("data").at("tasks").as_array().size(), 5U);
    EXPECT_EQ(first.at("data").at("tasks").at(0).at("taskId"), 12);
    const json::object last = asker.page("?page=3&pageSize=5");
    EXPECT_EQ(last.at("data").at("tasks").as_array().size(), 2U);
    EXPECT_EQ(last.at("data").at("tasks").at(1).at("taskId"), 1);
    EXPECT_TRUE(asker.page("?page=4&pageSize=5").at("data").at("tasks").as_array().empty());

    for (const std::string_view bad : {"?page=0", "?pageSize=4", "?pageSize=21", "?page=x"})
        EXPECT_EQ(asker.page(bad).at("statusCode"), 400) << bad;
}

TEST(RelayTest, ShowsPagesInTheShapesOfTheDocumentation)
{
    RelayOptions array = with_tasks("0s SUCCESS 100%");
    array.page_shape = PageShape::bare_array;
    RelayThread with_array(std::move(array));
    EXPECT_EQ(Asker(with_array.endpoint()).page("").at("data").as_array().size(), 3U);

    RelayOptions single = with_tasks("0s SUCCESS 100%");
    single.page_shape = PageShape::first_task_only;
    RelayThread with_single(std::move(single));
    const json::value example = fixture("ohmygpt_page.json");
    EXPECT_EQ(keys(Asker(with_single.endpoint()).page("").at("data")), keys(example.at("data")));
}

struct AuthCase {
    RelayAuth auth;
    std::string_view fields;
    int status;
};

TEST(RelayTest, WantsItsKeyInExactlyOneHeader)
{
    const std::vector<AuthCase> cases{
        {RelayAuth::bearer, "Authorization: Bearer key\r\n", 200},
        {RelayAuth::bearer, "Authorization: key\r\n", 401},
        {RelayAuth::bearer, "Authorization: Bearer wrong\r\n", 401},
        {RelayAuth::bearer, "", 401},
        {RelayAuth::bearer, "Authorization: Bearer key\r\nmj-api-secret: key\r\n", 401},
        {RelayAuth::raw, "Authorization: key\r\n", 200},
        {RelayAuth::raw, "Authorization: Bearer key\r\n", 401},
        {RelayAuth::mj_api_secret, "mj-api-secret: key\r\n", 200},
        {RelayAuth::mj_api_secret, "Authorization: Bearer key\r\n", 401},
    };
    for (const AuthCase& one : cases) {
        RelayOptions options = with_tasks("0s SUBMITTED");
        options.auth = one.auth;
        RelayThread relay(std::move(options));
        Asker asker(relay.endpoint());
        const std::string fields = std::string(one.fields) + "Content-Type: application/json\r\n";
        EXPECT_EQ(asker.list(R"({"ids":["20"]})", fields).status, one.status) << one.fields;
    }
    EXPECT_EQ(parse_relay_auth("mj-api-secret"), RelayAuth::mj_api_secret);
    EXPECT_FALSE(parse_relay_auth("basic"));
}

TEST(RelayTest, OhMyGptAlwaysTakesABearer)
{
    RelayOptions options = with_tasks("0s SUBMITTED");
    options.auth = RelayAuth::raw;
    RelayThread relay(std::move(options));
    EXPECT_EQ(Asker(relay.endpoint()).query("model=midjourney&taskId=20").at("statusCode"), 200);
    RawClient stranger(relay.endpoint());
    const auto answer = stranger.ask("POST", "/api/v1/ai/draw/mj/query", "", "model=midjourney&taskId=20");
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(json::parse(answer.body).at("statusCode"), 401);
}

TEST(RelayTest, RefusesLargeBatchesAndPoisonedOnes)
{
    RelayOptions options = with_tasks("0s SUBMITTED");
    options.batch_limit = 2;
    RelayThread relay(std::move(options));
    relay.on_loop([](Relay& r) { r.poison("666"); });
    Asker asker(relay.endpoint());
    EXPECT_EQ(asker.list(R"({"ids":["1","2","3"]})").status, 413);
    EXPECT_EQ(asker.list(R"({"ids":["20","666"]})").status, 500);
    EXPECT_EQ(asker.list(R"({"ids":["20","1743326750223591"]})").status, 200);
}

TEST(RelayTest, TakesANewTask)
{
    RelayOptions options = with_key();
    std::string created;
    options.on_created = [&created](std::string_view id) { created = id; };
    RelayThread relay(std::move(options));
    Asker asker(relay.endpoint());
    const auto answer = asker.client().ask(
        "POST",
        "/mj/submit/imagine",
        json_fields,
        R"({"prompt":"pig","state":"A-17","notifyHook":"https://h.example/x"})"
    );
    const json::value result = json::parse(answer.body);
    EXPECT_EQ(result.at("code"), 1);
    const std::string id(result.at("result").as_string());
    EXPECT_EQ(id.size(), 16U);
    EXPECT_EQ(relay.on_loop([&](Relay&) { return created; }), id);
    const json::value task = asker.listed(R"({"ids":[")" + id + R"("]})").at(0);
    EXPECT_EQ(task.at("prompt"), "pig");
    EXPECT_EQ(task.at("state"), "A-17");
    EXPECT_EQ(asker.client().ask("POST", "/mj/submit/imagine", json_fields, "{}").status, 400);
}

TEST(RelayTest, APreviewHasAnotherAddressAtEveryLookAndTheResultDoesNot)
{
    RelayThread relay(with_tasks("0s IN_PROGRESS 50%"));
    Asker asker(relay.endpoint());
    const auto image = [&] { return asker.listed(R"({"ids":["20"]})").at(0).at("imageUrl"); };
    const json::value preview = image();
    EXPECT_NE(preview.as_string().find("rand="), json::string::npos);
    EXPECT_NE(preview, image());
    relay.on_loop([](Relay& r) { r.add_task("20", parse_life("0s SUCCESS 100%").value()); });
    const json::value result = image();
    EXPECT_NE(result.as_string().find("hm="), json::string::npos);
    EXPECT_EQ(result, image());
}

TEST(RelayTest, LeaksInternalsOnlyWhenTold)
{
    RelayOptions options = with_tasks("0s SUBMITTED");
    options.leak_internals = true;
    RelayThread relay(std::move(options));
    const json::value task = Asker(relay.endpoint()).listed(R"({"ids":["20"]})").at(0);
    EXPECT_TRUE(task.as_object().contains("clientIp"));
    EXPECT_TRUE(task.at("properties").as_object().contains("notifyHook"));
}

TEST(RelayTest, ATestCanSetAndRemoveTasks)
{
    RelayThread relay(with_key());
    Asker asker(relay.endpoint());
    relay.on_loop([](Relay& r) {
        json::object fields;
        fields["status"] = "SOMETHING_NEW";
        fields["progress"] = nullptr;
        r.set_task("7", fields);
    });
    const json::value task = asker.listed(R"({"ids":["7"]})").at(0);
    EXPECT_EQ(task.at("status"), "SOMETHING_NEW");
    EXPECT_TRUE(task.at("progress").is_null());
    EXPECT_EQ(relay.on_loop([](Relay& r) { return r.status_of("7"); }), "SOMETHING_NEW");
    relay.on_loop([](Relay& r) { r.remove_task("7"); });
    EXPECT_TRUE(asker.listed(R"({"ids":["7"]})").empty());
    EXPECT_EQ(relay.on_loop([](Relay& r) { return r.last_request().path; }), "/mj/task/list-by-condition");
}

struct FaultCase {
    std::string spec;
    std::function<void(const RawClient::Answer&)> check;
};

class RelayFaultTest : public testing::TestWithParam<FaultCase> {};

TEST_P(RelayFaultTest, ShowsInTheAnswer)
{
    RelayOptions options = with_tasks("0s SUBMITTED 0%, 0s IN_PROGRESS 50%");
    options.faults = {GetParam().spec};
    RelayThread relay(std::move(options));
    GetParam().check(Asker(relay.endpoint()).list(R"({"ids":["20"]})"));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds,
    RelayFaultTest,
    testing::Values(
        FaultCase{
            "500",
            [](const RawClient::Answer& a) {
                EXPECT_EQ(a.status, 500);
                EXPECT_EQ(json::parse(a.body).at("success"), false);
            }
        },
        FaultCase{
            "429:1:7",
            [](const RawClient::Answer& a) {
                EXPECT_EQ(a.status, 429);
                EXPECT_EQ(a.fields.at("Retry-After"), "7");
                EXPECT_EQ(a.body, "");
            }
        },
        FaultCase{"429", [](const RawClient::Answer& a) { EXPECT_FALSE(a.fields.contains("Retry-After")); }},
        FaultCase{"401", [](const RawClient::Answer& a) { EXPECT_EQ(a.status, 401); }},
        FaultCase{"403", [](const RawClient::Answer& a) { EXPECT_EQ(a.content_type, "text/plain"); }},
        FaultCase{
            "html",
            [](const RawClient::Answer& a) {
                EXPECT_EQ(a.status, 200);
                EXPECT_TRUE(a.content_type.starts_with("text/html"));
            }
        },
        FaultCase{"empty", [](const RawClient::Answer& a) { EXPECT_EQ(a.body, "[]"); }},
        FaultCase{
            "badjson",
            [](const RawClient::Answer& a) {
                EXPECT_EQ(a.status, 200);
                EXPECT_FALSE(a.error);
                json::error_code ec;
                json::parse(a.body, ec);
                EXPECT_TRUE(ec);
            }
        },
        FaultCase{
            "success-false",
            [](const RawClient::Answer& a) {
                EXPECT_EQ(a.status, 200);
                EXPECT_EQ(json::parse(a.body).at("success"), false);
            }
        },
        FaultCase{
            "reset", [](const RawClient::Answer& a) { EXPECT_EQ(a.error, asio::error::connection_reset); }
        },
        FaultCase{
            "truncate",
            [](const RawClient::Answer& a) {
                EXPECT_EQ(a.status, 200);
                EXPECT_TRUE(a.error);
            }
        },
        FaultCase{
            "redirect",
            [](const RawClient::Answer& a) {
                EXPECT_EQ(a.status, 301);
                EXPECT_EQ(a.fields.at("Location"), "/");
            }
        },
        FaultCase{"big", [](const RawClient::Answer& a) { EXPECT_EQ(a.body.size(), 8U * 1024 * 1024); }},
        FaultCase{
            "duplicate",
            [](const RawClient::Answer& a) {
                const json::array items = json::parse(a.body).as_array();
                ASSERT_EQ(items.size(), 2U);
                EXPECT_EQ(items[0].at("id"), items[1].at("id"));
                EXPECT_NE(items[0].at("status"), items[1].at("status"));
            }
        },
        FaultCase{
            "foreign",
            [](const RawClient::Answer& a) { EXPECT_EQ(json::parse(a.body).as_array().size(), 2U); }
        },
        FaultCase{"omit", [](const RawClient::Answer& a) { EXPECT_EQ(a.body, "[]"); }},
        FaultCase{
            "backwards",
            [](const RawClient::Answer& a) { EXPECT_EQ(json::parse(a.body).at(0).at("status"), "SUBMITTED"); }
        },
        FaultCase{
            "baditem",
            [](const RawClient::Answer& a) {
                const json::array items = json::parse(a.body).as_array();
                ASSERT_EQ(items.size(), 2U);
                EXPECT_EQ(
                    std::ranges::count_if(items, [](const json::value& i) { return i.at("id").is_string(); }),
                    1
                );
            }
        }
    ),
    [](const auto& one) {
        std::string name = one.param.spec;
        std::ranges::replace_if(name, [](char c) { return c == ':' || c == '-'; }, '_');
        return name;
    }
);

TEST(RelayTest, RefusesOptionsThatCannotBe)
{
    asio::io_context loop;
    test::ManualClock clock(loop);
    RelayOptions still;
    still.speed = 0.0;
    EXPECT_THROW(Relay(loop, clock, still), std::invalid_argument);
    RelayOptions unknown;
    unknown.faults = {"gremlins"};
    EXPECT_THROW(Relay(loop, clock, unknown), std::invalid_argument);
}

/// Relay and client share a thread; time is moved by hand.
class RelayTimeTest : public testing::Test {
protected:
    void start(RelayOptions options)
    {
        relay_ = std::make_unique<Relay>(loop_, clock_, std::move(options));
        relay_->open();
        done_ = asio::co_spawn(loop_, relay_->run(), asio::use_future);
        clock_.drain();
    }
    ~RelayTimeTest() override
    {
        asio::co_spawn(loop_, relay_->stop(base::Duration(0)), asio::use_future);
        clock_.drain();
    }

    json::value look(std::string_view id)
    {
        RawClient client(relay_->endpoint());
        const std::string body = std::string(R"({"ids":[")").append(id).append(R"("]})");
        client.send(
            "POST /mj/task/list-by-condition HTTP/1.1\r\nHost: h\r\nContent-Type: "
            "application/json\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body
        );
        clock_.drain();
        return json::parse(client.receive().body).at(0);
    }

    asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    std::unique_ptr<Relay> relay_;
    std::future<void> done_;
};

TEST_F(RelayTimeTest, TasksLiveAsFastAsToldTo)
{
    RelayOptions options;
    options.speed = 10.0;
    options.tasks.emplace_back(
        "5", parse_life("0s NOT_START, 10s IN_PROGRESS 10%, 20s SUCCESS 100%").value()
    );
    start(std::move(options));
    const std::int64_t submitted = base::to_unix_ms(clock_.now());
    EXPECT_EQ(look("5").at("status"), "NOT_START");
    EXPECT_EQ(look("5").at("startTime"), 0);
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(look("5").at("status"), "IN_PROGRESS");
    EXPECT_EQ(look("5").at("finishTime"), 0);
    clock_.advance(std::chrono::seconds(2));
    const json::value done = look("5");
    EXPECT_EQ(done.at("status"), "SUCCESS");
    EXPECT_EQ(done.at("submitTime"), submitted);
    EXPECT_EQ(done.at("startTime"), submitted + 1000);
    EXPECT_EQ(done.at("finishTime"), submitted + 3000);
}

TEST_F(RelayTimeTest, TheMirroredImageComesALittleLater)
{
    RelayOptions options;
    options.tasks.emplace_back("5", parse_life("0s SUCCESS 100%").value());
    start(std::move(options));
    const auto mirrored = [&] {
        RawClient client(relay_->endpoint());
        client.send(
            "POST /api/v1/ai/draw/mj/query HTTP/1.1\r\nHost: h\r\nContent-Length: "
            "25\r\n\r\nmodel=midjourney&taskId=5"
        );
        clock_.drain();
        return json::parse(client.receive().body).at("data").at("imageS3Url");
    };
    EXPECT_TRUE(mirrored().is_null());
    clock_.advance(std::chrono::seconds(6));
    EXPECT_TRUE(mirrored().is_string());
}

TEST_F(RelayTimeTest, SubmitsTasksOfItsOwn)
{
    RelayOptions options;
    options.initial_tasks = 3;
    options.tasks_per_minute = 30.0;
    options.max_tasks = 20;
    std::size_t created = 0;
    options.on_created = [&created](std::string_view) { ++created; };
    start(std::move(options));
    EXPECT_EQ(created, 3U);
    clock_.advance(std::chrono::minutes(2));
    EXPECT_GT(created, 30U);
    EXPECT_LT(created, 100U);
    EXPECT_EQ(relay_->ids().size(), 20U);
    const auto ids = relay_->ids();
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
}

TEST_F(RelayTimeTest, AnswersLateWhenSlow)
{
    RelayOptions options;
    options.faults = {"slow:1:3s"};
    start(std::move(options));
    RawClient client(relay_->endpoint());
    client.send("GET /mj/task/1/fetch HTTP/1.1\r\nHost: h\r\n\r\n");
    clock_.advance(std::chrono::seconds(2));
    EXPECT_EQ(client.available(), 0U);
    clock_.advance(std::chrono::seconds(2));
    EXPECT_EQ(client.receive().status, 400);
}

}  // namespace
}  // namespace pollhook::simulator
