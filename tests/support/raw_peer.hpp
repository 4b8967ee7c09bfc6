#pragma once

#include "pollhook/base/task_group.hpp"
#include "pollhook/http/origin.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace pollhook::test {

/// One thing that a scripted peer does to a connection.
struct PeerStep {
    enum class Kind { read, send, send_forever, half_close, close, reset, hang };

    Kind kind = Kind::hang;
    std::string bytes;
    std::size_t chunk = 0;  ///< bytes sent at a time; 0: all at once
};

PeerStep read_request();
PeerStep send_bytes(std::string bytes, std::size_t chunk = 0);
/// Until the other end has enough of it.
PeerStep send_forever(std::string bytes);
/// Sends no more, says so (over TLS with a close_notify), and goes on reading.
PeerStep half_close();
PeerStep close_connection();
PeerStep reset_connection();
/// Does nothing until the other end closes; also what follows the last step of a script.
PeerStep hang();

/// A TCP (or TLS) peer on loopback that follows a script for each connection, in the order they come; without
/// a script left it closes at once. It lives on the test's loop. stop() before it is destroyed.
class RawPeer {
public:
    using Script = std::vector<PeerStep>;

    explicit RawPeer(boost::asio::io_context& loop);
    /// Speaks TLS with what `context` holds, which must outlive the peer.
    RawPeer(boost::asio::io_context& loop, boost::asio::ssl::context& context);
    ~RawPeer();

    void expect_connection(Script script) { scripts_.push_back(std::move(script)); }
    [[nodiscard]] boost::asio::awaitable<void> stop();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] http::Origin origin() const;
    /// Every request that was read whole, head and body.
    [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
    [[nodiscard]] std::size_t connections() const { return connections_; }

private:
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Script script);
    template <class Transport>
    boost::asio::awaitable<void> play(
        Transport& transport, boost::asio::ip::tcp::socket& socket, const Script& script
    );
    template <class Transport>
    boost::asio::awaitable<bool> read_one(Transport& transport, std::string& buffer);

    boost::asio::io_context& loop_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ssl::context* tls_ = nullptr;
    base::TaskGroup tasks_;
    std::deque<Script> scripts_;
    std::vector<std::string> requests_;
    std::size_t connections_ = 0;
};

}  // namespace pollhook::test
