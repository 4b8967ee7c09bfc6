#pragma once

#include "pollhook/base/task_group.hpp"
#include "pollhook/http/origin.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>
#include <vector>

namespace pollhook::http {

/// An HTTP proxy on loopback that opens every tunnel, whatever it is asked for, to one upstream endpoint.
/// Lives on the test's loop; stop() before it is destroyed.
class TunnelProxy {
    using Socket = boost::asio::ip::tcp::socket;

public:
    TunnelProxy(boost::asio::io_context& loop, boost::asio::ip::tcp::endpoint upstream)
        : loop_(loop),
          acceptor_(loop, {boost::asio::ip::address_v4::loopback(), 0}),
          upstream_(std::move(upstream)),
          tasks_(loop.get_executor())
    {
        tasks_.spawn(accept());
    }

    boost::asio::awaitable<void> stop()
    {
        acceptor_.close();
        tasks_.cancel();
        co_await tasks_.join();
    }

    [[nodiscard]] Origin origin() const
    {
        return {.scheme = Scheme::http, .host = "127.0.0.1", .port = acceptor_.local_endpoint().port()};
    }
    /// What was asked for, head by head.
    [[nodiscard]] const std::vector<std::string>& heads() const { return heads_; }

private:
    boost::asio::awaitable<void> accept()
    {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        for (boost::system::error_code ec; !ec;) {
            Socket socket(loop_);
            co_await acceptor_.async_accept(
                socket, boost::asio::redirect_error(boost::asio::use_awaitable, ec)
            );
            if (!ec)
                tasks_.spawn(serve(std::move(socket)));
        }
    }

    boost::asio::awaitable<void> serve(Socket near)
    {
        using namespace boost::asio::experimental::awaitable_operators;
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        boost::system::error_code ec;
        std::string head;
        co_await boost::asio::async_read_until(
            near,
            boost::asio::dynamic_buffer(head),
            "\r\n\r\n",
            boost::asio::redirect_error(boost::asio::use_awaitable, ec)
        );
        heads_.push_back(head);
        Socket far(loop_);
        co_await far.async_connect(upstream_, boost::asio::redirect_error(boost::asio::use_awaitable, ec));
        if (ec)
            co_return;
        static const std::string opened = "HTTP/1.1 200 Connection established\r\n\r\n";
        co_await boost::asio::async_write(
            near, boost::asio::buffer(opened), boost::asio::redirect_error(boost::asio::use_awaitable, ec)
        );
        boost::asio::awaitable<void> up = pump(near, far);
        boost::asio::awaitable<void> down = pump(far, near);
        co_await (std::move(up) || std::move(down));
    }

    /// serve() keeps both alive.
    static boost::asio::awaitable<void> pump(Socket& from, Socket& to)
    {
        std::array<char, 4096> piece{};
        for (boost::system::error_code ec; !ec;) {
            const std::size_t count = co_await from.async_read_some(
                boost::asio::buffer(piece), boost::asio::redirect_error(boost::asio::use_awaitable, ec)
            );
            if (ec)
                co_return;
            const auto bytes = boost::asio::buffer(piece.data(), count);
            co_await boost::asio::async_write(
                to, bytes, boost::asio::redirect_error(boost::asio::use_awaitable, ec)
            );
        }
    }

    boost::asio::io_context& loop_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ip::tcp::endpoint upstream_;
    base::TaskGroup tasks_;
    std::vector<std::string> heads_;
};

}  // namespace pollhook::http
