#include "server_connection.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/http/problem.hpp"
#include "server_request.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace pollhook::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace {

using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t read_step = 4096;
constexpr std::size_t body_read_step = 64 * 1024;
constexpr std::size_t buffer_limit = 64 * 1024;
constexpr base::Duration for_ever = std::chrono::hours(24 * 365);
constexpr base::Duration discard_timeout = std::chrono::seconds(2);
constexpr std::size_t discard_limit = 16 * 1024 * 1024;
/// Beast asserts that it is asked about the last chunk's trailer with at least so many bytes: `0` and two
/// line ends.
constexpr std::size_t shortest_last_chunk = 5;

std::string peer_text(const ServerConnection::Socket& socket)
{
    error_code ec;
    const auto remote = socket.remote_endpoint(ec);
    if (ec || remote.size() > sizeof(sockaddr_in6))
        return "unix";
    const auto family = remote.data()->sa_family;
    if (family != AF_INET && family != AF_INET6)
        return "unix";
    asio::ip::tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), remote.data(), remote.size());
    endpoint.resize(remote.size());
    const std::string address = endpoint.address().to_string();
    if (endpoint.address().is_v6())
        return fmt::format("[{}]:{}", address, endpoint.port());
    return fmt::format("{}:{}", address, endpoint.port());
}

bool has_control_characters(std::string_view text)
{
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    });
}

void append_field(std::string& head, std::string_view name, std::string_view value)
{
    // A line break in a value would be a second answer.
    if (has_control_characters(name) || has_control_characters(value))
        return;
    head.append(name).append(": ").append(value).append("\r\n");
}

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

/// Feeds what is buffered to the parser; error::need_more when that was not all.
error_code parse(Parser& parser, beast::flat_buffer& buffer)
{
    error_code ec = beast::http::error::need_more;
    while (buffer.size() > 0 && !parser.is_done()) {
        if (parser.is_header_done() && parser.chunked() && buffer.size() < shortest_last_chunk)
            return ec;
        buffer.consume(parser.put(buffer.data(), ec));
        if (ec)
            return ec;
        parser.eager(true);
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

/// What came out of reading one request.
struct ServerConnection::Incoming {
    enum class Outcome { ended, refused, complete };

    Outcome outcome = Outcome::ended;
    ServerRequest request;
    ServerResponse refusal;
    bool keep_alive = false;
    bool head_only = false;  // the answer to HEAD has no body
    bool old_version = false;
};

ServerConnection::ServerConnection(
    Socket socket, base::Clock& clock, const ServerOptions& options, const Server::Respond& respond
)
    : socket_(std::move(socket)),
      clock_(clock),
      options_(options),
      respond_(respond),
      peer_(peer_text(socket_)),
      buffer_(std::max(buffer_limit, options.head_limit + read_step)),
      timer_(clock.make_timer())
{
    enter(Phase::idle, options_.idle_timeout);
}

ServerConnection::~ServerConnection() = default;

void ServerConnection::enter(Phase phase, base::Duration limit)
{
    phase_ = phase;
    phase_since_ = clock_.steady_now();
    deadline_ = phase_since_ + limit;
    expired_ = false;
    // The timer is left alone where it can be: a later deadline is looked at when the earlier one fires.
    if (deadline_ < armed_until_)
        timer_->wake();
}

void ServerConnection::stop_watching()
{
    ended_ = true;
    timer_->wake();
}

asio::awaitable<void> ServerConnection::watch()
{
    while (!ended_) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            co_return;
        armed_until_ = deadline_;
        co_await timer_->wait_until(deadline_);
        armed_until_ = {};
        if (!ended_ && clock_.steady_now() >= deadline_) {
            deadline_ = clock_.steady_now() + for_ever;
            expired_ = true;
            interrupt_.emit(asio::cancellation_type::terminal);
        }
    }
}

void ServerConnection::finish()
{
    closing_ = true;
    if (!is_answering())
        interrupt_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> ServerConnection::run()
{
    // serve() has a cancellation slot of its own, so that a deadline can end one of its waits and leave it
    // alive to answer; the cancellation of this coroutine is passed on by hand.
    asio::cancellation_state outer = co_await asio::this_coro::cancellation_state;
    outer.slot().assign([this](asio::cancellation_type type) {
        closing_ = true;
        interrupt_.emit(type);
    });
    try {
        const auto executor = co_await asio::this_coro::executor;
        auto token = asio::bind_cancellation_slot(interrupt_.slot(), asio::use_awaitable);
        co_await asio::co_spawn(executor, serve(), std::move(token));
    } catch (const std::exception& e) {
        if (!closing_)
            spdlog::error("http.connection_failed: peer={} error=\"{}\"", peer_, base::printable(e.what()));
    }
    outer.slot().clear();
    error_code ignored;
    socket_.close(ignored);
    stop_watching();
}

asio::awaitable<void> ServerConnection::serve()
{
    while (!closing_)
        co_await exchange();
}

asio::awaitable<void> ServerConnection::exchange()
{
    const Incoming incoming = co_await read_request();
    // A passed deadline has left its mark on this coroutine; the answer to it must still go out.
    if (expired_)
        co_await asio::this_coro::reset_cancellation_state();
    if (incoming.outcome == Incoming::Outcome::ended) {
        closing_ = true;
        co_return;
    }
    if (incoming.outcome == Incoming::Outcome::refused) {
        closing_ = true;
        spdlog::debug("http.refused: peer={} status={}", peer_, incoming.refusal.status);
        co_await write(incoming.refusal, incoming);
        co_await discard_input();
        co_return;
    }

    const ServerResponse response = co_await answer(incoming.request);
    if (expired_)
        co_await asio::this_coro::reset_cancellation_state();
    if (response.disruption != Disruption::none) {
        closing_ = true;
        co_await disrupt(response, incoming);
        co_return;
    }
    if (!incoming.keep_alive || response.close)
        closing_ = true;
    co_await write(response, incoming);
}

asio::awaitable<ServerConnection::Incoming> ServerConnection::read_request()
{
    Incoming incoming;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.head_limit));
    parser.body_limit(options_.body_limit);
    bool expectation_met = false;

    enter(Phase::idle, options_.idle_timeout);
    for (;;) {
        if (!parser.got_some())
            skip_blank_lines(buffer_);
        if (phase_ == Phase::idle && buffer_.size() > 0)
            enter(Phase::reading, options_.request_timeout);

        error_code ec = parse(parser, buffer_);
        if (!ec)
            break;
        if (ec == beast::http::error::need_more && buffer_.size() == buffer_.max_size())
            ec = beast::http::error::buffer_overflow;
        if (ec != beast::http::error::need_more) {
            incoming.outcome = Incoming::Outcome::refused;
            incoming.refusal = refusal_of(ec);
            co_return incoming;
        }

        if (parser.is_header_done() && !expectation_met) {
            expectation_met = true;
            const auto expect = parser.get()[beast::http::field::expect];
            if (!expect.empty() && !beast::iequals(expect, "100-continue")) {
                incoming.outcome = Incoming::Outcome::refused;
                incoming.refusal = problem(417, "only 100-continue can be expected");
                co_return incoming;
            }
            if (!expect.empty() && parser.get().version() >= 11) {
                static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
                co_await asio::async_write(
                    socket_, asio::buffer(go_on), asio::redirect_error(asio::use_awaitable, ec)
                );
                if (ec)
                    co_return incoming;
            }
        }

        const std::size_t step = parser.is_header_done() ? body_read_step : read_step;
        const std::size_t room = std::min(step, buffer_.max_size() - buffer_.size());
        const asio::mutable_buffer space = buffer_.prepare(room);
        const std::size_t received =
            co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
        buffer_.commit(received);
        if (ec && expired_ && phase_ == Phase::reading) {
            incoming.outcome = Incoming::Outcome::refused;
            incoming.refusal = problem(408, "the request did not arrive in time");
            co_return incoming;
        }
        if (ec)
            co_return incoming;
    }

    auto message = parser.release();
    incoming.keep_alive = message.keep_alive();
    incoming.head_only = message.method() == beast::http::verb::head;
    incoming.old_version = message.version() < 11;
    incoming.request.peer = peer_;
    std::optional<ServerResponse> refusal = read_message(message, incoming.request);
    incoming.outcome = refusal ? Incoming::Outcome::refused : Incoming::Outcome::complete;
    if (refusal)
        incoming.refusal = std::move(*refusal);
    co_return incoming;
}

asio::awaitable<ServerResponse> ServerConnection::answer(const ServerRequest& request)
{
    enter(Phase::answering, options_.request_timeout);
    std::string failure;
    try {
        asio::awaitable<ServerResponse> pending = respond_(request);
        co_return co_await std::move(pending);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    if (expired_) {
        spdlog::warn(
            "http.answer_timed_out: peer={} method={} path=\"{}\"",
            peer_,
            base::printable(request.method),
            base::printable(request.path)
        );
        co_return problem(503, "the answer took too long");
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
    spdlog::error(
        "http.answer_failed: peer={} method={} path=\"{}\" error=\"{}\"",
        peer_,
        base::printable(request.method),
        base::printable(request.path),
        base::printable(failure)
    );
    co_return problem(500, "an unexpected error; the log says more");
}

/// `incoming` and `response` live in exchange()'s frame.
asio::awaitable<void> ServerConnection::write(const ServerResponse& response, const Incoming& incoming)
{
    enter(Phase::writing, options_.request_timeout);

    const bool bodiless = response.status == 204 || response.status == 304;
    std::string head;
    head.reserve(256);
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(reason(response.status)).append("\r\n");
    const auto seconds = std::chrono::floor<std::chrono::seconds>(clock_.now());
    append_field(head, "Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", seconds));
    if (!bodiless) {
        if (!response.content_type.empty())
            append_field(head, "Content-Type", response.content_type);
        append_field(head, "Content-Length", std::to_string(response.body.size()));
    }
    for (const auto& [name, value] : response.fields)
        append_field(head, name, value);
    if (closing_)
        append_field(head, "Connection", "close");
    else if (incoming.old_version)
        append_field(head, "Connection", "keep-alive");
    head.append("\r\n");

    std::size_t body_size = bodiless || incoming.head_only ? 0 : response.body.size();
    if (response.disruption == Disruption::close_midway)
        body_size /= 2;
    const std::array<asio::const_buffer, 2> parts{
        asio::buffer(head), asio::buffer(response.body.data(), body_size)
    };
    error_code ec;
    co_await asio::async_write(socket_, parts, asio::redirect_error(asio::use_awaitable, ec));
    if (ec)
        closing_ = true;
    if (closing_)
        socket_.shutdown(Socket::shutdown_send, ec);
}

asio::awaitable<void> ServerConnection::disrupt(const ServerResponse& response, const Incoming& incoming)
{
    switch (response.disruption) {
        case Disruption::none: break;
        case Disruption::reset: {
            error_code ignored;
            socket_.set_option(asio::socket_base::linger(true, 0), ignored);
            break;
        }
        case Disruption::hang: {
            enter(Phase::closing, for_ever);
            std::array<char, 1024> sink{};
            error_code ec;
            while (!ec) {
                const asio::mutable_buffer space = asio::buffer(sink);
                co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
            }
            break;
        }
        case Disruption::close_midway: co_await write(response, incoming); break;
    }
}

asio::awaitable<void> ServerConnection::discard_input()
{
    // Closing a socket with unread bytes sends RST, which can destroy the answer before the client has read
    // it.
    enter(Phase::closing, discard_timeout);
    std::array<char, 4096> sink{};
    error_code ec;
    std::size_t discarded = 0;
    while (!ec && discarded < discard_limit) {
        const asio::mutable_buffer space = asio::buffer(sink);
        discarded += co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, ec));
    }
}

}  // namespace pollhook::http
