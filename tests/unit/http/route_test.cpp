#include "pollhook/http/route.hpp"

#include "trusted_peer.hpp"

#include <stdexcept>
#include <string>

namespace pollhook::http {
namespace {

using test::read_request;
using test::send_bytes;

class UnusableRouteTest : public testing::Test, protected TestAuthority {
protected:
    /// What a route made of `options` complains about.
    static std::string complaint(const RouteOptions& options)
    {
        try {
            const Route route(options);
            return "nothing";
        } catch (const std::invalid_argument& problem) {
            return problem.what();
        }
    }
};

TEST_F(UnusableRouteTest, NamesTheFileThatCannotBeRead)
{
    RouteOptions options;
    options.ca_file = "/no/such/ca.pem";
    EXPECT_EQ(complaint(options), "ca_file /no/such/ca.pem: No such file or directory");
    options = shown(issue("DNS:a"));
    options.certificate_file = "/no/such/cert.pem";
    EXPECT_EQ(complaint(options), "certificate_file /no/such/cert.pem: No such file or directory");
    options = shown(issue("DNS:a"));
    options.key_file = "/no/such/key.pem";
    EXPECT_EQ(complaint(options), "key_file /no/such/key.pem: No such file or directory");
}

TEST_F(UnusableRouteTest, RefusesWhatIsNoCertificateOrNoKey)
{
    const std::string nonsense = write("nonsense\n");
    RouteOptions options;
    options.ca_file = nonsense;
    EXPECT_TRUE(complaint(options).starts_with("ca_file " + nonsense + ": ")) << complaint(options);
    options = shown(issue("DNS:a"));
    options.certificate_file = nonsense;
    EXPECT_TRUE(complaint(options).starts_with("certificate_file " + nonsense + ": "));
    options = shown(issue("DNS:a"));
    options.key_file = nonsense;
    EXPECT_TRUE(complaint(options).starts_with("key_file " + nonsense + ": "));
}

TEST_F(UnusableRouteTest, RefusesAKeyOfAnotherCertificate)
{
    RouteOptions options = shown(issue("DNS:a"));
    options.key_file = write(issue("DNS:b").key_pem());
    EXPECT_TRUE(complaint(options).starts_with("key_file " + options.key_file + ": ")) << complaint(options);
}

TEST_F(UnusableRouteTest, RefusesAKeyWithoutACertificate)
{
    RouteOptions options;
    options.key_file = write(issue("DNS:a").key_pem());
    EXPECT_EQ(complaint(options), "key_file: there is no certificate_file that it belongs to");
}

TEST_F(UnusableRouteTest, DoesNotAskForAPassphrase)
{
    RouteOptions options = shown(issue("DNS:a"));
    options.key_file = write(issue("DNS:a").encrypted_key_pem());
    EXPECT_TRUE(complaint(options).starts_with("key_file " + options.key_file + ": ")) << complaint(options);
}

TEST_F(UnusableRouteTest, RefusesAProxyThatIsNotHttp)
{
    RouteOptions options;
    options.proxy = parse_url("https://proxy.example/").value().origin;
    EXPECT_EQ(complaint(options), "proxy: its URL must begin with http://");
    options.proxy = parse_url("http://proxy.example/").value().origin;
    options.proxy_authorization = config::Secret("Basic x\r\nX: y");
    EXPECT_EQ(complaint(options), "proxy: its credentials hold a character that no header may hold");
}

class RouteTest : public ClientFixture {
protected:
    test::RawPeer::Script two_answers() const
    {
        return {read_request(), send_bytes(answer("1")), read_request(), send_bytes(answer("2"))};
    }

    Request over(const Route* route) const
    {
        Request request = post(origin_);
        request.route = route;
        return request;
    }
};

TEST_F(RouteTest, KeepsItsConnectionsToItself)
{
    const Route one{RouteOptions()};
    const Route other{RouteOptions()};
    peer_.expect_connection(two_answers());
    peer_.expect_connection(two_answers());
    peer_.expect_connection(two_answers());
    EXPECT_FALSE(send(over(&one)).reused);
    EXPECT_FALSE(send(over(&other)).reused);
    EXPECT_FALSE(send(over(nullptr)).reused);
    EXPECT_TRUE(send(over(&one)).reused);
    EXPECT_TRUE(send(over(&other)).reused);
    EXPECT_EQ(peer_.connections(), 3U);
}

TEST_F(RouteTest, ALaterRouteInTheSamePlaceGetsNoConnectionOfAnEarlierOne)
{
    std::optional<Route> route;
    route.emplace(RouteOptions());
    peer_.expect_connection(two_answers());
    peer_.expect_connection(two_answers());
    EXPECT_EQ(send(over(&*route)).response->body, "1");
    const std::uint64_t earlier = route->identity();
    route.emplace(RouteOptions());
    EXPECT_NE(route->identity(), earlier);
    EXPECT_EQ(send(over(&*route)).response->body, "1");
    EXPECT_EQ(peer_.connections(), 2U);
}

TEST_F(RouteTest, IsForgottenWithItsIdleConnectionsOnly)
{
    const Route one{RouteOptions()};
    const Route other{RouteOptions()};
    peer_.expect_connection(two_answers());
    peer_.expect_connection(two_answers());
    send(over(&one));
    send(over(&other));
    client_->forget(one);
    EXPECT_EQ(client_->counters().idle, 1U);
    EXPECT_TRUE(send(over(&other)).reused);
}

TEST_F(RouteTest, IsForgottenAlsoByTheConnectionsInUse)
{
    const Route route{RouteOptions()};
    peer_.expect_connection({read_request(), send_bytes(answer("1"))});
    const Request request = over(&route);
    std::future<Exchange> sent =
        boost::asio::co_spawn(loop_, client_->send(request), boost::asio::use_future);
    while (peer_.connections() == 0)
        loop_.run_one();
    client_->forget(route);
    while (sent.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        loop_.run_one();
    EXPECT_EQ(sent.get().response->body, "1");
    EXPECT_EQ(client_->counters().idle, 0U);
}

}  // namespace
}  // namespace pollhook::http
