#include "client_fixture.hpp"
#include "pollhook/http/error.hpp"
#include "support/test_certificate.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using test::close_connection;
using test::read_request;
using test::send_bytes;
using test::TestCertificate;

TestCertificate::Spec authority_spec()
{
    TestCertificate::Spec spec;
    spec.common_name = "test authority";
    spec.is_authority = true;
    return spec;
}

/// A client that trusts one authority, made for the test.
class TlsTest : public ClientFixture {
protected:
    TlsTest()
    {
        std::string name = std::filesystem::temp_directory_path() / "pollhook-tls-XXXXXX";
        const int file = ::mkstemp(name.data());
        ::close(file);
        ca_file_ = name;
        std::ofstream(ca_file_) << authority_.certificate_pem();
        ClientOptions options;
        options.ca_file = ca_file_;
        client_ = std::make_unique<Client>(loop_, clock_, options);
    }

    ~TlsTest() override { std::filesystem::remove(ca_file_); }

    TestCertificate issue(const std::string& alternative_names, const std::string& common_name = "peer")
    {
        TestCertificate::Spec spec;
        spec.common_name = common_name;
        spec.alternative_names = alternative_names;
        spec.issuer = &authority_;
        return TestCertificate(spec);
    }

    /// One exchange with a peer that shows `certificate`, reached as `host`.
    Exchange exchange_with(const TestCertificate& certificate, const std::string& host)
    {
        asio::ssl::context context = certificate.server_context();
        test::RawPeer peer(loop_, context);
        peer.expect_connection({read_request(), send_bytes(answer("secret"))});
        Origin origin = peer.origin();
        origin.host = host;
        Exchange exchange = send(post(origin));
        run(peer.stop());
        return exchange;
    }

    void expect_refusal(const Exchange& exchange, const std::string& detail)
    {
        ASSERT_FALSE(exchange.response);
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::tls_failed));
        EXPECT_EQ(exchange.detail, detail);
    }

    TestCertificate authority_{authority_spec()};
    std::filesystem::path ca_file_;
};

TEST_F(TlsTest, AcceptsAPeerOfATrustedAuthorityByName)
{
    const Exchange exchange = exchange_with(issue("DNS:localhost"), "localhost");
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->body, "secret");
    EXPECT_EQ(client_->counters().tls_handshakes, 1U);
}

TEST_F(TlsTest, AcceptsAPeerByItsAddress)
{
    const Exchange exchange = exchange_with(issue("IP:127.0.0.1"), "127.0.0.1");
    ASSERT_TRUE(exchange.response) << exchange.detail;
}

TEST_F(TlsTest, ReusesAConnectionAndItsHandshake)
{
    asio::ssl::context context = issue("DNS:localhost").server_context();
    test::RawPeer peer(loop_, context);
    const std::string large(100'000, 'x');
    peer.expect_connection(
        {read_request(),
         send_bytes(answer("1")),
         read_request(),
         send_bytes(answer(large)),
         read_request(),
         send_bytes(answer("3"))}
    );
    Origin origin = peer.origin();
    origin.host = "localhost";
    EXPECT_EQ(send(post(origin)).response->body, "1");
    Request request = post(origin, large);
    request.whole_body = true;
    request.response_limit = 1024 * 1024;
    EXPECT_EQ(send(request).response->body, large);
    EXPECT_TRUE(peer.requests().at(1).ends_with(large));
    EXPECT_TRUE(send(post(origin)).reused);
    EXPECT_EQ(client_->counters().tls_handshakes, 1U);
    EXPECT_EQ(peer.connections(), 1U);
    run(peer.stop());
}

TEST_F(TlsTest, ResumesASessionOnANewConnection)
{
    asio::ssl::context context = issue("DNS:localhost").server_context();
    ::SSL_CTX_set_session_id_context(context.native_handle(), reinterpret_cast<const unsigned char*>("t"), 1);
    test::RawPeer peer(loop_, context);
    Origin origin = peer.origin();
    origin.host = "localhost";
    for (int i = 0; i < 2; ++i) {
        peer.expect_connection({read_request(), send_bytes(answer("x", "Connection: close\r\n"))});
        EXPECT_TRUE(send(post(origin)).response);
    }
    EXPECT_EQ(client_->counters().tls_handshakes, 2U);
    EXPECT_EQ(::SSL_CTX_sess_hits(context.native_handle()), 1);
    run(peer.stop());
}

TEST_F(TlsTest, RefusesAnotherHostsCertificate)
{
    expect_refusal(
        exchange_with(issue("DNS:other.example"), "localhost"), "certificate verify failed: hostname mismatch"
    );
}

TEST_F(TlsTest, RefusesAnotherAddress)
{
    expect_refusal(
        exchange_with(issue("IP:127.0.0.2,DNS:127.0.0.1"), "127.0.0.1"),
        "certificate verify failed: IP address mismatch"
    );
}

TEST_F(TlsTest, RefusesACertificateWithACommonNameOnly)
{
    expect_refusal(
        exchange_with(issue("", "localhost"), "localhost"), "certificate verify failed: hostname mismatch"
    );
}

TEST_F(TlsTest, RefusesAPartialWildcard)
{
    expect_refusal(
        exchange_with(issue("DNS:local*"), "localhost"), "certificate verify failed: hostname mismatch"
    );
}

TEST_F(TlsTest, RefusesASelfSignedCertificate)
{
    TestCertificate::Spec spec;
    spec.alternative_names = "DNS:localhost";
    expect_refusal(
        exchange_with(TestCertificate(spec), "localhost"),
        "certificate verify failed: self-signed certificate"
    );
}

TEST_F(TlsTest, RefusesAnUnknownAuthority)
{
    const TestCertificate stranger{authority_spec()};
    TestCertificate::Spec spec;
    spec.alternative_names = "DNS:localhost";
    spec.issuer = &stranger;
    const Exchange exchange = exchange_with(TestCertificate(spec), "localhost");
    ASSERT_FALSE(exchange.response);
    EXPECT_TRUE(exchange.detail.starts_with("certificate verify failed: ")) << exchange.detail;
}

TEST_F(TlsTest, RefusesAnExpiredCertificate)
{
    TestCertificate::Spec spec;
    spec.alternative_names = "DNS:localhost";
    spec.issuer = &authority_;
    spec.is_expired = true;
    expect_refusal(
        exchange_with(TestCertificate(spec), "localhost"),
        "certificate verify failed: certificate has expired"
    );
}

TEST_F(TlsTest, SaysThatAPeerDoesNotSpeakTls)
{
    peer_.expect_connection({send_bytes("HTTP/1.1 400 Bad Request\r\n\r\n")});
    Origin origin = origin_;
    origin.scheme = Scheme::https;
    expect_refusal(send(post(origin)), "the peer does not speak TLS on this port");
}

TEST_F(TlsTest, SaysThatAPeerHungUp)
{
    peer_.expect_connection({close_connection()});
    Origin origin = origin_;
    origin.scheme = Scheme::https;
    expect_refusal(send(post(origin)), "the peer ended the connection during the TLS handshake");
}

TEST_F(TlsTest, RefusesOldProtocolVersions)
{
    const TestCertificate certificate = issue("DNS:localhost");
    asio::ssl::context context = certificate.server_context();
    ::SSL_CTX_set_security_level(context.native_handle(), 0);
    ::SSL_CTX_ctrl(context.native_handle(), SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_1_VERSION, nullptr);
    test::RawPeer peer(loop_, context);
    peer.expect_connection({read_request(), send_bytes(answer("secret"))});
    Origin origin = peer.origin();
    origin.host = "localhost";
    const Exchange exchange = send(post(origin));
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::tls_failed)) << exchange.detail;
    run(peer.stop());
}

TEST_F(TlsTest, TimesOutInTheHandshake)
{
    peer_.expect_connection({test::hang()});
    Origin origin = origin_;
    origin.scheme = Scheme::https;
    Request request = post(origin);
    request.deadlines.tls = std::chrono::milliseconds(30);
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
    EXPECT_EQ(exchange.detail, "the TLS handshake took longer than 30ms");
}

TEST_F(TlsTest, TakesNoTruncatedBodyForAWholeOne)
{
    asio::ssl::context context = issue("DNS:localhost").server_context();
    test::RawPeer peer(loop_, context);
    peer.expect_connection({read_request(), send_bytes("HTTP/1.1 200 OK\r\n\r\nhalf"), close_connection()});
    Origin origin = peer.origin();
    origin.host = "localhost";
    Request request = post(origin);
    request.whole_body = true;
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::connection_reset));
    run(peer.stop());
}

}  // namespace
}  // namespace pollhook::http
