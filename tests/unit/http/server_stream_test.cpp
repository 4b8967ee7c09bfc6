#include "support/raw_client.hpp"
#include "unit/http/running_server.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

// Bodies that are read while they arrive, and answers that are made while they are sent.

namespace pollhook::http {
namespace {

using std::chrono::steady_clock;
using test::RawClient;

constexpr std::size_t large = 9UL * 1024 * 1024;

/// What the application did with the last request.
struct Seen {
    std::atomic<std::size_t> bytes = 0;
    std::atomic<std::size_t> pieces = 0;
    std::atomic<std::size_t> largest = 0;
    std::atomic<bool> failed = false;
    std::atomic<bool> stream_spoke = false;
    std::atomic<bool> stream_ended = false;
};

asio::awaitable<ServerResponse> count_body(const ServerRequest& request, Seen& seen)
{
    ServerResponse response;
    if (request.path == "/refuse" || request.stream == nullptr) {
        response.status = 409;
        co_return response;
    }
    for (;;) {
        const base::Result<std::string> piece = co_await request.stream->read();
        if (!piece) {
            // What was begun may still be finished, which takes waiting.
            co_await asio::post(asio::use_awaitable);
            seen.failed = true;
            response.status = 400;
            co_return response;
        }
        if (piece->empty())
            break;
        seen.bytes += piece->size();
        ++seen.pieces;
        seen.largest = std::max(seen.largest.load(), piece->size());
    }
    response.body = std::to_string(seen.bytes);
    co_return response;
}

ServerOptions streaming_options()
{
    ServerOptions options = loopback();
    options.streams_body = [](const ServerRequest& head) { return head.path != "/whole"; };
    return options;
}

/// Sends `text` once and then says something every millisecond, or waits for ever.
asio::awaitable<void> talk(
    ResponseStream& out, base::Clock& clock, std::string text, bool goes_on, Seen& seen
)
{
    struct AtEnd {
        Seen& seen;
        ~AtEnd() { seen.stream_ended = true; }
    };
    const AtEnd at_end{seen};
    bool is_open = co_await out.write(std::move(text));
    seen.stream_spoke = true;
    const auto timer = clock.make_timer();
    while (is_open) {
        const base::SteadyPoint until =
            goes_on ? clock.steady_now() + base::Duration(1) : base::SteadyPoint::max();
        co_await timer->wait_until(until);
        is_open = co_await out.write(std::string(64UL * 1024, 'x'));
    }
}

class StreamTest : public testing::Test {
protected:
    void serve(ServerOptions options = streaming_options())
    {
        running_ = std::make_unique<Running>(std::move(options), [this](const ServerRequest& request) {
            return respond(request);
        });
    }
    asio::awaitable<ServerResponse> respond(const ServerRequest& request)
    {
        if (request.method == "POST")
            return count_body(request, seen_);
        return start(request.path == "/for-ever", request.path == "/fails");
    }
    asio::awaitable<ServerResponse> start(bool goes_on, bool fails)
    {
        ServerResponse response;
        response.content_type = "text/event-stream";
        if (fails)
            response.stream = [](ResponseStream& out) -> asio::awaitable<void> {
                (void)co_await out.write("some");
                throw std::runtime_error("no more");
            };
        else
            response.stream = [this, goes_on](ResponseStream& out) {
                return talk(out, running_->clock(), "hello\n", goes_on, seen_);
            };
        co_return response;
    }
    RawClient connect() { return RawClient(running_->endpoint()); }
    static bool becomes(const std::atomic<bool>& flag)
    {
        const auto deadline = steady_clock::now() + std::chrono::seconds(20);
        while (!flag && steady_clock::now() < deadline)
            std::this_thread::yield();
        return flag;
    }
    [[nodiscard]] bool stream_speaks() const { return becomes(seen_.stream_spoke); }
    [[nodiscard]] bool stream_ends() const { return becomes(seen_.stream_ended); }

    Seen seen_;
    std::unique_ptr<Running> running_;
};

TEST_F(StreamTest, AnApplicationReadsABodyThatIsLargerThanTheLimitPieceByPiece)
{
    serve();
    RawClient client = connect();
    const auto answer = client.ask("POST", "/count", {}, std::string(large, 'a'));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, std::to_string(large));
    EXPECT_GT(seen_.pieces, 10U);
    EXPECT_LE(seen_.largest, 64U * 1024);
    EXPECT_EQ(client.ask("POST", "/count", {}, "ab").status, 200) << "the connection serves on";
}

TEST_F(StreamTest, ReadsAChunkedBodyToo)
{
    serve();
    RawClient client = connect();
    client.send("POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; ++i)
        client.send("4\r\nabcd\r\n");
    const auto answer = client.ask("0\r\n\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "12");
}

TEST_F(StreamTest, OtherBodiesStayLimited)
{
    serve();
    RawClient client = connect();
    client.send("POST /whole HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n");
    EXPECT_EQ(client.receive().status, 413);
    RawClient other = connect();
    other.send("POST /whole HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    other.send("900000\r\n");
    EXPECT_EQ(other.receive().status, 413);
}

TEST_F(StreamTest, AnswersAndClosesWhenTheBodyIsNotWanted)
{
    serve();
    RawClient client = connect();
    const auto answer = client.ask("POST", "/refuse", {}, std::string(large, 'a'));
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.fields.at("Connection"), "close");
}

TEST_F(StreamTest, TheApplicationLearnsThatABodyEndedEarly)
{
    serve();
    {
        RawClient client = connect();
        client.send("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc");
    }
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    while (!seen_.failed && steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_TRUE(seen_.failed);
}

TEST_F(StreamTest, ABodyThatStopsComingIsGivenUp)
{
    ServerOptions options = streaming_options();
    options.request_timeout = std::chrono::milliseconds(50);
    serve(std::move(options));
    RawClient client = connect();
    client.send("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc");
    EXPECT_EQ(client.receive().status, 400);
    EXPECT_TRUE(seen_.failed);
}

TEST_F(StreamTest, AStreamEndsInOrderWhenTheServerStops)
{
    serve();
    RawClient client = connect();
    client.send("GET /quiet HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.receive_head().status, 200);
    ASSERT_TRUE(stream_speaks());
    running_->stop(std::chrono::seconds(20));
    EXPECT_TRUE(seen_.stream_ended);
    EXPECT_EQ(client.end(), asio::error::eof) << "and not a reset";
}

TEST_F(StreamTest, AStreamThatEndsIsWhole)
{
    serve();
    std::thread stopping;
    RawClient client = connect();
    client.send("GET /quiet HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(stream_speaks());
    stopping = std::thread([this] { running_->stop(std::chrono::seconds(20)); });
    const auto answer = client.receive();
    stopping.join();
    EXPECT_FALSE(answer.error) << answer.error.message();
    EXPECT_EQ(answer.body, "hello\n");
}

TEST_F(StreamTest, NoticesAtOnceThatTheClientOfAQuietStreamLeft)
{
    serve();
    {
        RawClient client = connect();
        client.send("GET /quiet HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_EQ(client.receive_head().status, 200);
    }
    EXPECT_TRUE(stream_ends());
}

TEST_F(StreamTest, AReaderThatTakesNothingIsCutOff)
{
    ServerOptions options = streaming_options();
    options.request_timeout = std::chrono::milliseconds(100);
    serve(std::move(options));
    RawClient client = connect();
    client.send("GET /for-ever HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(stream_ends());
}

TEST_F(StreamTest, AStreamOfAClientThatWantsToCloseIsStreamedAllTheSame)
{
    serve();
    RawClient client = connect();
    client.send("GET /quiet HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.receive_head().status, 200);
    EXPECT_FALSE(seen_.stream_ended);
}

TEST_F(StreamTest, HeadAndOldClientsGetNoStream)
{
    serve();
    RawClient head = connect();
    EXPECT_EQ(head.ask("HEAD /quiet HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
    RawClient old = connect();
    EXPECT_EQ(old.ask("GET /quiet HTTP/1.0\r\nHost: localhost\r\n\r\n").status, 505);
}

}  // namespace
}  // namespace pollhook::http
