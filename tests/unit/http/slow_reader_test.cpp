#include "server_connection.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// A reader of a streamed answer, with time by hand.

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;

constexpr std::size_t page = 4UL * 1024 * 1024;

class SlowReaderTest : public ::testing::Test {
protected:
    SlowReaderTest()
    {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0)
            throw std::runtime_error("socketpair");
        client_ = ends[1];
        options_.request_timeout = seconds(30);
        respond_ = [](const ServerRequest&) -> asio::awaitable<ServerResponse> {
            ServerResponse response;
            response.stream = [](ResponseStream& out) -> asio::awaitable<void> {
                std::string bytes(page, 'x');
                (void)co_await out.write(std::move(bytes));
            };
            co_return response;
        };
        ServerConnection::Socket socket(loop_);
        socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), ends[0]);
        connection_.emplace(std::move(socket), clock_, options_, respond_);
        const auto end = [this](std::exception_ptr) { --running_; };
        asio::co_spawn(loop_, connection_->run(), asio::bind_cancellation_slot(cancel_[0].slot(), end));
        asio::co_spawn(loop_, connection_->watch(), asio::bind_cancellation_slot(cancel_[1].slot(), end));
        constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        EXPECT_EQ(::send(client_, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
        clock_.drain();
    }
    ~SlowReaderTest() override
    {
        ::close(client_);
        clock_.drain();
        EXPECT_EQ(running_, 0);
    }

    /// Takes what has arrived, up to `most` bytes, and lets the server go on.
    std::size_t take(std::size_t most)
    {
        std::vector<char> bytes(most);
        const ssize_t size = ::recv(client_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        clock_.drain();
        return size > 0 ? static_cast<std::size_t>(size) : 0;
    }

    asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    ServerOptions options_;
    Server::Respond respond_;
    int client_ = -1;
    int running_ = 2;
    std::array<asio::cancellation_signal, 2> cancel_;
    std::optional<ServerConnection> connection_;
};

TEST_F(SlowReaderTest, AReaderThatTakesALittleAtATimeGetsItAll)
{
    std::size_t taken = 0;
    for (std::size_t some = 1; some > 0; taken += some) {
        clock_.advance(seconds(20));
        some = take(256UL * 1024);
    }
    EXPECT_GT(taken, page) << "with the head and the sizes of the chunks";
}

TEST_F(SlowReaderTest, AReaderThatStopsIsCutOff)
{
    ASSERT_GT(take(256UL * 1024), 0U);
    clock_.advance(seconds(29));
    EXPECT_EQ(running_, 2);
    clock_.advance(seconds(2));
    EXPECT_EQ(running_, 0);
}

}  // namespace
}  // namespace pollhook::http
