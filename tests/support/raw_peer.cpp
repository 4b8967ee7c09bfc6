#include "support/raw_peer.hpp"

#include "pollhook/base/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pollhook::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

PeerStep step(PeerStep::Kind kind, std::string bytes = {}, std::size_t chunk = 0)
{
    PeerStep result;
    result.kind = kind;
    result.bytes = std::move(bytes);
    result.chunk = chunk;
    return result;
}

std::size_t body_size(const std::string& head)
{
    const std::string lower = base::to_lower(head);
    const std::string name = "\r\ncontent-length:";
    const std::size_t place = lower.find(name);
    return place == std::string::npos ? 0 : std::stoul(lower.substr(place + name.size()));
}

/// `transport` and `bytes` belong to the caller, who awaits.
template <class Transport>
asio::awaitable<bool> send_all(Transport& transport, const std::string& bytes, std::size_t chunk)
{
    const std::size_t piece = chunk == 0 ? std::max<std::size_t>(bytes.size(), 1) : chunk;
    for (std::size_t sent = 0; sent < bytes.size(); sent += piece) {
        error_code ec;
        const auto part = asio::buffer(bytes.data() + sent, std::min(piece, bytes.size() - sent));
        co_await asio::async_write(transport, part, asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            co_return false;
        const auto executor = transport.get_executor();
        co_await asio::post(executor, asio::use_awaitable);
    }
    co_return true;
}

asio::awaitable<void> end_of(tcp::socket&, tcp::socket& socket)
{
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    co_return;
}

/// Says close_notify without waiting for the other end's.
asio::awaitable<void> end_of(asio::ssl::stream<tcp::socket&>& tls, tcp::socket& socket)
{
    ::SSL_set_quiet_shutdown(tls.native_handle(), 0);
    ::SSL_set_shutdown(tls.native_handle(), SSL_RECEIVED_SHUTDOWN);
    error_code ignored;
    co_await tls.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

template <class Transport>
asio::awaitable<void> drain(Transport& transport)
{
    std::array<char, 4096> ignored{};
    for (error_code ec; !ec;)
        co_await transport.async_read_some(
            asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, ec)
        );
}

}  // namespace

PeerStep read_request()
{
    return step(PeerStep::Kind::read);
}

PeerStep send_bytes(std::string bytes, std::size_t chunk)
{
    return step(PeerStep::Kind::send, std::move(bytes), chunk);
}

PeerStep send_forever(std::string bytes)
{
    return step(PeerStep::Kind::send_forever, std::move(bytes));
}

PeerStep half_close()
{
    return step(PeerStep::Kind::half_close);
}

PeerStep close_connection()
{
    return step(PeerStep::Kind::close);
}

PeerStep reset_connection()
{
    return step(PeerStep::Kind::reset);
}

PeerStep hang()
{
    return step(PeerStep::Kind::hang);
}

RawPeer::RawPeer(asio::io_context& loop)
    : loop_(loop),
      acceptor_(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      tasks_(loop.get_executor())
{
    tasks_.spawn(accept());
}

RawPeer::RawPeer(asio::io_context& loop, asio::ssl::context& context) : RawPeer(loop)
{
    tls_ = &context;
}

RawPeer::~RawPeer() = default;

std::uint16_t RawPeer::port() const
{
    return acceptor_.local_endpoint().port();
}

http::Origin RawPeer::origin() const
{
    http::Origin origin;
    origin.scheme = tls_ != nullptr ? http::Scheme::https : http::Scheme::http;
    origin.host = "127.0.0.1";
    origin.port = port();
    return origin;
}

asio::awaitable<void> RawPeer::stop()
{
    tasks_.cancel();
    co_await tasks_.join();
}

asio::awaitable<void> RawPeer::accept()
{
    while (true) {
        error_code ec;
        tcp::socket socket(loop_);
        co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            co_return;
        ++connections_;
        Script script;
        if (scripts_.empty()) {
            script.push_back(close_connection());
        } else {
            script = std::move(scripts_.front());
            scripts_.pop_front();
        }
        tasks_.spawn(serve(std::move(socket), std::move(script)));
    }
}

asio::awaitable<void> RawPeer::serve(tcp::socket socket, Script script)
{
    // The scripts end by errors and by stop(): neither is a failure of the test.
    co_await asio::this_coro::throw_if_cancelled(false);
    if (tls_ == nullptr) {
        co_await play(socket, socket, script);
        co_return;
    }
    asio::ssl::stream<tcp::socket&> tls(socket, *tls_);
    error_code ec;
    co_await tls.async_handshake(
        asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (!ec)
        co_await play(tls, socket, script);
}

template <class Transport>
asio::awaitable<void> RawPeer::play(Transport& transport, tcp::socket& socket, const Script& script)
{
    std::string buffer;
    error_code ignored;
    for (const PeerStep& next : script) {
        switch (next.kind) {
            case PeerStep::Kind::read:
                if (!co_await read_one(transport, buffer))
                    co_return;
                break;
            case PeerStep::Kind::send:
                if (!co_await send_all(transport, next.bytes, next.chunk))
                    co_return;
                break;
            case PeerStep::Kind::send_forever:
                while (co_await send_all(transport, next.bytes, 0)) {
                }
                co_return;
            case PeerStep::Kind::half_close: co_await end_of(transport, socket); break;
            case PeerStep::Kind::close: socket.close(ignored); co_return;
            case PeerStep::Kind::reset:
                socket.set_option(asio::socket_base::linger(true, 0), ignored);
                socket.close(ignored);
                co_return;
            case PeerStep::Kind::hang: co_await drain(transport); co_return;
        }
    }
    co_await drain(transport);
}

template <class Transport>
asio::awaitable<bool> RawPeer::read_one(Transport& transport, std::string& buffer)
{
    std::array<char, 4096> piece{};
    while (true) {
        const std::size_t end = buffer.find("\r\n\r\n");
        if (end != std::string::npos) {
            const std::size_t total = end + 4 + body_size(buffer.substr(0, end));
            if (buffer.size() >= total) {
                requests_.push_back(buffer.substr(0, total));
                buffer.erase(0, total);
                co_return true;
            }
        }
        error_code ec;
        const std::size_t count = co_await transport.async_read_some(
            asio::buffer(piece), asio::redirect_error(asio::use_awaitable, ec)
        );
        if (ec)
            co_return false;
        buffer.append(piece.data(), count);
    }
}

}  // namespace pollhook::test
