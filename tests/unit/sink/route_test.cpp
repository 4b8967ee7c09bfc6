#include "pollhook/config/setting_error.hpp"
#include "pollhook/http/address_guard.hpp"
#include "support/test_certificate.hpp"
#include "webhook_fixture.hpp"

#include <boost/asio/buffer.hpp>
#include <gtest/gtest.h>

namespace pollhook::sink {
namespace {

namespace ssl = boost::asio::ssl;

class RouteTest : public WebhookTest {
protected:
    RouteTest()
    {
        write_file(files_ / "ca.pem", authority_.certificate_pem());
        write_file(files_ / "client.pem", client_certificate_.certificate_pem());
        write_file(files_ / "client.key", client_certificate_.key_pem());
        server_.add_certificate_authority(boost::asio::buffer(authority_.certificate_pem()));
        server_.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
        config_.url = tls_peer_.origin().text() + "/hook";
        config_.tls.ca_file.path = files_ / "ca.pem";
    }

    void TearDown() override
    {
        WebhookTest::TearDown();
        run_until_done(loop_, tls_peer_.stop());
    }

    const test::TestCertificate authority_{{.common_name = "authority", .is_authority = true}};
    const test::TestCertificate server_certificate_{
        {.common_name = "server", .alternative_names = "IP:127.0.0.1", .issuer = &authority_}
    };
    const test::TestCertificate client_certificate_{{.common_name = "pollhook", .issuer = &authority_}};
    const TemporaryDirectory files_;
    ssl::context server_{server_certificate_.server_context()};
    test::RawPeer tls_peer_{loop_, server_};
};

TEST_F(RouteTest, ShowsItsOwnCertificateAndTrustsItsOwnAuthority)
{
    config_.tls.certificate_file.path = files_ / "client.pem";
    config_.tls.key_file.path = files_ / "client.key";
    tls_peer_.expect_connection({test::read_request(), test::send_bytes(answer("200 OK"))});
    const Outcome outcome = deliver(progress_message());
    EXPECT_TRUE(outcome.delivered) << outcome.detail;
}

TEST_F(RouteTest, IsTurnedAwayWithoutTheCertificateThatTheReceiverWants)
{
    tls_peer_.expect_connection({test::read_request(), test::send_bytes(answer("200 OK"))});
    const Outcome outcome = deliver(progress_message());
    EXPECT_FALSE(outcome.delivered);
    EXPECT_TRUE(tls_peer_.requests().empty());
}

TEST_F(RouteTest, TrustsNobodyElse)
{
    config_.tls = {};
    tls_peer_.expect_connection({test::read_request(), test::send_bytes(answer("200 OK"))});
    EXPECT_EQ(deliver(progress_message()).error_class, "tls");
}

TEST_F(RouteTest, SpeaksNoOlderTlsThanItMay)
{
    server_.set_verify_mode(ssl::verify_none);
    server_.set_options(ssl::context::no_tlsv1_3);
    tls_peer_.expect_connection({test::read_request(), test::send_bytes(answer("200 OK"))});
    EXPECT_TRUE(deliver(progress_message()).delivered);
    sink_.reset();
    config_.tls.min_version = config::TlsVersion::v1_3;
    tls_peer_.expect_connection({test::read_request(), test::send_bytes(answer("200 OK"))});
    EXPECT_EQ(deliver(progress_message()).error_class, "tls");
}

TEST_F(RouteTest, NamesTheSinkWhoseFilesCannotBeUsed)
{
    config_.tls.ca_file.path = files_ / "absent.pem";
    try {
        sink();
        FAIL() << "it was built";
    } catch (const config::SettingError& problem) {
        EXPECT_EQ(problem.key(), "tls.ca_file");
        EXPECT_TRUE(std::string_view(problem.what()).starts_with("sink \"ops\": ")) << problem.what();
    }
}

TEST_F(RouteTest, GoesThroughTheProxy)
{
    config_.url = "http://receiver.invalid/hook";
    config_.tls = {};
    config_.proxy.url = peer_.origin().text();
    config_.proxy.user = "Aladdin";
    config_.proxy.password = config::Secret("open sesame");
    peer_.expect_connection(
        {test::read_request(),
         test::send_bytes("HTTP/1.1 200 Connected\r\n\r\n"),
         test::read_request(),
         test::send_bytes(answer("200 OK"))}
    );
    const Outcome outcome = deliver(progress_message());
    EXPECT_TRUE(outcome.delivered) << outcome.detail;
    ASSERT_EQ(peer_.requests().size(), 2U);
    EXPECT_TRUE(peer_.requests()[0].starts_with("CONNECT receiver.invalid:80 HTTP/1.1\r\n"));
    EXPECT_EQ(field(peer_.requests()[0], "Proxy-Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    EXPECT_TRUE(peer_.requests()[1].starts_with("POST /hook HTTP/1.1\r\n"));
    EXPECT_EQ(field(peer_.requests()[1], "Proxy-Authorization"), "");
}

TEST_F(RouteTest, TasksUrlsGoThroughTheirProxyBehindTheGuard)
{
    const http::AddressGuard guard{{*http::parse_network("127.0.0.0/8")}, {}, true};
    config::TaskWebhooks task_webhooks;
    task_webhooks.proxy.url = peer_.origin().text();
    sink_ = make_task_webhooks(task_webhooks, delivery_, guard, surroundings_);
    Message message = progress_message();
    message.url = "http://127.0.0.1:8080/t";
    peer_.expect_connection(
        {test::read_request(),
         test::send_bytes("HTTP/1.1 200 Connected\r\n\r\n"),
         test::read_request(),
         test::send_bytes(answer("200 OK"))}
    );
    EXPECT_TRUE(deliver(message).delivered);
    EXPECT_TRUE(peer_.requests().front().starts_with("CONNECT 127.0.0.1:8080 HTTP/1.1\r\n"));
    message.url = "http://10.0.0.1:8080/t";
    EXPECT_EQ(deliver(message).error_class, "blocked_address");
    EXPECT_EQ(peer_.connections(), 1U);
}

}  // namespace
}  // namespace pollhook::sink
