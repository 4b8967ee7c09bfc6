#include "server_reading.hpp"

#include "last_chunk.hpp"
#include "pollhook/http/problem.hpp"
#include "server_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <optional>
#include <utility>

// How a connection reads its requests.

namespace pollhook::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace {

constexpr std::size_t body_read_step = 64 * 1024;

ServerResponse refusal_of(const error_code& ec)
{
    using beast::http::error;
    if (ec == error::header_limit || ec == error::buffer_overflow)
        return problem(431, "the request's head is larger than this server takes");
    if (ec == error::body_limit)
        return problem(413, "the request's body is larger than this server takes");
    if (ec == error::bad_version)
        return problem(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    return problem(400, "this is not a well-formed HTTP request: " + ec.message());
}

/// Feeds what is buffered to the parser, until the head is complete; error::need_more when it is not.
error_code parse_head(RequestParser& parser, beast::flat_buffer& buffer)
{
    error_code ec = beast::http::error::need_more;
    while (buffer.size() > 0 && !parser.is_header_done()) {
        buffer.consume(parser.put(buffer.data(), ec));
        if (ec)
            return ec;
        ec = beast::http::error::need_more;
    }
    if (!parser.is_header_done())
        return ec;
    parser.eager(true);
    return {};
}

/// The same for the body.
error_code parse_body(RequestParser& parser, beast::flat_buffer& buffer)
{
    error_code ec = beast::http::error::need_more;
    while (buffer.size() > 0 && !parser.is_done()) {
        if (parser.chunked() && buffer.size() < shortest_last_chunk)
            return ec;
        buffer.consume(parser.put(buffer.data(), ec));
        if (ec)
            return ec;
        ec = beast::http::error::need_more;
    }
    if (parser.is_done())
        return {};
    return ec;
}

void skip_blank_lines(beast::flat_buffer& buffer)
{
    // Old clients send an extra line end after a body (RFC 9112, 2.2).
    const auto bytes = buffer.data();
    const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
    buffer.consume(std::min(text.find_first_not_of("\r\n"), text.size()));
}

}  // namespace

asio::awaitable<base::Result<std::string>> ServerConnection::Body::read()
{
    connection_.enter(Phase::reading, connection_.options_.request_timeout);
    const error_code ec = co_await read_piece();
    // The application may have to finish what it began, for which the passed deadline must not count.
    if (connection_.expired_)
        co_await asio::this_coro::reset_cancellation_state();
    connection_.enter(Phase::answering, connection_.options_.request_timeout);
    if (ec)
        co_return ec;
    co_return std::exchange(parser_.get().body(), {});
}

asio::awaitable<error_code> ServerConnection::Body::read_piece()
{
    for (;;) {
        error_code ec;
        if (!parser_.is_done())
            ec = parse_body(parser_, connection_.buffer_);
        if (!parser_.get().body().empty() || parser_.is_done())
            co_return error_code();
        if (ec && ec != beast::http::error::need_more)
            co_return ec;
        ec = co_await connection_.read_more(body_read_step);
        if (ec)
            co_return ec;
    }
}

asio::awaitable<ServerConnection::Incoming> ServerConnection::read_request()
{
    Incoming incoming;
    RequestParser& parser = *incoming.parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.head_limit));
    parser.body_limit(boost::none);  // the head says whether there is one

    enter(Phase::idle, options_.idle_timeout);
    for (;;) {
        if (!parser.got_some())
            skip_blank_lines(buffer_);
        if (phase_ == Phase::idle && buffer_.size() > 0)
            enter(Phase::reading, options_.request_timeout);

        const bool had_head = parser.is_header_done();
        error_code ec = had_head ? parse_body(parser, buffer_) : parse_head(parser, buffer_);
        if (!ec && had_head)
            break;
        if (ec == beast::http::error::need_more && buffer_.size() == buffer_.max_size())
            ec = beast::http::error::buffer_overflow;
        if (ec && ec != beast::http::error::need_more) {
            incoming.refuse(refusal_of(ec));
            co_return incoming;
        }
        if (!ec) {  // the head has just become complete
            if (co_await take_head(incoming))
                co_return incoming;
            continue;
        }
        ec = co_await read_more(had_head ? body_read_step : head_read_step);
        if (ec && expired_ && phase_ == Phase::reading) {
            incoming.refuse(problem(408, "the request did not arrive in time"));
            co_return incoming;
        }
        if (ec)
            co_return incoming;
    }

    std::optional<ServerResponse> refusal = read_message(parser.get(), incoming.request);
    incoming.outcome = Incoming::Outcome::complete;
    if (refusal)
        incoming.refuse(std::move(*refusal));
    co_return incoming;
}

/// Judges a complete head; true when nothing more is to be read now: the request is refused, or its body is
/// the application's to read. `incoming` lives in read_request()'s frame.
asio::awaitable<bool> ServerConnection::take_head(Incoming& incoming)
{
    RequestParser& parser = *incoming.parser;
    incoming.keep_alive = parser.get().keep_alive();
    incoming.head_only = parser.get().method() == beast::http::verb::head;
    incoming.old_version = parser.get().version() < 11;
    incoming.request.peer = peer_;

    bool is_streamed = false;
    if (options_.streams_body && !parser.is_done()) {
        ServerRequest head;
        head.peer = peer_;
        is_streamed = !read_message(parser.get(), head) && options_.streams_body(head);
        if (is_streamed)
            incoming.request = std::move(head);
    }
    if (!is_streamed) {
        if (parser.content_length().value_or(0) > options_.body_limit) {
            incoming.refuse(refusal_of(beast::http::error::body_limit));
            co_return true;
        }
        parser.body_limit(options_.body_limit);
    }

    const auto expect = parser.get()[beast::http::field::expect];
    if (!expect.empty() && !beast::iequals(expect, "100-continue")) {
        incoming.refuse(problem(417, "only 100-continue can be expected"));
        co_return true;
    }
    if (!expect.empty() && !incoming.old_version) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        error_code ec;
        co_await asio::async_write(
            socket_, asio::buffer(go_on), asio::redirect_error(asio::use_awaitable, ec)
        );
        if (ec)
            co_return true;
    }
    if (is_streamed)
        incoming.outcome = Incoming::Outcome::streamed;
    co_return is_streamed;
}

asio::awaitable<error_code> ServerConnection::read_more(std::size_t step)
{
    const std::size_t room = std::min(step, buffer_.max_size() - buffer_.size());
    const asio::mutable_buffer space = buffer_.prepare(room);
    error_code ec;
    const std::size_t received =
        co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
    buffer_.commit(received);
    co_return ec;
}

}  // namespace pollhook::http
