#pragma once

#include "admin_client.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Costs Beast to compile: for the sources that speak to the daemon only.

namespace pollhook::cli {

/// A connection to a daemon's admin address, used blocking: whoever starts an operation turns the loop.
class AdminConnection {
public:
    using Request = boost::beast::http::request<boost::beast::http::string_body>;
    using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

    AdminConnection(AdminAddress address, std::string token)
        : address_(std::move(address)),
          token_(std::move(token))
    {
    }

    /// A request with the fields that every one has.
    [[nodiscard]] Request request(boost::beast::http::verb method, std::string_view target) const;

    [[nodiscard]] bool is_open() const noexcept { return stream_.has_value(); }
    boost::system::error_code open(std::chrono::milliseconds deadline);
    void close();

    /// Starts one operation and blocks until it has ended or its time is over.
    template <class Start>
    boost::system::error_code await(std::chrono::milliseconds deadline, Start start)
    {
        boost::system::error_code result;
        stream_->expires_after(deadline);
        start([&result](const boost::system::error_code& ec, auto&&...) { result = ec; });
        loop_.restart();
        loop_.run();
        return result;
    }

    [[nodiscard]] const AdminAddress& address() const noexcept { return address_; }
    [[nodiscard]] Stream& stream() { return *stream_; }
    [[nodiscard]] boost::beast::flat_buffer& buffer() { return buffer_; }
    [[nodiscard]] boost::asio::io_context& loop() { return loop_; }

private:
    static constexpr std::size_t read_buffer_limit = 64UL * 1024;

    AdminAddress address_;
    std::string token_;
    boost::asio::io_context loop_{1};
    std::optional<Stream> stream_;
    boost::beast::flat_buffer buffer_{read_buffer_limit};
};

/// The failure of a daemon that cannot be reached.
Failure unreachable(const AdminAddress& address, std::string_view why);
/// The failure behind an answer that is not 2xx.
Failure refusal(int status, const std::string& body);
/// What an error of the connection means to people.
std::string explain(const boost::system::error_code& ec, std::chrono::milliseconds deadline);

}  // namespace pollhook::cli
