#include "client_fixture.hpp"
#include "pollhook/http/error.hpp"

#include <string>

namespace pollhook::http {
namespace {

using namespace std::chrono_literals;
using test::close_connection;
using test::hang;
using test::read_request;
using test::reset_connection;
using test::send_bytes;
using test::send_forever;

class AnswerTest : public ClientFixture {
protected:
    /// The exchange with a peer that reads one request, sends `bytes` and does `then`.
    Exchange exchange_with(std::string bytes, test::PeerStep then = hang(), std::size_t chunk = 0)
    {
        peer_.expect_connection({read_request(), send_bytes(std::move(bytes), chunk), std::move(then)});
        return send();
    }
};

TEST_F(AnswerTest, SkipsInterimAnswers)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nRetry-After: 9\r\n\r\n";
    const Exchange exchange = exchange_with(bytes + answer("final"));
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->status, 200);
    EXPECT_EQ(exchange.response->body, "final");
    EXPECT_EQ(exchange.response->retry_after, "");
}

TEST_F(AnswerTest, RefusesEndlessInterimAnswers)
{
    peer_.expect_connection({read_request(), send_forever("HTTP/1.1 100 Continue\r\n\r\n")});
    const Exchange exchange = send();
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::malformed_answer));
    EXPECT_EQ(exchange.detail, "more than 8 interim (1xx) answers");
}

struct Malformed {
    const char* name;
    std::string bytes;
};

class MalformedAnswerTest : public ClientFixture, public testing::WithParamInterface<Malformed> {};

TEST_P(MalformedAnswerTest, IsRefused)
{
    peer_.expect_connection({read_request(), send_bytes(GetParam().bytes)});
    Request request = post(origin_);
    request.whole_body = true;
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::malformed_answer)) << exchange.detail;
    EXPECT_FALSE(exchange.detail.empty());
    EXPECT_EQ(client_->counters().idle, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Answer,
    MalformedAnswerTest,
    testing::Values(
        Malformed{"Status099", "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n"},
        Malformed{"Status999", "HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n"},
        Malformed{"Status600", "HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n"},
        Malformed{"Switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"},
        Malformed{"NotHttp", "220 smtp.example ESMTP\r\n"},
        Malformed{"Http2", "HTTP/2.0 200 OK\r\n\r\n"},
        Malformed{
            "HugeHead", "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\nContent-Length: 0\r\n\r\n"
        },
        Malformed{"ManyFields", "HTTP/1.1 200 OK\r\n" + std::string(17'000, '\n')},
        Malformed{"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
        Malformed{"NegativeLength", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
        Malformed{
            "LengthAndChunked",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        },
        Malformed{"UnknownCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"},
        Malformed{"Encoded", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"},
        Malformed{"BadChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
        Malformed{
            "LongTrailer",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(65'536, 'x') +
                "\r\n\r\n"
        }
    ),
    [](const auto& test) { return test.param.name; }
);

TEST_F(AnswerTest, RefusesAnEndlessChunkExtension)
{
    Request request = post(origin_);
    request.whole_body = true;
    peer_.expect_connection(
        {read_request(),
         send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x="),
         send_forever(std::string(8192, 'x'))}
    );
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::malformed_answer));
    EXPECT_EQ(exchange.detail, "a line of the answer is longer than 64 KiB");
}

TEST_F(AnswerTest, RefusesFramingOutOfProportion)
{
    Request request = post(origin_);
    request.whole_body = true;
    peer_.expect_connection(
        {read_request(),
         send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
         send_forever("1;x=" + std::string(8192, 'x') + "\r\na\r\n")}
    );
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::malformed_answer));
    EXPECT_EQ(exchange.detail, "too much chunk framing for too little body");
}

TEST_F(AnswerTest, CutsALongBodyWhenOnlyTheStatusCounts)
{
    const Exchange exchange = exchange_with(answer(std::string(8 * 1024 * 1024, 'x')));
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->status, 200);
    EXPECT_EQ(exchange.response->body.size(), 64U * 1024);
    EXPECT_TRUE(exchange.response->body_cut);
    EXPECT_EQ(client_->counters().idle, 0U);
}

TEST_F(AnswerTest, CutsAnEndlessChunkedBody)
{
    peer_.expect_connection(
        {read_request(),
         send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
         send_forever("1000\r\n" + std::string(0x1000, 'x') + "\r\n")}
    );
    const Exchange exchange = send();
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->body.size(), 64U * 1024);
    EXPECT_TRUE(exchange.response->body_cut);
}

TEST_F(AnswerTest, FailsOnALongBodyThatMustBeWhole)
{
    for (const char* framing : {"Content-Length: 100", "Transfer-Encoding: chunked"}) {
        std::string bytes = "HTTP/1.1 200 OK\r\n" + std::string(framing) + "\r\n\r\n";
        bytes += std::string_view(framing).starts_with("T") ? "64\r\n" : "";
        peer_.expect_connection({read_request(), send_bytes(bytes + std::string(100, 'x'))});
        Request request = post(origin_);
        request.whole_body = true;
        request.response_limit = 99;
        const Exchange exchange = send(request);
        ASSERT_FALSE(exchange.response) << framing;
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::malformed_answer));
        EXPECT_NE(exchange.detail.find("limit"), std::string::npos) << exchange.detail;
    }
}

TEST_F(AnswerTest, ReadsALargeBodyThatMustBeWhole)
{
    const std::string body(3 * 1024 * 1024, 'b');
    peer_.expect_connection(
        {read_request(), send_bytes(answer(body)), read_request(), send_bytes(answer("next"))}
    );
    Request request = post(origin_);
    request.whole_body = true;
    request.response_limit = 8 * 1024 * 1024;
    const Exchange exchange = send(request);
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.response->body, body);
    EXPECT_EQ(send(request).response->body, "next");
    EXPECT_EQ(peer_.connections(), 1U);
}

TEST_F(AnswerTest, TakesTheStatusOfAnAnswerThatIsResetMidway)
{
    const Exchange exchange =
        exchange_with("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", close_connection());
    ASSERT_TRUE(exchange.response);
    EXPECT_EQ(exchange.response->status, 200);
    EXPECT_TRUE(exchange.response->body_cut);
}

TEST_F(AnswerTest, TakesTheStatusOfAnAnswerWhoseBodyHangs)
{
    peer_.expect_connection(
        {read_request(), send_bytes("HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\nabc")}
    );
    Request request = post(origin_);
    request.deadlines.total = 30ms;
    const Exchange exchange = send(request);
    ASSERT_TRUE(exchange.response);
    EXPECT_EQ(exchange.response->status, 410);
    EXPECT_EQ(exchange.response->body, "abc");
    EXPECT_TRUE(exchange.response->body_cut);
    EXPECT_EQ(exchange.detail, "the answer was not complete within 30ms");
}

TEST_F(AnswerTest, FailsWhenAWholeBodyIsResetMidway)
{
    peer_.expect_connection(
        {read_request(), send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), reset_connection()}
    );
    Request request = post(origin_);
    request.whole_body = true;
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::connection_reset));
}

TEST_F(AnswerTest, SaysWhenThePeerEndsInTheMiddleOfTheHead)
{
    const Exchange exchange = exchange_with("HTTP/1.1 200 OK\r\nContent-", close_connection());
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::connection_reset));
    EXPECT_EQ(exchange.detail, "the connection ended in the middle of the answer's head");
}

struct NotReused {
    const char* name;
    std::string bytes;
};

class NotReusedTest : public ClientFixture, public testing::WithParamInterface<NotReused> {};

TEST_P(NotReusedTest, NextExchangeGetsItsOwnConnection)
{
    peer_.expect_connection(
        {read_request(), send_bytes(GetParam().bytes), read_request(), send_bytes(answer("wrong"))}
    );
    peer_.expect_connection({read_request(), send_bytes(answer("right"))});
    ASSERT_TRUE(send().response);
    EXPECT_EQ(client_->counters().idle, 0U);
    EXPECT_EQ(send().response->body, "right");
}

INSTANTIATE_TEST_SUITE_P(
    Answer,
    NotReusedTest,
    testing::Values(
        NotReused{"Http10", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
        NotReused{
            "Http10KeepAlive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
        },
        NotReused{"ConnectionClose", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
        NotReused{"BytesLeftOver", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"},
        NotReused{"SecondAnswer", answer("1") + answer("2")},
        NotReused{"BodyOf204", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"},
        NotReused{"BodyOf304", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"}
    ),
    [](const auto& test) { return test.param.name; }
);

TEST_F(AnswerTest, ReadsABodyThatEndsWithTheConnection)
{
    const Exchange exchange = exchange_with("HTTP/1.1 200 OK\r\n\r\nall of it", close_connection());
    ASSERT_TRUE(exchange.response);
    EXPECT_EQ(exchange.response->body, "all of it");
    EXPECT_FALSE(exchange.response->body_cut);
    EXPECT_EQ(client_->counters().idle, 0U);
}

TEST_F(AnswerTest, NoticesBytesThatCameWhileNothingWasAsked)
{
    peer_.expect_connection({read_request(), send_bytes(answer("1")), send_bytes(answer("poison"))});
    peer_.expect_connection({read_request(), send_bytes(answer("2"))});
    EXPECT_EQ(send().response->body, "1");
    loop_.poll();
    EXPECT_EQ(send().response->body, "2");
}

}  // namespace
}  // namespace pollhook::http
