#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/http/server.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::http {

/// A bound, listening socket: TCP or unix. The file of a unix socket goes with it.
class ServerListener {
public:
    using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

    /// `127.0.0.1:8780`, `[::1]:0`, `localhost:0` or `unix:/path`. A unix socket left behind by a dead
    /// process is replaced, one that answers is not. Throws std::system_error naming the address.
    ServerListener(boost::asio::io_context& loop, base::Clock& clock, std::string_view address);
    /// A socket that listens already; it is this object's from now on. Throws likewise when it is not a
    /// stream socket that listens.
    ServerListener(boost::asio::io_context& loop, base::Clock& clock, int passed);
    ServerListener(const ServerListener&) = delete;
    ServerListener& operator=(const ServerListener&) = delete;
    ~ServerListener();

    [[nodiscard]] Acceptor& acceptor() noexcept { return acceptor_; }
    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    [[nodiscard]] std::optional<boost::asio::ip::tcp::endpoint> tcp_endpoint() const;
    /// The pause of the loop that accepts here; wake it when a connection has ended.
    [[nodiscard]] base::Timer& timer() noexcept { return *timer_; }

    void close();

private:
    void bind_tcp();
    void bind_unix();

    std::string address_;
    Acceptor acceptor_;
    std::unique_ptr<base::Timer> timer_;
    std::filesystem::path unix_path_;  ///< of a file that is ours to remove
    bool is_unix_ = false;
};

}  // namespace pollhook::http
