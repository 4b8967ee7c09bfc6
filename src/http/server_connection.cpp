#include "server_connection.hpp"

#include "last_chunk.hpp"
#include "pollhook/base/task_group.hpp"
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

/// Feeds what is buffered to the parser, until the head is complete; error::need_more when it is not.
error_code parse_head(Parser& parser, beast::flat_buffer& buffer)
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
error_code parse_body(Parser& parser, beast::flat_buffer& buffer)
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

/// What came out of reading one request.
struct ServerConnection::Incoming {
    enum class Outcome { ended, refused, complete, streamed };

    Outcome outcome = Outcome::ended;
    // The body of a streamed one is read from it later. On the heap, since it cannot be moved.
    std::unique_ptr<Parser> parser = std::make_unique<Parser>();
    ServerRequest request;
    ServerResponse refusal;
    bool keep_alive = false;
    bool head_only = false;  // the answer to HEAD has no body
    bool old_version = false;

    void refuse(ServerResponse why)
    {
        outcome = Outcome::refused;
        refusal = std::move(why);
    }
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

/// Gives the application one piece of a request's body after the other. Lives in exchange()'s frame.
class ServerConnection::Body final : public RequestBody {
public:
    Body(ServerConnection& connection, Parser& parser) : connection_(connection), parser_(parser) {}

    asio::awaitable<base::Result<std::string>> read() override
    {
        connection_.enter(Phase::reading, connection_.options_.request_timeout);
        std::string& body = parser_.get().body();
        for (;;) {
            error_code ec;
            if (!parser_.is_done())
                ec = parse_body(parser_, connection_.buffer_);
            if (!body.empty() || parser_.is_done())
                break;
            if (ec && ec != beast::http::error::need_more)
                co_return ec;
            ec = co_await connection_.read_more(body_read_step);
            if (ec)
                co_return ec;
        }
        connection_.enter(Phase::answering, connection_.options_.request_timeout);
        co_return std::exchange(body, {});
    }

private:
    ServerConnection& connection_;
    Parser& parser_;
};

asio::awaitable<void> ServerConnection::exchange()
{
    Incoming incoming = co_await read_request();
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

    Body body(*this, *incoming.parser);
    if (incoming.outcome == Incoming::Outcome::streamed)
        incoming.request.stream = &body;
    const ServerResponse response = co_await answer(incoming.request);
    if (expired_)
        co_await asio::this_coro::reset_cancellation_state();
    const bool has_rest = incoming.request.stream != nullptr && !incoming.parser->is_done();
    if (response.disruption != Disruption::none) {
        closing_ = true;
        co_await disrupt(response, incoming);
        co_return;
    }
    if (response.stream) {
        co_await stream(response, incoming);
        co_return;
    }
    if (!incoming.keep_alive || response.close || has_rest)
        closing_ = true;
    co_await write(response, incoming);
    if (has_rest)
        co_await discard_input();
}

asio::awaitable<ServerConnection::Incoming> ServerConnection::read_request()
{
    Incoming incoming;
    Parser& parser = *incoming.parser;
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
        ec = co_await read_more(had_head ? body_read_step : read_step);
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
    Parser& parser = *incoming.parser;
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

/// `body_field` is a line that says how the body ends; empty: there is none.
std::string ServerConnection::head_of(
    const ServerResponse& response, const Incoming& incoming, std::string_view body_field
) const
{
    std::string head;
    head.reserve(256);
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(reason(response.status)).append("\r\n");
    const auto seconds = std::chrono::floor<std::chrono::seconds>(clock_.now());
    append_field(head, "Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", seconds));
    if (!body_field.empty()) {
        if (!response.content_type.empty())
            append_field(head, "Content-Type", response.content_type);
        head.append(body_field);
    }
    for (const auto& [name, value] : response.fields)
        append_field(head, name, value);
    if (closing_)
        append_field(head, "Connection", "close");
    else if (incoming.old_version)
        append_field(head, "Connection", "keep-alive");
    head.append("\r\n");
    return head;
}

/// `incoming` and `response` live in exchange()'s frame.
asio::awaitable<void> ServerConnection::write(const ServerResponse& response, const Incoming& incoming)
{
    enter(Phase::writing, options_.request_timeout);

    const bool bodiless = response.status == 204 || response.status == 304;
    const std::string length = fmt::format("Content-Length: {}\r\n", response.body.size());
    const std::string head = head_of(response, incoming, bodiless ? std::string_view() : length);

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

/// Sends one chunk after the other. Lives in stream()'s frame.
class ServerConnection::Stream final : public ResponseStream {
public:
    explicit Stream(ServerConnection& connection) : connection_(connection) {}

    asio::awaitable<bool> write(std::string bytes) override
    {
        if (bytes.empty() || connection_.closing_)
            co_return !connection_.closing_;
        connection_.enter(Phase::writing, connection_.options_.request_timeout);
        const std::string size = fmt::format("{:x}\r\n", bytes.size());
        const std::array<asio::const_buffer, 3> parts{
            asio::buffer(size), asio::buffer(bytes), asio::buffer("\r\n", 2)
        };
        error_code ec;
        co_await asio::async_write(connection_.socket_, parts, asio::redirect_error(asio::use_awaitable, ec));
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
