#include "client_fixture.hpp"
#include "pollhook/http/error.hpp"
#include "pollhook/http/route.hpp"
#include "trusted_peer.hpp"

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::read_request;
using test::send_bytes;
using test::TestCertificate;

/// Every name leads to the peer on loopback.
class TlsVerdictFixture : public AuthorityFixture {
protected:
    TlsVerdictFixture() : AuthorityFixture(everything_is_at("127.0.0.1")) {}

    /// One exchange over `route` with a peer that speaks TLS with `context`, reached as `host`.
    Exchange exchange_with(asio::ssl::context& context, const std::string& host, const Route* route = nullptr)
    {
        test::RawPeer peer(loop_, context);
        peer.expect_connection({read_request(), send_bytes(answer("secret"))});
        Origin origin = peer.origin();
        origin.scheme = Scheme::https;
        origin.host = host;
        Request request = post(origin);
        request.route = route;
        Exchange exchange = send(request);
        requests_ = peer.requests().size();
        run(peer.stop());
        return exchange;
    }

    static void limit_version(asio::ssl::context& context, int newest)
    {
        ::SSL_CTX_set_security_level(context.native_handle(), 0);
        ::SSL_CTX_ctrl(context.native_handle(), SSL_CTRL_SET_MIN_PROTO_VERSION, 0, nullptr);
        ::SSL_CTX_ctrl(context.native_handle(), SSL_CTRL_SET_MAX_PROTO_VERSION, newest, nullptr);
    }

    std::size_t requests_ = 0;
};

/// How the peer's certificate is made, and what the client must say about it; empty: it accepts.
struct Shown {
    const char* name;
    const char* alternative_names;
    const char* host;
    const char* refusal;
    std::function<void(TestCertificate::Spec&)> change;
};

/// For GoogleTest, which would print the bytes.
void PrintTo(const Shown& shown, std::ostream* out)
{
    *out << shown.name;
}

class ShownCertificateTest : public TlsVerdictFixture, public testing::WithParamInterface<Shown> {};

TEST_P(ShownCertificateTest, GetsItsVerdict)
{
    TestCertificate::Spec spec;
    spec.common_name = "peer";
    spec.alternative_names = GetParam().alternative_names;
    spec.issuer = &authority();
    if (GetParam().change)
        GetParam().change(spec);
    const TestCertificate certificate(spec);
    asio::ssl::context context = certificate.server_context();
    const Exchange exchange = exchange_with(context, GetParam().host);
    const std::string refusal = GetParam().refusal;
    if (refusal.empty()) {
        ASSERT_TRUE(exchange.response) << exchange.detail;
        EXPECT_EQ(exchange.response->body, "secret");
        return;
    }
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::tls_failed));
    EXPECT_EQ(exchange.detail, "certificate verify failed: " + refusal);
    EXPECT_EQ(requests_, 0U) << "the peer saw the request";
}

constexpr const char* no_name = "hostname mismatch";
constexpr const char* no_address = "IP address mismatch";

INSTANTIATE_TEST_SUITE_P(
    Tls,
    ShownCertificateTest,
    testing::Values(
        Shown{"ItsName", "DNS:hooks.example.com", "hooks.example.com", "", {}},
        Shown{"ItsNameInUpperCase", "DNS:HOOKS.Example.COM", "hooks.example.com", "", {}},
        Shown{"OneOfItsNames", "DNS:a.example,DNS:hooks.example.com", "hooks.example.com", "", {}},
        Shown{"ItsAddress", "IP:127.0.0.1", "127.0.0.1", "", {}},
        Shown{"WholeLeftmostWildcard", "DNS:*.example.com", "hooks.example.com", "", {}},
        Shown{
            "ServerUse",
            "DNS:h.example.com",
            "h.example.com",
            "",
            [](auto& spec) { spec.extended_key_usage = "serverAuth"; }
        },
        Shown{
            "Expired",
            "DNS:h.example.com",
            "h.example.com",
            "certificate has expired",
            [](auto& spec) { spec.is_expired = true; }
        },
        Shown{
            "NotYetValid",
            "DNS:h.example.com",
            "h.example.com",
            "certificate is not yet valid",
            [](auto& spec) { spec.is_not_yet_valid = true; }
        },
        Shown{
            "SelfSigned",
            "DNS:h.example.com",
            "h.example.com",
            "self-signed certificate",
            [](auto& spec) { spec.issuer = nullptr; }
        },
        Shown{
            "ClientUseOnly",
            "DNS:h.example.com",
            "h.example.com",
            "unsuitable certificate purpose",
            [](auto& spec) { spec.extended_key_usage = "clientAuth"; }
        },
        Shown{
            "CommonNameOnly",
            "",
            "h.example.com",
            no_name,
            [](auto& spec) { spec.common_name = "h.example.com"; }
        },
        Shown{
            "CommonNameBesideAnotherName",
            "DNS:other.example.com",
            "h.example.com",
            no_name,
            [](auto& spec) { spec.common_name = "h.example.com"; }
        },
        Shown{
            "AddressInTheCommonName",
            "",
            "127.0.0.1",
            no_address,
            [](auto& spec) { spec.common_name = "127.0.0.1"; }
        },
        Shown{"AnotherName", "DNS:other.example.com", "h.example.com", no_name, {}},
        Shown{"NameOfTheParent", "DNS:example.com", "h.example.com", no_name, {}},
        Shown{"NameOfAChild", "DNS:a.h.example.com", "h.example.com", no_name, {}},
        Shown{"NameThatEndsAlike", "DNS:h.example.com.evil.example", "h.example.com", no_name, {}},
        Shown{"LiteralWithoutAnAddress", "DNS:h.example.com", "127.0.0.1", no_address, {}},
        Shown{"AddressAsAName", "DNS:127.0.0.1", "127.0.0.1", no_address, {}},
        Shown{"AnotherAddress", "IP:127.0.0.2", "127.0.0.1", no_address, {}},
        Shown{"NameOnlyInAUri", "URI:https://h.example.com", "h.example.com", no_name, {}},
        Shown{"NameOnlyInAnAddress", "email:h.example.com@h.example.com", "h.example.com", no_name, {}},
        Shown{"PartialWildcardAfter", "DNS:ho*.example.com", "hooks.example.com", no_name, {}},
        Shown{"PartialWildcardBefore", "DNS:*ks.example.com", "hooks.example.com", no_name, {}},
        Shown{"PartialWildcardWithin", "DNS:h*s.example.com", "hooks.example.com", no_name, {}},
        Shown{"WildcardForTwoLabels", "DNS:*.example.com", "a.hooks.example.com", no_name, {}},
        Shown{"WildcardForNoLabel", "DNS:*.example.com", "example.com", no_name, {}},
        Shown{"WildcardOfATopLevel", "DNS:*.com", "example.com", no_name, {}},
        Shown{"WildcardOfEverything", "DNS:*", "localhost", no_name, {}},
        Shown{"WildcardInTheMiddle", "DNS:a.*.example.com", "a.b.example.com", no_name, {}},
        Shown{"TwoWildcards", "DNS:*.*.example.com", "a.b.example.com", no_name, {}},
        Shown{"WildcardForAnAddress", "DNS:*.0.0.1", "127.0.0.1", no_address, {}}
    ),
    [](const auto& test) { return std::string(test.param.name); }
);

TEST_F(TlsVerdictFixture, RefusesAnUnknownAuthority)
{
    const TestAuthority stranger;
    asio::ssl::context context = stranger.issue("DNS:h.example.com").server_context();
    const Exchange exchange = exchange_with(context, "h.example.com");
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::tls_failed));
    EXPECT_TRUE(exchange.detail.starts_with("certificate verify failed: ")) << exchange.detail;
    EXPECT_EQ(requests_, 0U);
}

TEST_F(TlsVerdictFixture, RefusesTheTestAuthorityWhereTheSystemsAreTrusted)
{
    asio::ssl::context context = issue("DNS:h.example.com").server_context();
    const Route route{RouteOptions()};
    EXPECT_EQ(
        exchange_with(context, "h.example.com", &route).response.error(), make_error_code(Errc::tls_failed)
    );
}

TEST_F(TlsVerdictFixture, RoutesThatTrustTheSystemDoSoAlsoWhenTheFirstIsGone)
{
    asio::ssl::context context = issue("DNS:h.example.com").server_context();
    auto first = std::make_unique<Route>(RouteOptions());
    const Route second{RouteOptions()};
    first.reset();
    EXPECT_EQ(
        exchange_with(context, "h.example.com", &second).response.error(), make_error_code(Errc::tls_failed)
    );
}

TEST_F(TlsVerdictFixture, RefusesOldProtocolVersions)
{
    const TestCertificate certificate = issue("DNS:h.example.com");
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        asio::ssl::context context = certificate.server_context();
        limit_version(context, version);
        const Exchange exchange = exchange_with(context, "h.example.com");
        ASSERT_FALSE(exchange.response) << version;
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::tls_failed)) << exchange.detail;
    }
}

TEST_F(TlsVerdictFixture, ARouteMayWantTls13)
{
    const TestCertificate certificate = issue("DNS:h.example.com");
    RouteOptions options;
    options.ca_file = authority_file();
    const Route lenient(options);
    options.min_tls_version = TlsVersion::tls_1_3;
    const Route strict(options);
    asio::ssl::context newest = certificate.server_context();
    EXPECT_TRUE(exchange_with(newest, "h.example.com", &strict).response);
    asio::ssl::context older = certificate.server_context();
    limit_version(older, TLS1_2_VERSION);
    EXPECT_TRUE(exchange_with(older, "h.example.com", &lenient).response);
    const Exchange refused = exchange_with(older, "h.example.com", &strict);
    ASSERT_FALSE(refused.response);
    EXPECT_EQ(refused.response.error(), make_error_code(Errc::tls_failed)) << refused.detail;
}

TEST_F(TlsVerdictFixture, ShowsItsCertificateToAPeerThatDemandsOne)
{
    const TestCertificate certificate = issue("DNS:h.example.com");
    const TestCertificate own = issue("DNS:sender.example");
    const Route route(shown(own));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        asio::ssl::context context = certificate.server_context(authority());
        ::SSL_CTX_ctrl(context.native_handle(), SSL_CTRL_SET_MAX_PROTO_VERSION, version, nullptr);
        const Exchange exchange = exchange_with(context, "h.example.com", &route);
        ASSERT_TRUE(exchange.response) << exchange.detail;
        EXPECT_EQ(requests_, 1U);
    }
}

TEST_F(TlsVerdictFixture, IsRefusedByAPeerThatDemandsACertificateItDoesNotHave)
{
    const TestCertificate certificate = issue("DNS:h.example.com");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        asio::ssl::context context = certificate.server_context(authority());
        ::SSL_CTX_ctrl(context.native_handle(), SSL_CTRL_SET_MAX_PROTO_VERSION, version, nullptr);
        const Exchange exchange = exchange_with(context, "h.example.com");
        ASSERT_FALSE(exchange.response) << version;
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::tls_failed)) << exchange.detail;
        EXPECT_EQ(requests_, 0U);
    }
}

TEST_F(TlsVerdictFixture, ReadsCertificateAndKeyFromOneFile)
{
    const TestCertificate own = issue("DNS:sender.example");
    RouteOptions options;
    options.ca_file = authority_file();
    options.certificate_file = write(own.key_pem() + own.certificate_pem());
    const Route route(options);
    asio::ssl::context context = issue("DNS:h.example.com").server_context(authority());
    const Exchange exchange = exchange_with(context, "h.example.com", &route);
    EXPECT_TRUE(exchange.response) << exchange.detail;
}

TEST_F(TlsVerdictFixture, ResumesNoSessionOfAnotherRoute)
{
    asio::ssl::context context = issue("DNS:h.example.com").server_context();
    ::SSL_CTX_set_session_id_context(context.native_handle(), reinterpret_cast<const unsigned char*>("t"), 1);
    RouteOptions options;
    options.ca_file = authority_file();
    const Route one(options);
    const Route other(options);
    test::RawPeer peer(loop_, context);
    Origin origin = peer.origin();
    origin.scheme = Scheme::https;
    origin.host = "h.example.com";
    Request request = post(origin);
    const Route* const first_one[] = {&one, &other, &one};
    for (const Route* route : first_one) {
        peer.expect_connection({read_request(), send_bytes(answer("x", "Connection: close\r\n"))});
        request.route = route;
        EXPECT_TRUE(send(request).response);
    }
    EXPECT_EQ(::SSL_CTX_sess_hits(context.native_handle()), 1);
    run(peer.stop());
}

TEST_F(TlsVerdictFixture, SaysThatAPeerDoesNotSpeakTls)
{
    for (const char* bytes :
         {"HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.example ESMTP\r\n", "\r\n\r\n\r\n\r\n"}) {
        peer_.expect_connection({send_bytes(bytes)});
        Origin origin = origin_;
        origin.scheme = Scheme::https;
        const Exchange exchange = send(post(origin));
        ASSERT_FALSE(exchange.response);
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::tls_failed));
        EXPECT_EQ(exchange.detail, "the peer does not speak TLS on this port");
    }
}

TEST_F(TlsVerdictFixture, TimesOutOnAPeerThatStallsInTheHandshake)
{
    // The head of a handshake record of 512 bytes that never come.
    for (const char* bytes : {"", "\x16\x03\x03\x02"}) {
        peer_.expect_connection({send_bytes(bytes)});
        Origin origin = origin_;
        origin.scheme = Scheme::https;
        Request request = post(origin);
        request.deadlines.tls = 40ms;
        const Exchange exchange = send(request);
        ASSERT_FALSE(exchange.response);
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
        EXPECT_EQ(exchange.detail, "the TLS handshake took longer than 40ms");
    }
}

}  // namespace
}  // namespace pollhook::http
