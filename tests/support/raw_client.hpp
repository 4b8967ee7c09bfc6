#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace pollhook::test {

/// A blocking client that sends bytes as they are, so that a test can be as rude as real peers are.
template <class Protocol>
class BasicRawClient {
public:
    struct Answer {
        int status = 0;
        std::string content_type;
        std::map<std::string, std::string> fields;
        std::string body;
        boost::system::error_code error;  ///< set when the answer did not arrive whole
    };

    explicit BasicRawClient(const typename Protocol::endpoint& endpoint) : socket_(loop_)
    {
        socket_.connect(endpoint);
        // A peer that never answers fails the test instead of hanging it.
        const timeval patience{.tv_sec = 30, .tv_usec = 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    /// Errors are ignored: the server may have answered and left already.
    void send(std::string_view bytes)
    {
        boost::system::error_code ignored;
        boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
    }

    Answer receive() { return receive(false); }
    Answer receive_head() { return receive(true); }

    Answer ask(std::string_view bytes)
    {
        send(bytes);
        return receive();
    }

    /// Asks with the fields that a proper request has; `fields` are lines ended by CRLF.
    Answer ask(
        std::string_view method,
        std::string_view target,
        std::string_view fields = {},
        std::string_view body = {}
    )
    {
        std::string request;
        request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
        request.append(fields);
        if (!body.empty())
            request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
        request.append("\r\n").append(body);
        return ask(request);
    }

    /// How the connection ends, after whatever still comes.
    boost::system::error_code end()
    {
        std::array<char, 1024> sink;
        boost::system::error_code ec;
        while (!ec)
            socket_.read_some(boost::asio::buffer(sink), ec);
        return ec;
    }

    std::size_t available() const { return socket_.available(); }
    void close() { socket_.close(); }

private:
    Answer receive(bool head_only)
    {
        namespace http = boost::beast::http;
        http::response_parser<http::string_body> parser;
        parser.body_limit(64 * 1024 * 1024);
        parser.skip(head_only);
        Answer answer;
        http::read(socket_, buffer_, parser, answer.error);
        if (!parser.is_header_done())
            return answer;
        for (const auto& field : parser.get()) {
            const auto name = field.name_string();
            const auto value = field.value();
            answer.fields[{name.data(), name.size()}] = std::string(value.data(), value.size());
        }
        answer.status = static_cast<int>(parser.get().result_int());
        answer.content_type = answer.fields["Content-Type"];
        answer.body = parser.get().body();
        return answer;
    }

    boost::asio::io_context loop_;
    typename Protocol::socket socket_;
    boost::beast::flat_buffer buffer_;
};

using RawClient = BasicRawClient<boost::asio::ip::tcp>;
using RawUnixClient = BasicRawClient<boost::asio::local::stream_protocol>;

}  // namespace pollhook::test
