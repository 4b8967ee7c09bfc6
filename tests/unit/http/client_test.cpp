#include "client_fixture.hpp"
#include "pollhook/http/error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <optional>
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

class ClientTest : public ClientFixture {
protected:
    /// The exchange with a peer that reads one request, sends `bytes` and does `then`.
    Exchange exchange_with(std::string bytes, test::PeerStep then = hang(), std::size_t chunk = 0)
    {
        peer_.expect_connection({read_request(), send_bytes(std::move(bytes), chunk), std::move(then)});
        return send();
    }
};

TEST_F(ClientTest, SendsOneRequestAndReadsItsAnswer)
{
    const Exchange exchange = exchange_with(
        answer("done", "Content-Type: Text/Plain; charset=utf-8\r\nRetry-After: 7\r\nDate: now\r\n")
    );
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->status, 200);
    EXPECT_EQ(exchange.response->body, "done");
    EXPECT_EQ(exchange.response->content_type, "text/plain");
    EXPECT_EQ(exchange.response->retry_after, "7");
    EXPECT_EQ(exchange.response->date, "now");
    EXPECT_FALSE(exchange.response->body_cut);
    EXPECT_FALSE(exchange.reused);
    EXPECT_EQ(exchange.peer, "127.0.0.1:" + std::to_string(peer_.port()));
    EXPECT_EQ(
        peer_.requests().at(0),
        "POST /hook?x=1 HTTP/1.1\r\nHost: " + origin_.host_field() +
            "\r\nAccept-Encoding: identity\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    );
}

TEST_F(ClientTest, ReadsAnAnswerThatComesByteByByte)
{
    const Exchange exchange = exchange_with(
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: "
        "y\r\n\r\n",
        hang(),
        1
    );
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->status, 201);
    EXPECT_EQ(exchange.response->body, "abcde");
    EXPECT_EQ(client_->counters().idle, 1U);
}

TEST_F(ClientTest, ReusesAConnection)
{
    peer_.expect_connection(
        {read_request(),
         send_bytes(answer("1")),
         read_request(),
         send_bytes(answer("2")),
         read_request(),
         send_bytes("HTTP/1.1 204 No Content\r\n\r\n")}
    );
    EXPECT_EQ(send().response->body, "1");
    const Exchange second = send();
    EXPECT_EQ(second.response->body, "2");
    EXPECT_TRUE(second.reused);
    EXPECT_EQ(send().response->status, 204);
    EXPECT_EQ(peer_.connections(), 1U);
    EXPECT_EQ(client_->counters().connections_opened, 1U);
    EXPECT_EQ(client_->counters().reused, 2U);
    EXPECT_EQ(client_->counters().idle, 1U);
}

TEST_F(ClientTest, ReplacesAConnectionThatEndedBeforeTheFirstByteOfAnAnswer)
{
    peer_.expect_connection({read_request(), send_bytes(answer("1")), read_request(), close_connection()});
    peer_.expect_connection({read_request(), send_bytes(answer("2"))});
    EXPECT_EQ(send().response->body, "1");
    const Exchange second = send();
    ASSERT_TRUE(second.response) << second.detail;
    EXPECT_EQ(second.response->body, "2");
    EXPECT_FALSE(second.reused);
    EXPECT_EQ(peer_.connections(), 2U);
}

TEST_F(ClientTest, ReplacesAStaleConnectionOnlyOnce)
{
    peer_.expect_connection({read_request(), send_bytes(answer("1")), read_request(), reset_connection()});
    peer_.expect_connection({read_request(), close_connection()});
    EXPECT_EQ(send().response->body, "1");
    const Exchange second = send();
    ASSERT_FALSE(second.response);
    EXPECT_EQ(second.response.error(), make_error_code(Errc::connection_reset));
    EXPECT_EQ(peer_.connections(), 2U);
}

TEST_F(ClientTest, DoesNotRepeatWhatWasPartlyAnswered)
{
    peer_.expect_connection(
        {read_request(), send_bytes(answer("1")), read_request(), send_bytes("HTTP/1.1 2"), close_connection()
        }
    );
    EXPECT_EQ(send().response->body, "1");
    const Exchange second = send();
    ASSERT_FALSE(second.response);
    EXPECT_EQ(second.response.error(), make_error_code(Errc::connection_reset));
    EXPECT_EQ(peer_.connections(), 1U);
}

TEST_F(ClientTest, TimesOutOnAPeerThatHangs)
{
    peer_.expect_connection({read_request(), hang()});
    Request request = post(origin_);
    request.deadlines.total = 30ms;
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
    EXPECT_EQ(exchange.detail, "no answer within 30ms");
}

TEST_F(ClientTest, TimesOutInTheMiddleOfAWholeBody)
{
    peer_.expect_connection({read_request(), send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")});
    Request request = post(origin_);
    request.whole_body = true;
    request.deadlines.total = 30ms;
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
    EXPECT_EQ(exchange.detail, "the answer was not complete within 30ms");
}

TEST_F(ClientTest, TimesOutWhenThePeerReadsNothing)
{
    peer_.expect_connection({});
    const std::string body(64 * 1024 * 1024, 'x');
    Request request = post(origin_, body);
    request.deadlines.total = 30ms;
    // The peer's end of the connection is never accepted, so nobody reads.
    asio::ip::tcp::acceptor silent(loop_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Origin origin = origin_;
    origin.port = silent.local_endpoint().port();
    request.origin = &origin;
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
    EXPECT_EQ(exchange.detail, "the request could not be sent within 30ms");
}

TEST_F(ClientTest, ADeadlineOfAnEarlierExchangeDoesNotEndALaterOne)
{
    peer_.expect_connection({read_request(), send_bytes(answer("1")), read_request(), hang()});
    Request request = post(origin_);
    request.deadlines.total = 10s;
    EXPECT_TRUE(send(request).response);
    request.deadlines.total = 20ms;
    EXPECT_EQ(send(request).response.error(), make_error_code(Errc::timed_out));
}

TEST_F(ClientTest, ReturnsARedirectAndDoesNotFollowIt)
{
    const Exchange exchange =
        exchange_with("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(exchange.response);
    EXPECT_EQ(exchange.response->status, 302);
    EXPECT_EQ(peer_.requests().size(), 1U);
}

TEST_F(ClientTest, ReadsAnEarlyRefusalInSpiteOfTheWriteError)
{
    peer_.expect_connection(
        {send_bytes("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
         close_connection()}
    );
    const std::string body(16 * 1024 * 1024, 'x');
    const Exchange exchange = send(post(origin_, body));
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->status, 413);
    EXPECT_EQ(client_->counters().idle, 0U);
}

TEST_F(ClientTest, NamesARefusedConnection)
{
    asio::ip::tcp::acceptor gone(loop_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Origin origin = origin_;
    origin.port = gone.local_endpoint().port();
    gone.close();
    const Exchange exchange = send(post(origin));
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::connection_refused));
    EXPECT_EQ(
        exchange.detail, "connect to 127.0.0.1:" + std::to_string(origin.port) + ": Connection refused"
    );
    EXPECT_EQ(exchange.peer, "");
}

TEST_F(ClientTest, NamesAnUnknownHost)
{
    Origin origin = origin_;
    origin.host = "no-such-host.invalid";
    const Exchange exchange = send(post(origin));
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(classify(exchange.response.error()), ErrorClass::dns);
    EXPECT_TRUE(exchange.detail.starts_with("look-up of no-such-host.invalid: ")) << exchange.detail;
}

TEST_F(ClientTest, ReachesLocalhostByName)
{
    peer_.expect_connection({read_request(), send_bytes(answer("here"))});
    Origin origin = origin_;
    origin.host = "localhost";
    const Exchange exchange = send(post(origin));
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->body, "here");
}

TEST_F(ClientTest, TheGuardBlocksLoopback)
{
    const AddressGuard guard({}, {}, true);
    for (const char* host : {"127.0.0.1", "localhost"}) {
        Origin origin = origin_;
        origin.host = host;
        Request request = post(origin);
        request.guard = &guard;
        const Exchange exchange = send(request);
        ASSERT_FALSE(exchange.response) << host;
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::blocked_address)) << exchange.detail;
    }
    EXPECT_EQ(peer_.connections(), 0U);
}

TEST_F(ClientTest, AGuardedRequestNeverUsesAnUnguardedConnection)
{
    const AddressGuard guard({}, {}, true);
    peer_.expect_connection({read_request(), send_bytes(answer("1")), read_request(), send_bytes(answer("2"))}
    );
    EXPECT_EQ(send().response->body, "1");
    Request request = post(origin_);
    request.guard = &guard;
    EXPECT_FALSE(send(request).response);
    EXPECT_EQ(peer_.requests().size(), 1U);
}

TEST_F(ClientTest, TheGuardOpensWhatIsAllowed)
{
    const AddressGuard guard({parse_network("127.0.0.0/8").value()}, {}, true);
    peer_.expect_connection({read_request(), send_bytes(answer("1")), read_request(), send_bytes(answer("2"))}
    );
    Request request = post(origin_);
    request.guard = &guard;
    EXPECT_EQ(send(request).response->body, "1");
    EXPECT_TRUE(send(request).reused);
}

TEST_F(ClientTest, TheGuardRefusesPlainHttp)
{
    const AddressGuard guard({parse_network("127.0.0.0/8").value()}, {}, false);
    Request request = post(origin_);
    request.guard = &guard;
    EXPECT_EQ(send(request).response.error(), make_error_code(Errc::http_not_allowed));
}

TEST_F(ClientTest, CancellationEndsTheExchange)
{
    peer_.expect_connection({read_request(), hang()});
    const Request request = post(origin_);
    asio::cancellation_signal signal;
    std::optional<Exchange> result;
    asio::co_spawn(
        loop_,
        client_->send(request),
        asio::bind_cancellation_slot(
            signal.slot(),
            [&result](const std::exception_ptr& failure, Exchange exchange) {
                EXPECT_FALSE(failure);
                result = std::move(exchange);
            }
        )
    );
    while (peer_.requests().empty())
        loop_.run_one();
    signal.emit(asio::cancellation_type::terminal);
    while (!result)
        loop_.run_one();
    ASSERT_FALSE(result->response);
    EXPECT_EQ(result->response.error(), make_error_code(Errc::cancelled));
}

TEST_F(ClientTest, CloseEndsEveryExchangeAndKeepsNothing)
{
    peer_.expect_connection({read_request(), send_bytes(answer("1"))});
    peer_.expect_connection({read_request(), hang()});
    EXPECT_TRUE(send().response);
    const AddressGuard guard({parse_network("127.0.0.0/8").value()}, {}, true);
    Request request = post(origin_);
    request.guard = &guard;
    std::future<Exchange> hanging = asio::co_spawn(loop_, client_->send(request), asio::use_future);
    while (peer_.requests().size() < 2)
        loop_.run_one();
    run(client_->close());
    EXPECT_EQ(hanging.get().response.error(), make_error_code(Errc::cancelled));
    EXPECT_EQ(client_->counters().idle, 0U);
    EXPECT_EQ(send().response.error(), make_error_code(Errc::cancelled));
}

TEST_F(ClientTest, KeepsNoMoreIdleConnectionsThanItMay)
{
    ClientOptions options;
    options.max_idle_per_origin = 2;
    Client client(loop_, clock_, options);
    const Request request = post(origin_);
    std::vector<std::future<Exchange>> exchanges;
    for (int i = 0; i < 4; ++i) {
        peer_.expect_connection({read_request(), send_bytes(answer("x"))});
        exchanges.push_back(asio::co_spawn(loop_, client.send(request), asio::use_future));
    }
    for (const std::future<Exchange>& exchange : exchanges) {
        while (exchange.wait_for(0s) != std::future_status::ready)
            loop_.run_one();
    }
    EXPECT_EQ(client.counters().idle, 2U);
    run(client.close());
}

TEST_F(ClientTest, GivesUpAnIdleConnectionAfterAWhile)
{
    ClientOptions options;
    options.idle_timeout = 20ms;
    Client client(loop_, clock_, options);
    peer_.expect_connection({read_request(), send_bytes(answer("x"))});
    Request request = post(origin_);
    request.deadlines.total = 40ms;
    EXPECT_TRUE(run(client.send(request)).response);
    EXPECT_EQ(client.counters().idle, 1U);
    while (client.counters().idle > 0)
        loop_.run_one();
    run(client.close());
}

}  // namespace
}  // namespace pollhook::http
