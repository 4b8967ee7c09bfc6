#include "pollhook/http/error.hpp"
#include "trusted_peer.hpp"

#include <string>
#include <vector>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::close_connection;
using test::read_request;
using test::reset_connection;
using test::send_bytes;

/// When a request may reach its peer twice, and when it never does.
class RepeatedRequestTest : public ClientFixture {
protected:
    /// A first exchange that leaves an idle connection, on which `then` follows.
    void use_a_connection(test::RawPeer::Script then)
    {
        test::RawPeer::Script script{read_request(), send_bytes(answer("first"))};
        script.insert(script.end(), then.begin(), then.end());
        peer_.expect_connection(script);
        EXPECT_TRUE(send().response);
    }

    Exchange send_event(std::size_t size = 2)
    {
        const std::string body(size, 'x');
        Request request = post(origin_, body);
        request.fields = "webhook-id: evt_1\r\n";
        request.deadlines.head = 40ms;
        return send(request);
    }
};

TEST_F(RepeatedRequestTest, IsTheSameBytesWithTheSameIdInOneExchange)
{
    for (const test::PeerStep& end : {close_connection(), reset_connection(), test::half_close()}) {
        const std::size_t before = peer_.requests().size();
        use_a_connection({read_request(), end});
        peer_.expect_connection({read_request(), send_bytes(answer("second", "Connection: close\r\n"))});
        const Exchange exchange = send_event();
        ASSERT_TRUE(exchange.response) << exchange.detail;
        EXPECT_EQ(exchange.response->body, "second");
        ASSERT_EQ(peer_.requests().size(), before + 3);
        EXPECT_EQ(peer_.requests()[before + 1], peer_.requests()[before + 2]);
        EXPECT_NE(peer_.requests()[before + 1].find("webhook-id: evt_1\r\n"), std::string::npos);
    }
}

TEST_F(RepeatedRequestTest, IsSentOnceOnAConnectionThatWasSeenToEnd)
{
    use_a_connection({close_connection()});
    loop_.poll();
    peer_.expect_connection({read_request(), send_bytes(answer("second"))});
    EXPECT_EQ(send_event().response->body, "second");
    EXPECT_EQ(peer_.requests().size(), 2U);
}

TEST_F(RepeatedRequestTest, IsNotSentAgainAfterAByteOfAnAnswer)
{
    for (const char* bytes : {"H", "HTTP/1.1 503 Later\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "\n"}) {
        const std::size_t before = peer_.requests().size();
        use_a_connection({read_request(), send_bytes(bytes), close_connection()});
        EXPECT_FALSE(send_event().response);
        EXPECT_EQ(peer_.requests().size(), before + 2);
    }
}

TEST_F(RepeatedRequestTest, IsNotSentAgainOnAnEmptyNewConnection)
{
    peer_.expect_connection({read_request(), close_connection()});
    const Exchange exchange = send_event();
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::connection_reset));
    EXPECT_EQ(peer_.connections(), 1U);
}

TEST_F(RepeatedRequestTest, IsNotSentAgainAfterItsDeadline)
{
    use_a_connection({read_request()});
    const Exchange exchange = send_event();
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
    EXPECT_EQ(exchange.detail, "no answer within 40ms");
    EXPECT_EQ(peer_.connections(), 1U);
    EXPECT_EQ(peer_.requests().size(), 2U);
}

TEST_F(RepeatedRequestTest, IsSentWholeAfterAConnectionThatEndedInTheMiddleOfIt)
{
    constexpr std::size_t large = 16 * 1024 * 1024;
    use_a_connection({reset_connection()});
    peer_.expect_connection({read_request(), send_bytes(answer("second"))});
    Request request = post(origin_);
    const std::string body(large, 'x');
    request.body = body;
    const Exchange exchange = send(request);
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->body, "second");
    EXPECT_TRUE(peer_.requests().back().ends_with(body));
}

class HandshakeTest : public AuthorityFixture {
protected:
    static constexpr std::size_t requests = 1000;

    HandshakeTest() : AuthorityFixture(everything_is_at("127.0.0.1"))
    {
        origin_ = tls_peer_.origin();
        origin_.scheme = Scheme::https;
        origin_.host = "h.example.com";
        test::RawPeer::Script script;
        for (std::size_t i = 0; i < requests; ++i) {
            script.push_back(read_request());
            script.push_back(send_bytes(answer("x")));
        }
        for (std::size_t i = 0; i < 20; ++i)
            tls_peer_.expect_connection(script);
    }

    void TearDown() override
    {
        AuthorityFixture::TearDown();
        run(tls_peer_.stop());
    }

    /// `client` and `request` belong to the test, which awaits.
    static asio::awaitable<std::size_t> send_many(Client& client, const Request& request, std::size_t count)
    {
        std::size_t delivered = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Exchange exchange = co_await client.send(request);
            delivered += exchange.response ? 1U : 0U;
        }
        co_return delivered;
    }

    std::size_t deliver(std::size_t in_parallel)
    {
        const Request request = post(origin_);
        std::vector<std::future<std::size_t>> senders;
        for (std::size_t i = 0; i < in_parallel; ++i)
            senders.push_back(
                asio::co_spawn(loop_, send_many(*client_, request, requests / in_parallel), asio::use_future)
            );
        std::size_t delivered = 0;
        for (std::future<std::size_t>& sender : senders) {
            while (sender.wait_for(0s) != std::future_status::ready)
                loop_.run_one();
            delivered += sender.get();
        }
        return delivered;
    }

    asio::ssl::context context_ = issue("DNS:h.example.com").server_context();
    test::RawPeer tls_peer_{loop_, context_};
};

TEST_F(HandshakeTest, IsOneForAThousandRequestsInARow)
{
    EXPECT_EQ(deliver(1), 1000U);
    EXPECT_EQ(client_->counters().tls_handshakes, 1U);
    EXPECT_EQ(tls_peer_.connections(), 1U);
}

TEST_F(HandshakeTest, IsNeverMoreThanOneForEachRequestInFlight)
{
    EXPECT_EQ(deliver(10), 1000U);
    EXPECT_LE(client_->counters().tls_handshakes, 10U);
    EXPECT_EQ(deliver(8), 1000U);
    EXPECT_LE(client_->counters().tls_handshakes, 10U);
}

}  // namespace
}  // namespace pollhook::http
