#include "client_fixture.hpp"
#include "pollhook/http/error.hpp"
#include "support/manual_clock.hpp"

#include <string>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::read_request;
using test::send_bytes;

/// Each phase has a limit of its own, the exchange has one for all of them.
class DeadlineTest : public ClientFixture {
protected:
    void expect_timeout(const Request& request, const std::string& detail)
    {
        const Exchange exchange = send(request);
        ASSERT_FALSE(exchange.response);
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
        EXPECT_EQ(exchange.detail, detail);
        EXPECT_EQ(client_->counters().idle, 0U);
    }
};

TEST_F(DeadlineTest, LimitsTheWriting)
{
    asio::ip::tcp::acceptor silent(loop_, {asio::ip::address_v4::loopback(), 0});
    origin_.port = silent.local_endpoint().port();
    const std::string body(64 * 1024 * 1024, 'x');
    Request request = post(origin_, body);
    request.deadlines.write = 40ms;
    expect_timeout(request, "the request could not be sent within 40ms");
}

TEST_F(DeadlineTest, LimitsTheWaitForTheHead)
{
    Request request = post(origin_);
    request.deadlines.head = 40ms;
    peer_.expect_connection({read_request()});
    expect_timeout(request, "no answer within 40ms");
    peer_.expect_connection({read_request(), send_bytes("HTTP/1.1 200 OK\r\nX: y\r\n", 1)});
    expect_timeout(request, "the answer's head was not complete within 40ms");
    peer_.expect_connection({read_request(), send_bytes("HTTP/1.1 100 Continue\r\n\r\n")});
    expect_timeout(request, "the answer's head was not complete within 40ms");
}

TEST_F(DeadlineTest, LimitsTheBody)
{
    Request request = post(origin_);
    request.deadlines.body = 40ms;
    request.whole_body = true;
    peer_.expect_connection({read_request(), send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")});
    expect_timeout(request, "the answer was not complete within 40ms");
}

TEST_F(DeadlineTest, TheTotalEndsAPhaseThatHasTimeLeft)
{
    Request request = post(origin_);
    request.deadlines.total = 40ms;
    peer_.expect_connection({read_request()});
    expect_timeout(request, "no answer within 40ms");
    origin_.scheme = Scheme::https;
    peer_.expect_connection({test::hang()});
    expect_timeout(request, "the 40ms of the whole attempt ran out during the TLS handshake");
}

TEST_F(DeadlineTest, OfAnEarlierPhaseDoesNotEndALaterOne)
{
    test::ManualClock clock(loop_);
    Client client(loop_, clock, ClientOptions());
    peer_.expect_connection(
        {read_request(),
         send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
         send_bytes("ab", 1),
         read_request()}
    );
    Request request = post(origin_);
    request.deadlines.body = 1s;
    ASSERT_TRUE(run(client.send(request)).response);
    request.deadlines.head = 10s;
    std::future<Exchange> second = asio::co_spawn(loop_, client.send(request), asio::use_future);
    while (peer_.requests().size() < 2)
        loop_.run_one();
    clock.advance(9999ms);
    EXPECT_NE(second.wait_for(0s), std::future_status::ready);
    clock.advance(1ms);
    while (second.wait_for(0s) != std::future_status::ready)
        loop_.run_one();
    EXPECT_EQ(second.get().detail, "no answer within 10s");
    run(client.close());
}

TEST_F(DeadlineTest, AWholeExchangeWithinItsLimitsSetsOffNone)
{
    peer_.expect_connection(
        {read_request(),
         send_bytes(answer(std::string(300'000, 'x'))),
         read_request(),
         send_bytes(answer("2"))}
    );
    Request request = post(origin_);
    request.whole_body = true;
    request.response_limit = 1024 * 1024;
    request.deadlines = {
        .look_up = 9s, .connect = 9s, .tls = 9s, .write = 8s, .head = 7s, .body = 6s, .total = 10s
    };
    EXPECT_TRUE(send(request).response);
    EXPECT_EQ(send(request).response->body, "2");
}

class KeptFieldsTest : public ClientFixture {
protected:
    Response response_to(const std::string& fields, std::span<const std::string_view> keep)
    {
        peer_.expect_connection({read_request(), send_bytes(answer("", fields + "Connection: close\r\n"))});
        Request request = post(origin_);
        request.keep_fields = keep;
        const Exchange exchange = send(request);
        if (exchange.response)
            return *exchange.response;
        ADD_FAILURE() << exchange.detail;
        return {};
    }
};

TEST_F(KeptFieldsTest, AreThoseThatWereWanted)
{
    constexpr std::string_view wanted[] = {"webhook-allowed-origin", "webhook-allowed-rate", "date"};
    const Response response = response_to(
        "WebHook-Allowed-Rate: 120\r\nX-Other: 1\r\nWEBHOOK-ALLOWED-ORIGIN: *\r\nDate: "
        "now\r\nWebhook-Allowed-Rate: 9\r\n",
        wanted
    );
    const std::vector<std::pair<std::string, std::string>> expected{
        {"webhook-allowed-rate", "120"},
        {"webhook-allowed-origin", "*"},
        {"date", "now"},
        {"webhook-allowed-rate", "9"}
    };
    EXPECT_EQ(response.fields, expected);
    EXPECT_EQ(response.date, "now");
}

TEST_F(KeptFieldsTest, AreNoneUnlessAskedFor)
{
    EXPECT_TRUE(response_to("WebHook-Allowed-Origin: *\r\n", {}).fields.empty());
}

TEST_F(KeptFieldsTest, AreFewAndShort)
{
    constexpr std::string_view wanted[] = {"x"};
    std::string fields = "X: " + std::string(1025, 'l') + "\r\nX: " + std::string(1024, 's') + "\r\n";
    for (int i = 0; i < 20; ++i)
        fields += "X: " + std::to_string(i) + "\r\n";
    const Response response = response_to(fields, wanted);
    ASSERT_EQ(response.fields.size(), 16U);
    EXPECT_EQ(response.fields.front().second, std::string(1024, 's'));
    EXPECT_EQ(response.fields.back().second, "14");
}

}  // namespace
}  // namespace pollhook::http
