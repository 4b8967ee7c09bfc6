#include "pollhook/http/server.hpp"

#include "pollhook/base/system_clock.hpp"
#include "pollhook/http/form.hpp"
#include "support/manual_clock.hpp"
#include "support/raw_client.hpp"
#include "unit/http/running_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using test::RawClient;
using test::RawUnixClient;

constexpr std::string_view plain_get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Answers by path, so that each test can ask for the behaviour it is about.
asio::awaitable<ServerResponse> respond(const ServerRequest& request)
{
    ServerResponse response;
    if (request.path == "/throw")
        throw std::runtime_error("broken");
    if (request.path == "/empty")
        response.status = 204;
    else if (request.path == "/reset")
        response.disruption = Disruption::reset;
    else if (request.path == "/hang")
        response.disruption = Disruption::hang;
    else if (request.path == "/midway")
        response.disruption = Disruption::close_midway;
    else if (request.path == "/close")
        response.close = true;
    else if (request.path == "/split")
        response.fields.emplace_back("X-Bad", "a\r\nX-Injected: b");

    boost::json::object seen;
    seen["method"] = request.method;
    seen["path"] = request.path;
    seen["body"] = request.body;
    seen["peer"] = request.peer;
    seen["accept"] = request.field("accept");
    if (const auto q = request.parameter("q"))
        seen["q"] = *q;
    response.body = boost::json::serialize(seen);
    co_return response;
}

boost::json::object document(const RawClient::Answer& answer)
{
    return boost::json::parse(answer.body).as_object();
}

TEST(FormTest, DecodesStrictly)
{
    EXPECT_EQ(percent_decode("a%2Fb%C3%A9"), "a/b\xc3\xa9");
    EXPECT_EQ(percent_decode("%41"), "A");
    for (const std::string_view bad : {"%", "%4", "a%4", "%zz", "%00", "%-1"})
        EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(FormTest, ReadsFieldsInTheirOrder)
{
    const auto fields = parse_form("model=midjourney&taskId=3432&&text=a+b%26c&flag&=x");
    ASSERT_TRUE(fields);
    const FormFields expected = {
        {"model", "midjourney"}, {"taskId", "3432"}, {"text", "a b&c"}, {"flag", ""}, {"", "x"}
    };
    EXPECT_EQ(*fields, expected);
    EXPECT_FALSE(parse_form("a=%g1"));
}

TEST(ServerTest, AnswersWithWhatItSaw)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    const auto answer = client.ask("POST", "/a%20b?q=c+d%21", "Accept: x/y\r\n", "hello");

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_TRUE(answer.fields.contains("Date"));
    const auto seen = document(answer);
    EXPECT_EQ(seen.at("method"), "POST");
    EXPECT_EQ(seen.at("path"), "/a b");
    EXPECT_EQ(seen.at("q"), "c d!");
    EXPECT_EQ(seen.at("body"), "hello");
    EXPECT_EQ(seen.at("accept"), "x/y");
    EXPECT_TRUE(seen.at("peer").as_string().starts_with("127.0.0.1:"));
}

TEST(ServerTest, KeepsTheConnectionForTheNextRequest)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.ask(plain_get);
        EXPECT_EQ(answer.status, 200);
        EXPECT_FALSE(answer.fields.contains("Connection"));
    }
}

TEST(ServerTest, AnswersPipelinedRequestsInTheirOrder)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    client.send(
        "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxy\r\n"
        "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n"
    );
    EXPECT_EQ(document(client.receive()).at("path"), "/1");
    EXPECT_EQ(document(client.receive()).at("body"), "xy");
    EXPECT_EQ(document(client.receive()).at("path"), "/3");
}

TEST(ServerTest, ReadsAChunkedBody)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    const auto answer = client.ask(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    );
    EXPECT_EQ(document(answer).at("body"), "abcde");
    EXPECT_EQ(client.ask(plain_get).status, 200);
}

TEST(ServerTest, AnswersHeadWithoutABody)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto head = client.receive_head();
    EXPECT_EQ(head.status, 200);
    EXPECT_NE(head.fields.at("Content-Length"), "0");
    EXPECT_EQ(document(client.ask(plain_get)).at("method"), "GET");
}

TEST(ServerTest, SendsNoBodyWith204)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    const auto answer = client.ask("GET", "/empty");
    EXPECT_EQ(answer.status, 204);
    EXPECT_FALSE(answer.fields.contains("Content-Length"));
    EXPECT_EQ(client.ask(plain_get).status, 200);
}

TEST(ServerTest, TellsAClientThatExpectsItToGoOn)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive_head().status, 100);
    client.send("hello");
    EXPECT_EQ(document(client.receive()).at("body"), "hello");
}

TEST(ServerTest, ClosesWhenAskedTo)
{
    const Running server(loopback(), &respond);
    RawClient by_client(server.endpoint());
    const auto answer = by_client.ask("GET", "/", "Connection: close\r\n");
    EXPECT_EQ(answer.fields.at("Connection"), "close");
    EXPECT_EQ(by_client.end(), asio::error::eof);

    RawClient by_application(server.endpoint());
    EXPECT_EQ(by_application.ask("GET", "/close").fields.at("Connection"), "close");
    EXPECT_EQ(by_application.end(), asio::error::eof);

    RawClient old(server.endpoint());
    EXPECT_EQ(old.ask("GET / HTTP/1.0\r\n\r\n").status, 200);
    EXPECT_EQ(old.end(), asio::error::eof);
}

struct BadRequest {
    std::string name;
    std::string bytes;
    int status;
};

class ServerRefusalTest : public testing::TestWithParam<BadRequest> {};

TEST_P(ServerRefusalTest, AnswersAProblemAndCloses)
{
    ServerOptions options = loopback();
    options.head_limit = 1024;
    options.body_limit = 1000;
    const Running server(std::move(options), &respond);
    RawClient client(server.endpoint());
    const auto answer = client.ask(GetParam().bytes);
    EXPECT_EQ(answer.status, GetParam().status);
    EXPECT_EQ(answer.content_type, "application/problem+json");
    EXPECT_EQ(document(answer).at("status"), GetParam().status);
    EXPECT_EQ(answer.fields.at("Connection"), "close");
    EXPECT_EQ(client.end(), asio::error::eof);

    RawClient next(server.endpoint());
    EXPECT_EQ(next.ask(plain_get).status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    Requests,
    ServerRefusalTest,
    testing::Values(
        BadRequest{"Noise", "\x16\x03\x01 hello\r\n\r\n", 400},
        BadRequest{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        BadRequest{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        BadRequest{"BadEscape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        BadRequest{"BadQueryEscape", "GET /?a=%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        BadRequest{"NulInPath", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        BadRequest{"ForeignTarget", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        BadRequest{
            "LengthAndChunks",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400
        },
        BadRequest{"BadLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
        BadRequest{"Version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        BadRequest{"LongHead", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", 431},
        BadRequest{"LongTarget", "GET /" + std::string(70'000, 'x'), 431},
        BadRequest{
            "LongBody",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'),
            413
        },
        BadRequest{
            "LongChunks",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
                std::string(2000, 'x'),
            413
        },
        BadRequest{
            "EndlessChunkExtension",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(200'000, 'x'),
            431
        },
        BadRequest{
            "Expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 1\r\n\r\n", 417
        }
    ),
    [](const auto& one) { return one.param.name; }
);

TEST(ServerTest, TurnsAnExceptionInto500AndGoesOn)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    const auto answer = client.ask("GET", "/throw");
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.content_type, "application/problem+json");
    EXPECT_EQ(answer.body.find("broken"), std::string::npos);
    EXPECT_EQ(client.ask(plain_get).status, 200);
}

TEST(ServerTest, NeverSendsAFieldWithALineBreak)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    const auto answer = client.ask("GET", "/split");
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.fields.contains("X-Injected"));
    EXPECT_FALSE(answer.fields.contains("X-Bad"));
}

TEST(ServerTest, ResetsOnPurpose)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    EXPECT_EQ(client.ask("GET", "/reset").error, asio::error::connection_reset);
}

TEST(ServerTest, ClosesMidwayOnPurpose)
{
    const Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    const auto answer = client.ask("GET", "/midway");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.error);
    EXPECT_FALSE(answer.body.empty());
    EXPECT_LT(answer.body.size(), std::stoul(answer.fields.at("Content-Length")));
}

TEST(ServerTest, HangsOnPurposeUntilItStops)
{
    Running server(loopback(), &respond);
    RawClient client(server.endpoint());
    client.send("GET /hang HTTP/1.1\r\nHost: h\r\n\r\n");
    RawClient other(server.endpoint());
    EXPECT_EQ(other.ask(plain_get).status, 200);
    server.stop(std::chrono::hours(1));
    EXPECT_TRUE(client.end());
}

TEST(ServerTest, DropsAnIdleConnectionForANewOneWhenFull)
{
    ServerOptions options = loopback();
    options.max_connections = 2;
    const Running server(std::move(options), &respond);
    RawClient first(server.endpoint());
    EXPECT_EQ(first.ask(plain_get).status, 200);
    RawClient second(server.endpoint());
    EXPECT_EQ(second.ask(plain_get).status, 200);
    RawClient third(server.endpoint());
    EXPECT_EQ(third.ask(plain_get).status, 200);
    EXPECT_EQ(first.end(), asio::error::eof);
    EXPECT_EQ(second.ask(plain_get).status, 200);
}

/// Waits for an hour, or until `timer` is woken; the parameters belong to the test and outlive the server.
asio::awaitable<ServerResponse> answer_when_woken(
    base::Clock& clock, std::unique_ptr<base::Timer>& timer, std::promise<void>& asked
)
{
    timer = clock.make_timer();
    asked.set_value();
    co_await timer->wait_until(clock.steady_now() + std::chrono::hours(1));
    co_return ServerResponse();
}

/// Never answers in time; ends only by cancellation.
asio::awaitable<ServerResponse> answer_late(base::Clock& clock, std::promise<void>* asked)
{
    if (asked)
        asked->set_value();
    co_await clock.sleep_for(std::chrono::hours(1));
    co_await clock.sleep_for(std::chrono::hours(1));
    co_return ServerResponse();
}

TEST(ServerTest, StopLetsAnAnswerFinish)
{
    std::promise<void> asked;
    std::unique_ptr<base::Timer> timer;
    base::Clock* clock = nullptr;
    Running server(loopback(), [&](const ServerRequest&) { return answer_when_woken(*clock, timer, asked); });
    clock = &server.clock();
    RawClient client(server.endpoint());
    client.send(plain_get);
    asked.get_future().get();
    std::thread stopper([&] { server.stop(std::chrono::minutes(1)); });
    asio::post(server.loop(), [&] { timer->wake(); });
    const auto answer = client.receive();
    stopper.join();
    timer.reset();
    EXPECT_EQ(answer.status, 200);
}

TEST(ServerTest, StopEndsAnAnswerAfterTheGrace)
{
    std::promise<void> asked;
    base::Clock* clock = nullptr;
    Running server(loopback(), [&](const ServerRequest&) { return answer_late(*clock, &asked); });
    clock = &server.clock();
    RawClient client(server.endpoint());
    client.send(plain_get);
    asked.get_future().get();
    server.stop(std::chrono::milliseconds(1));
    EXPECT_TRUE(client.receive().error);
}

TEST(ServerTest, RefusesAnAddressItCannotUse)
{
    asio::io_context loop;
    base::SystemClock clock(loop);
    for (const std::string address :
         {"127.0.0.1",
          "127.0.0.1:70000",
          "example.com:80",
          "::1:80",
          "unix:relative",
          "unix:/no/such/dir/x",
          ""}) {
        ServerOptions options;
        options.listen = {address};
        Server server(loop, clock, options, &respond);
        try {
            server.open();
            ADD_FAILURE() << address;
        } catch (const std::system_error& e) {
            EXPECT_NE(std::string(e.what()).find("cannot listen on " + address), std::string::npos)
                << e.what();
        }
    }
}

class UnixServerTest : public testing::Test {
protected:
    UnixServerTest()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "pollhook-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        path_ = (directory_ / "admin.sock").string();
        options_.listen = {"unix:" + path_};
    }
    ~UnixServerTest() override { std::filesystem::remove_all(directory_); }

    std::filesystem::path directory_;
    std::string path_;
    ServerOptions options_;
};

TEST_F(UnixServerTest, ServesAndRemovesItsSocket)
{
    {
        const Running server(options_, &respond);
        struct stat status{};
        ASSERT_EQ(::stat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0660U);
        RawUnixClient client(asio::local::stream_protocol::endpoint{path_});
        const auto answer = client.ask(plain_get);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(boost::json::parse(answer.body).at("peer"), "unix");
    }
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixServerTest, ReplacesAStaleSocketButNotALiveOne)
{
    {
        asio::io_context loop;
        const asio::local::stream_protocol::acceptor dead(
            loop, asio::local::stream_protocol::endpoint(path_)
        );
    }
    ASSERT_TRUE(std::filesystem::exists(path_));
    const Running server(options_, &respond);

    asio::io_context loop;
    base::SystemClock clock(loop);
    Server second(loop, clock, options_, &respond);
    EXPECT_THROW(second.open(), std::system_error);
    RawUnixClient client(asio::local::stream_protocol::endpoint{path_});
    EXPECT_EQ(client.ask(plain_get).status, 200);
}

/// Server and client share the thread; time is moved by hand.
class ServerDeadlineTest : public testing::Test {
protected:
    ~ServerDeadlineTest() override
    {
        asio::co_spawn(loop_, server_.stop(base::Duration(0)), asio::use_future);
        clock_.drain();
    }

    void start()
    {
        server_.open();
        done_ = asio::co_spawn(loop_, server_.run(), asio::use_future);
        clock_.drain();
    }

    asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    Server::Respond answer_ = &respond;
    Server server_{loop_, clock_, loopback(), [this](const ServerRequest& request) {
                       return answer_(request);
                   }};
    std::future<void> done_;
};

TEST_F(ServerDeadlineTest, ClosesAnIdleConnection)
{
    start();
    RawClient client(server_.endpoints().at(0));
    clock_.advance(std::chrono::seconds(59));
    client.send(plain_get);
    clock_.drain();
    EXPECT_EQ(client.receive().status, 200);
    clock_.advance(std::chrono::seconds(61));
    EXPECT_EQ(client.end(), asio::error::eof);
}

TEST_F(ServerDeadlineTest, Answers408ToASlowRequest)
{
    start();
    RawClient client(server_.endpoints().at(0));
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 31; ++i) {
        client.send("x");
        clock_.advance(std::chrono::seconds(1));
    }
    const auto answer = client.receive();
    EXPECT_EQ(answer.status, 408);
    EXPECT_EQ(answer.content_type, "application/problem+json");
    clock_.advance(std::chrono::seconds(3));
    EXPECT_TRUE(client.end());
}

TEST_F(ServerDeadlineTest, Answers503WhenTheApplicationIsTooSlow)
{
    answer_ = [this](const ServerRequest&) { return answer_late(clock_, nullptr); };
    start();
    RawClient client(server_.endpoints().at(0));
    client.send(plain_get);
    clock_.advance(std::chrono::seconds(31));
    EXPECT_EQ(client.receive().status, 503);
    answer_ = &respond;
    client.send(plain_get);
    clock_.drain();
    EXPECT_EQ(client.receive().status, 200);
}

TEST_F(ServerDeadlineTest, PausesWhenDescriptorsRunOut)
{
    start();
    RawClient client(server_.endpoints().at(0));
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 3;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    clock_.drain();  // would never run dry if it did not pause
    clock_.advance(std::chrono::seconds(1));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);

    client.send(plain_get);
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(client.receive().status, 200);
}

}  // namespace
}  // namespace pollhook::http
