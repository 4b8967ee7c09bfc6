#include "pollhook/http/error.hpp"
#include "trusted_peer.hpp"
#include "tunnel_proxy.hpp"

#include <optional>
#include <ostream>
#include <string>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::close_connection;
using test::hang;
using test::read_request;
using test::reset_connection;
using test::send_bytes;
using test::send_forever;

const std::string opened = "HTTP/1.1 200 Connection established\r\n\r\n";

/// `peer_` is the proxy, and plays the target behind it too.
class ProxyFixture : public AuthorityFixture {
protected:
    ProxyFixture()
        : AuthorityFixture([this](const std::string&) {
              LookUp answer;
              answer.addresses = addresses_;
              return answer;
          })
    {
        origin_.scheme = Scheme::http;
        origin_.host = "hooks.example.com";
        origin_.port = 8080;
    }

    Route through_peer(std::string_view authorization = {})
    {
        return Route(options(peer_.origin(), authorization));
    }

    RouteOptions options(const Origin& proxy, std::string_view authorization = {})
    {
        RouteOptions options;
        options.ca_file = authority_file();
        options.proxy = proxy;
        options.proxy_authorization = config::Secret(authorization);
        return options;
    }

    Request over(const Route& route, const AddressGuard* guard = nullptr) const
    {
        Request request = post(origin_);
        request.route = &route;
        request.guard = guard;
        return request;
    }

    void resolve_to(std::initializer_list<const char*> addresses)
    {
        addresses_.clear();
        for (const char* address : addresses)
            addresses_.push_back(asio::ip::make_address(address));
    }

    static std::string connect_to(const std::string& authority, const std::string& fields = {})
    {
        return "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n" + fields + "\r\n";
    }

    std::vector<asio::ip::address> addresses_{asio::ip::make_address("93.184.216.34")};
    const AddressGuard guard_{{}, {}, true};
};

TEST_F(ProxyFixture, IsAskedForTheNameOfAnUnguardedTarget)
{
    const Route route = through_peer();
    peer_.expect_connection(
        {read_request(),
         send_bytes(opened),
         read_request(),
         send_bytes(answer("1")),
         read_request(),
         send_bytes(answer("2"))}
    );
    const Exchange exchange = send(over(route));
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->body, "1");
    EXPECT_EQ(exchange.peer, "127.0.0.1:" + std::to_string(peer_.port()));
    EXPECT_EQ(peer_.requests().at(0), connect_to("hooks.example.com:8080"));
    EXPECT_TRUE(
        peer_.requests().at(1).starts_with("POST /hook?x=1 HTTP/1.1\r\nHost: hooks.example.com:8080\r\n")
    );
    EXPECT_TRUE(send(over(route)).reused);
}

TEST_F(ProxyFixture, IsAskedForAJudgedAddressOfAGuardedTarget)
{
    const Route route = through_peer();
    peer_.expect_connection({read_request(), send_bytes(opened), read_request(), send_bytes(answer("1"))});
    const Exchange exchange = send(over(route, &guard_));
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.peer, "93.184.216.34:8080");
    EXPECT_EQ(peer_.requests().at(0), connect_to("93.184.216.34:8080"));
    EXPECT_TRUE(peer_.requests().at(1).find("\r\nHost: hooks.example.com:8080\r\n") != std::string::npos);
}

TEST_F(ProxyFixture, IsNeverAskedForABlockedAddress)
{
    const Route route = through_peer();
    for (const char* address :
         {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254", "fe80::1"
         }) {
        resolve_to({address});
        origin_.host = "x" + origin_.host;  // a look-up of its own
        const Exchange exchange = send(over(route, &guard_));
        ASSERT_FALSE(exchange.response) << address;
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::blocked_address)) << address;
    }
    EXPECT_EQ(peer_.connections(), 0U);
}

TEST_F(ProxyFixture, IsAskedForThePublicOnesAmongAllAddresses)
{
    const Route route = through_peer();
    resolve_to({"10.0.0.1", "::ffff:93.184.216.34", "169.254.169.254", "2606:4700::1111", "127.0.0.1"});
    peer_.expect_connection(
        {read_request(), send_bytes("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")}
    );
    peer_.expect_connection({read_request(), send_bytes(opened), read_request(), send_bytes(answer("1"))});
    const Exchange exchange = send(over(route, &guard_));
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.peer, "[2606:4700::1111]:8080");
    EXPECT_EQ(peer_.requests().at(0), connect_to("93.184.216.34:8080"));
    EXPECT_EQ(peer_.requests().at(1), connect_to("[2606:4700::1111]:8080"));
}

TEST_F(ProxyFixture, GetsItsCredentialsAndTheTargetDoesNot)
{
    const Route route = through_peer("Basic c2VjcmV0");
    peer_.expect_connection({read_request(), send_bytes(opened), read_request(), send_bytes(answer("1"))});
    ASSERT_TRUE(send(over(route)).response);
    EXPECT_EQ(
        peer_.requests().at(0),
        connect_to("hooks.example.com:8080", "Proxy-Authorization: Basic c2VjcmV0\r\n")
    );
    EXPECT_EQ(peer_.requests().at(1).find("c2VjcmV0"), std::string::npos);
}

TEST_F(ProxyFixture, CarriesTlsThatIsVerifiedByName)
{
    asio::ssl::context context = issue("DNS:hooks.example.com").server_context();
    test::RawPeer target(loop_, context);
    TunnelProxy proxy(loop_, {asio::ip::address_v4::loopback(), target.port()});
    const Route route(options(proxy.origin()));
    origin_.scheme = Scheme::https;
    origin_.port = 443;
    const AddressGuard* const guards[] = {nullptr, &guard_};
    for (const AddressGuard* guard : guards) {
        target.expect_connection({read_request(), send_bytes(answer("secret"))});
        const Exchange exchange = send(over(route, guard));
        ASSERT_TRUE(exchange.response) << exchange.detail;
        EXPECT_EQ(exchange.response->body, "secret");
    }
    EXPECT_EQ(proxy.heads().at(0), connect_to("hooks.example.com:443"));
    EXPECT_EQ(proxy.heads().at(1), connect_to("93.184.216.34:443"));

    origin_.host = "other.example.com";
    const Exchange refused = send(over(route, &guard_));
    ASSERT_FALSE(refused.response);
    EXPECT_EQ(refused.response.error(), make_error_code(Errc::tls_failed));
    EXPECT_EQ(target.requests().size(), 2U);
    run(client_->close());
    run(proxy.stop());
    run(target.stop());
}

TEST_F(ProxyFixture, SaysThatTheProxyCannotBeReached)
{
    Origin nobody = peer_.origin();
    asio::ip::tcp::acceptor gone(loop_, {asio::ip::address_v4::loopback(), 0});
    nobody.port = gone.local_endpoint().port();
    gone.close();
    const Route route(options(nobody));
    const Exchange exchange = send(over(route));
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::connection_refused));
    EXPECT_EQ(
        exchange.detail,
        "the proxy: connect to 127.0.0.1:" + std::to_string(nobody.port) + ": Connection refused"
    );
}

TEST_F(ProxyFixture, HasTheTimeOfAConnectionToAnswer)
{
    const Route route = through_peer();
    for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        peer_.expect_connection({read_request(), send_bytes(bytes)});
        Request request = over(route);
        request.deadlines.connect = 40ms;
        const Exchange exchange = send(request);
        ASSERT_FALSE(exchange.response);
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
        EXPECT_EQ(exchange.detail, "the proxy's answer took longer than 40ms");
    }
}

/// What a proxy may answer to CONNECT, and what must come of it.
struct Refusal {
    const char* name;
    test::RawPeer::Script script;
    Errc error;
    const char* detail;  ///< its beginning
};

void PrintTo(const Refusal& refusal, std::ostream* out)
{
    *out << refusal.name;
}

class ProxyRefusalTest : public ProxyFixture, public testing::WithParamInterface<Refusal> {};

TEST_P(ProxyRefusalTest, EndsTheExchangeBeforeTheRequestIsSent)
{
    const Route route = through_peer();
    test::RawPeer::Script script = GetParam().script;
    script.insert(script.begin(), read_request());
    script.push_back(read_request());
    peer_.expect_connection(script);
    const Exchange exchange = send(over(route, &guard_));
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(GetParam().error)) << exchange.detail;
    EXPECT_TRUE(exchange.detail.starts_with(GetParam().detail)) << exchange.detail;
    EXPECT_EQ(peer_.requests().size(), 1U);
    EXPECT_EQ(peer_.connections(), 1U);
    EXPECT_EQ(client_->counters().connections_opened, 0U);
}

std::string status(int code, const std::string& rest = "\r\n")
{
    return "HTTP/1.1 " + std::to_string(code) + " X\r\n" + rest;
}

constexpr const char* surplus = "the proxy sent more than the head of its answer";

INSTANTIATE_TEST_SUITE_P(
    Answers,
    ProxyRefusalTest,
    testing::Values(
        Refusal{"Demands", {send_bytes(status(407))}, Errc::proxy_refused, "the proxy answered 407"},
        Refusal{"Forbids", {send_bytes(status(403))}, Errc::proxy_refused, "the proxy answered 403"},
        Refusal{"Redirects", {send_bytes(status(302))}, Errc::proxy_refused, "the proxy answered 302"},
        Refusal{"Fails", {send_bytes(status(502))}, Errc::proxy_refused, "the proxy answered 502"},
        Refusal{
            "RefusesAtLength",
            {send_bytes(status(407, "Content-Length: 1000000\r\n\r\nabc"))},
            Errc::proxy_refused,
            "the proxy answered 407"
        },
        Refusal{"SpeaksOn", {send_bytes(opened + "x")}, Errc::malformed_answer, surplus},
        Refusal{"AnswersTwice", {send_bytes(opened + answer("1"))}, Errc::malformed_answer, surplus},
        Refusal{
            "AnnouncesABody",
            {send_bytes(status(200, "Content-Length: 5\r\n\r\n"))},
            Errc::malformed_answer,
            surplus
        },
        Refusal{
            "AnnouncesChunks",
            {send_bytes(status(200, "Transfer-Encoding: chunked\r\n\r\n"))},
            Errc::malformed_answer,
            surplus
        },
        Refusal{"IsNoProxy", {send_bytes("220 smtp\r\n")}, Errc::malformed_answer, "the proxy: "},
        Refusal{"Status999", {send_bytes(status(999))}, Errc::malformed_answer, "the proxy: "},
        Refusal{"Switches", {send_bytes(status(101))}, Errc::malformed_answer, "the proxy: "},
        Refusal{
            "GoesOnAndOn",
            {send_forever(status(100))},
            Errc::malformed_answer,
            "the proxy: more than 8 interim (1xx) answers"
        },
        Refusal{
            "HugeHead",
            {send_bytes(status(200, "X: " + std::string(20'000, 'x') + "\r\n\r\n"))},
            Errc::malformed_answer,
            "the proxy: "
        },
        Refusal{"EndlessHead", {send_forever("HTTP/1.1 200 OK ")}, Errc::malformed_answer, "the proxy: "},
        Refusal{
            "Closes",
            {close_connection()},
            Errc::connection_reset,
            "the proxy closed the connection without an answer"
        },
        Refusal{"Resets", {reset_connection()}, Errc::connection_reset, "the proxy: "},
        Refusal{
            "ClosesMidway",
            {send_bytes("HTTP/1.1 20"), close_connection()},
            Errc::connection_reset,
            "the proxy closed the connection"
        }
    ),
    [](const auto& test) { return std::string(test.param.name); }
);

}  // namespace
}  // namespace pollhook::http
