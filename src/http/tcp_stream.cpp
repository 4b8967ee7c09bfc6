#include "pollhook/http/tcp_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class TcpStream final : public Stream {
public:
    explicit TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket))
    {
        // Where this should fail, write_now() blocks for a moment at the most: the buffer is empty then.
        error_code ignored;
        socket_.non_blocking(true, ignored);
    }

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, error_code& ec) override
    {
        return socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, ec));
    }

    void write_now(Pieces& pieces, error_code& ec) override
    {
        std::size_t written =
            pieces[1].size() == 0 ? socket_.write_some(pieces[0], ec) : socket_.write_some(pieces, ec);
        if (ec == asio::error::would_block)
            ec.clear();
        for (asio::const_buffer& piece : pieces) {
            const std::size_t taken = std::min(written, piece.size());
            piece += taken;
            written -= taken;
        }
    }

    asio::awaitable<std::size_t> write(const Pieces& pieces, error_code& ec) override
    {
        return asio::async_write(socket_, pieces, asio::redirect_error(asio::use_awaitable, ec));
    }

    bool is_quiet() override { return http::is_quiet(socket_); }

    void close() noexcept override
    {
        error_code ignored;
        socket_.close(ignored);
    }

private:
    asio::ip::tcp::socket socket_;
};

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(asio::ip::tcp::socket socket)
{
    return std::make_unique<TcpStream>(std::move(socket));
}

bool is_quiet(asio::ip::tcp::socket& socket)
{
    char byte = 0;
    const ssize_t received = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received < 0 && (errno == EAGAIN);
}

}  // namespace pollhook::http
