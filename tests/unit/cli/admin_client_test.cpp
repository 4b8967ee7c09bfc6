#include "admin_client.hpp"

#include "exit_code.hpp"
#include "fake_daemon.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

namespace pollhook::cli {
namespace {

using test::FakeDaemon;
using test::json_answer;

AdminClient client_of(const FakeDaemon& daemon, std::string token = {})
{
    return AdminClient(*parse_admin_address(daemon.client().admin), std::move(token));
}

TEST(AdminAddressTest, ReadsUrlsAndUnixSockets)
{
    const auto url = *parse_admin_address("http://[::1]:8780");
    EXPECT_EQ(url.host, "::1");
    EXPECT_EQ(url.port, "8780");
    EXPECT_EQ(url.host_field, "[::1]:8780");
    EXPECT_EQ(parse_admin_address("localhost:8780")->host, "localhost");
    EXPECT_EQ(parse_admin_address("unix:/run/pollhook/admin.sock")->unix_path, "/run/pollhook/admin.sock");
}

TEST(AdminAddressTest, RefusesWhatItCannotSpeakTo)
{
    for (const char* text :
         {"",
          "https://example.com",
          "http://example.com/api",
          "ftp://a",
          "unix:relative",
          "unix:",
          "http://:8780",
          "http://a:99999"})
        EXPECT_TRUE(parse_admin_address(text).has_error()) << text;
    EXPECT_TRUE(parse_admin_address("unix:/" + std::string(107, 'x')).has_error());
}

TEST(AdminClientTest, KeepsItsConnectionAndSendsTheToken)
{
    FakeDaemon daemon([](const auto&) { return json_answer(R"({"a":1})"); });
    AdminClient client = client_of(daemon, "sesame");
    EXPECT_EQ(client.get_object("/v1/status")->at("a").as_int64(), 1);
    EXPECT_EQ(client.post("/v1/tasks", "{}")->status, 200);
    daemon.stop();
    ASSERT_EQ(daemon.requests().size(), 2U);
    EXPECT_EQ(daemon.requests()[0].peer, daemon.requests()[1].peer);
    EXPECT_EQ(daemon.requests()[1].field("authorization"), "Bearer sesame");
    EXPECT_EQ(daemon.requests()[1].field("content-type"), "application/json");
    EXPECT_EQ(daemon.requests()[1].body, "{}");
}

TEST(AdminClientTest, ConnectsAnewWhenTheDaemonHasClosed)
{
    bool first = true;
    FakeDaemon daemon([&first](const auto&) {
        http::ServerResponse response = json_answer("{}");
        if (!std::exchange(first, false))
            return response;
        response.disruption = http::Disruption::none;
        response.close = true;
        return response;
    });
    AdminClient client = client_of(daemon);
    EXPECT_TRUE(client.get("/1").has_value());
    EXPECT_TRUE(client.get("/2").has_value());
    daemon.stop();
    ASSERT_EQ(daemon.requests().size(), 2U);
    EXPECT_NE(daemon.requests()[0].peer, daemon.requests()[1].peer);
}

TEST(AdminClientTest, AsksAgainOnceWhenAKeptConnectionBreaks)
{
    int asked = 0;
    FakeDaemon daemon([&asked](const auto&) {
        http::ServerResponse response = json_answer("{}");
        if (++asked == 2)
            response.disruption = http::Disruption::reset;
        return response;
    });
    AdminClient client = client_of(daemon);
    EXPECT_TRUE(client.get("/1").has_value());
    EXPECT_TRUE(client.get("/2").has_value());
    daemon.stop();
    EXPECT_EQ(daemon.requests().size(), 3U);
}

TEST(AdminClientTest, SaysWhichAddressWasTriedAndHowToChangeIt)
{
    boost::asio::io_context loop;
    const boost::asio::ip::tcp::acceptor closed_later(loop, {boost::asio::ip::address_v4::loopback(), 0});
    const std::string address = "http://127.0.0.1:" + std::to_string(closed_later.local_endpoint().port());
    const_cast<boost::asio::ip::tcp::acceptor&>(closed_later).close();

    AdminClient client(*parse_admin_address(address), {});
    const auto answer = client.get("/v1/status");
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().exit_code, exit_code::unreachable);
    EXPECT_NE(answer.error().message.find(address), std::string::npos);
    EXPECT_NE(answer.error().hint.find("--admin"), std::string::npos);
    EXPECT_NE(answer.error().hint.find("POLLHOOK_ADMIN"), std::string::npos);
}

TEST(AdminClientTest, CannotReachAMissingSocketOrAnUnknownHost)
{
    AdminClient by_path(*parse_admin_address("unix:/nonexistent/admin.sock"), {});
    EXPECT_EQ(by_path.get("/").error().exit_code, exit_code::unreachable);
    AdminClient by_name(*parse_admin_address("http://no-such-host.invalid:1"), {});
    EXPECT_EQ(by_name.get("/").error().exit_code, exit_code::unreachable);
}

TEST(AdminClientTest, GivesUpOnADaemonThatHangs)
{
    FakeDaemon daemon([](const auto&) {
        http::ServerResponse response;
        response.disruption = http::Disruption::hang;
        return response;
    });
    AdminClient client(*parse_admin_address(daemon.client().admin), {}, std::chrono::milliseconds(50));
    const auto answer = client.get("/");
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().exit_code, exit_code::unreachable);
    EXPECT_NE(answer.error().message.find("no answer within 50ms"), std::string::npos);
}

TEST(AdminClientTest, ShowsAProblemsDetail)
{
    FakeDaemon daemon([](const http::ServerRequest& request) {
        if (request.path == "/401")
            return http::problem(401, "a token, please");
        if (request.path == "/404")
            return http::problem(404, "no such \x1b task");
        if (request.path == "/html")
            return json_answer("<html>", 502);
        return http::problem(400, "");
    });
    AdminClient client = client_of(daemon);
    const auto refused = client.get("/401");
    EXPECT_EQ(refused.error().message, "a token, please");
    EXPECT_NE(refused.error().hint.find("POLLHOOK_ADMIN_TOKEN"), std::string::npos);
    const auto missing = client.get("/404");
    EXPECT_EQ(missing.error().message, R"(no such \x1b task)");
    EXPECT_EQ(missing.error().exit_code, exit_code::failed);
    EXPECT_EQ(client.get("/html").error().message, "the daemon answered with HTTP status 502");
    EXPECT_EQ(client.get("/400").error().message, "Bad Request");
    EXPECT_EQ(client.get("/400").error().exit_code, exit_code::bad_input);
}

TEST(AdminClientTest, DoesNotTakeAnythingForADaemon)
{
    FakeDaemon daemon([](const auto&) { return json_answer("[]"); });
    EXPECT_NE(
        client_of(daemon).get_object("/").error().message.find("not that of a pollhook"), std::string::npos
    );
}

}  // namespace
}  // namespace pollhook::cli
