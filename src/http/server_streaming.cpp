#include "pollhook/base/task_group.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/http/problem.hpp"
#include "server_reading.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

// How a connection sends an answer that is made while it is sent.

namespace pollhook::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

/// Sends one chunk after the other. Lives in stream()'s frame.
class ServerConnection::Stream final : public ResponseStream {
public:
    explicit Stream(ServerConnection& connection) : connection_(connection) {}

    asio::awaitable<bool> write(std::string bytes) override
    {
        if (bytes.empty() || connection_.closing_)
            co_return !connection_.closing_;
        const std::string size = fmt::format("{:x}\r\n", bytes.size());
        const std::array<asio::const_buffer, 3> parts{
            asio::buffer(size), asio::buffer(bytes), asio::buffer("\r\n", 2)
        };
        const error_code ec = co_await connection_.send(parts);
        broken_ = broken_ || ec;
        if (!ec)
            connection_.enter(Phase::streaming, for_ever);
        co_return !ec && !connection_.closing_;
    }
    /// A chunk is incomplete: nothing more can be said.
    [[nodiscard]] bool is_broken() const noexcept { return broken_; }

private:
    ServerConnection& connection_;
    bool broken_ = false;
};

/// The deadline is for each step: a slow reader of many bytes is not a silent one. What `parts` name lives in
/// the caller's frame.
asio::awaitable<error_code> ServerConnection::send(std::array<asio::const_buffer, 3> parts)
{
    beast::buffers_suffix<std::array<asio::const_buffer, 3>> rest(parts);
    error_code ec;
    while (!ec && beast::buffer_bytes(rest) > 0) {
        enter(Phase::writing, options_.request_timeout);
        const std::size_t sent =
            co_await socket_.async_write_some(rest, asio::redirect_error(asio::use_awaitable, ec));
        rest.consume(sent);
    }
    co_return ec;
}

/// `incoming` and `response` live in exchange()'s frame. A stream is its connection's last answer: it mostly
/// ends with its client.
asio::awaitable<void> ServerConnection::stream(const ServerResponse& response, const Incoming& incoming)
{
    if (incoming.old_version || closing_) {
        closing_ = true;
        const ServerResponse refusal =
            incoming.old_version ? problem(505, "streams need HTTP/1.1") : problem(503, "the server stops");
        co_await write(refusal, incoming);
        co_return;
    }
    const std::string head =
        head_of(response, incoming, "Transfer-Encoding: chunked\r\nConnection: close\r\n");
    enter(Phase::writing, options_.request_timeout);
    error_code ec;
    co_await asio::async_write(socket_, asio::buffer(head), asio::redirect_error(asio::use_awaitable, ec));
    if (closing_ || ec || incoming.head_only) {
        closing_ = true;
        co_return;
    }

    enter(Phase::streaming, for_ever);
    const auto executor = co_await asio::this_coro::executor;
    base::TaskGroup leaving(executor);
    leaving.spawn(watch_for_leaving());
    Stream out(*this);
    std::string failure;
    try {
        asio::awaitable<void> making = response.stream(out);
        co_await std::move(making);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    // Cancelled or not, the end has to be said.
    co_await asio::this_coro::reset_cancellation_state();
    if (!failure.empty() && !closing_ && !left_)
        spdlog::error("http.stream_failed: peer={} error=\"{}\"", peer_, base::printable(failure));
    closing_ = true;
    if (!out.is_broken() && !left_) {
        enter(Phase::writing, options_.request_timeout);
        static constexpr std::string_view last_chunk = "0\r\n\r\n";
        co_await asio::async_write(
            socket_, asio::buffer(last_chunk), asio::redirect_error(asio::use_awaitable, ec)
        );
        socket_.shutdown(Socket::shutdown_send, ec);
    }
    leaving.cancel();
    co_await leaving.join();
}

/// Nobody speaks while an answer is streamed: what ends this wait is the client's end.
asio::awaitable<void> ServerConnection::watch_for_leaving()
{
    std::array<char, 1024> sink{};
    error_code ec;
    while (!ec) {
        const asio::mutable_buffer space = asio::buffer(sink);
        co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
    }
    if (ec == asio::error::operation_aborted)
        co_return;
    left_ = true;
    interrupt_.emit(asio::cancellation_type::terminal);
}

}  // namespace pollhook::http
