#include "pollhook/http/connection.hpp"

#include "endpoint_text.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/http/error.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <utility>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using State = AnswerParser::State;

/// One write of a single piece is cheaper than one of two, and over TLS each piece would be a record of its
/// own: a body is copied behind its head while both fit into one record.
constexpr std::size_t max_joined = 16 * 1024;

/// Requests that may carry a body say so even when it is empty (RFC 9110, 8.6).
bool needs_length(const Request& request)
{
    return !request.body.empty() ||
           (request.method != "GET" && request.method != "HEAD" && request.method != "DELETE");
}

bool is_end_of_stream(const error_code& ec)
{
    return ec == asio::error::eof || ec == asio::ssl::error::stream_truncated;
}

}  // namespace

Connection::Connection(base::Clock& clock, std::string_view host_field)
    : clock_(clock),
      host_line_(" HTTP/1.1\r\nHost: "),
      timer_(clock.make_timer())
{
    host_line_ += host_field;
    host_line_ += "\r\nAccept-Encoding: identity\r\n";
}

void Connection::start(std::unique_ptr<Stream> stream, const asio::ip::tcp::endpoint& peer)
{
    stream_ = std::move(stream);
    peer_ = peer;
    peer_text_ = to_text(peer);
}

asio::awaitable<void> Connection::watch(std::shared_ptr<Connection> self)
{
    while (self->is_open()) {
        self->armed_ = self->deadline_;
        const bool reached = co_await self->timer_->wait_until(self->armed_);
        if (reached && self->is_open() && self->clock_.steady_now() >= self->deadline_) {
            self->timed_out_ = true;
            self->close();
        }
    }
}

void Connection::set_deadline(base::SteadyPoint when)
{
    deadline_ = when;
    if (when < armed_)
        timer_->wake();
}

void Connection::close() noexcept
{
    closed_ = true;
    if (stream_)
        stream_->close();
    timer_->wake();
}

void Connection::begin(const Request& request)
{
    head_.clear();
    head_ += request.method;
    head_ += ' ';
    head_ += request.target;
    head_ += host_line_;
    head_ += request.fields;
    if (needs_length(request)) {
        char digits[24];
        const char* const end = std::to_chars(std::begin(digits), std::end(digits), request.body.size()).ptr;
        head_ += "Content-Length: ";
        head_.append(static_cast<const char*>(digits), end);
        head_ += "\r\n";
    }
    head_ += "\r\n";
    pieces_ = {asio::buffer(head_), asio::buffer(request.body)};
    if (!request.body.empty() && asio::buffer_size(pieces_) <= max_joined) {
        head_ += request.body;
        pieces_ = {asio::buffer(head_), asio::const_buffer()};
    }

    response_ = Response();
    parser_.emplace(request, response_);
    interim_answers_ = 0;
    answered_ = false;
    reusable_ = false;
    broken_bound_.clear();
}

void Connection::enter(Phase phase, base::Duration limit)
{
    phase_ = phase;
    limit_ = total_limit_;
    base::SteadyPoint when = latest_;
    if (limit < total_limit_) {
        const base::SteadyPoint own = clock_.steady_now() + limit;
        if (own < latest_) {
            limit_ = limit;
            when = own;
        }
    }
    set_deadline(when);
}

asio::awaitable<Connection::Ending> Connection::exchange(
    const Request& request, Exchange& exchange, base::SteadyPoint start
)
{
    begin(request);
    total_limit_ = request.deadlines.total;
    latest_ = start + total_limit_;
    enter(Phase::writing, request.deadlines.write);
    // What is ready in one turn of the loop leaves together: a receiver that sleeps wakes up once for all.
    co_await asio::post(asio::use_awaitable);
    error_code write_error;
    // Most requests fit into the socket's buffer: no need to wait for it.
    stream_->write_now(pieces_, write_error);
    if (!write_error && asio::buffer_size(pieces_) > 0)
        co_await stream_->write(pieces_, write_error);
    // A peer that refuses early has answered before it closed its end: in spite of the error its answer may
    // be there.
    error_code ec = write_error == asio::error::operation_aborted || closed_ ? write_error : error_code();
    if (!ec) {
        enter(Phase::waiting, request.deadlines.head);
        // By the time that the others are sent a quick peer has answered: one look that finds nothing less.
        co_await asio::post(asio::use_awaitable);
    }

    State state = State::needs_more;
    while (!ec && state == State::needs_more) {
        const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
        if (closed_ || cancellation.cancelled() != asio::cancellation_type::none) {
            ec = asio::error::operation_aborted;
            break;
        }
        const asio::mutable_buffer room = buffer_.prepare();
        if (room.size() == 0) {
            broken_bound_ = "a line of the answer is longer than 64 KiB";
            state = State::malformed;
            break;
        }
        const std::size_t count = co_await stream_->read_some(room, ec);
        if (count > 0 && !answered_) {
            answered_ = true;
            exchange.timing.first_byte = clock_.steady_now() - start;
        }
        buffer_.commit(count);
        if (count > 0)
            state = parse(request);
        if (state == State::needs_more && phase_ == Phase::waiting && parser_->has_head())
            enter(Phase::reading, request.deadlines.body);
    }

    if (state == State::needs_more && !answered_ && served_ && !closed_ &&
        ec != asio::error::operation_aborted)
        co_return Ending::stale;
    if (state == State::complete) {
        reusable_ = !write_error && !ec && buffer_.empty() && parser_->allows_reuse();
        succeed(exchange);
    } else if (state == State::body_full) {
        succeed(exchange);
    } else if (state == State::malformed) {
        fail(
            request,
            exchange,
            Errc::malformed_answer,
            broken_bound_.empty() ? parser_->detail() : broken_bound_
        );
    } else if (ec == asio::error::eof && answered_) {
        if (parser_->finish() == State::complete)
            succeed(exchange);
        else
            fail(request, exchange, Errc::connection_reset, parser_->detail());
    } else {
        fail(request, exchange, write_error && !closed_ ? write_error : ec);
    }
    served_ = true;
    co_return Ending::done;
}

AnswerParser::State Connection::parse(const Request& request)
{
    const State state = take_answer(buffer_, parser_, request, response_, interim_answers_);
    if (interim_answers_ > max_interim_answers)
        broken_bound_ = too_many_interim_answers;
    return state;
}

void Connection::succeed(Exchange& exchange)
{
    exchange.response = std::move(response_);
}

void Connection::fail(const Request& request, Exchange& exchange, Errc error, std::string detail)
{
    exchange.detail = std::move(detail);
    // Whoever only wants the status has got it.
    if (error != Errc::cancelled && parser_->has_head() && !request.whole_body) {
        response_.body_cut = true;
        exchange.response = std::move(response_);
        return;
    }
    exchange.response = make_error_code(error);
}

std::string_view Connection::unfinished() const
{
    switch (phase_) {
        case Phase::writing: return "the request could not be sent";
        case Phase::waiting: return answered_ ? "the answer's head was not complete" : "no answer";
        case Phase::reading: break;
    }
    return "the answer was not complete";
}

void Connection::fail(const Request& request, Exchange& exchange, const error_code& ec)
{
    if (timed_out_) {
        std::string detail(unfinished());
        detail += " within ";
        detail += base::format_duration(limit_);
        return fail(request, exchange, Errc::timed_out, std::move(detail));
    }
    if (closed_ || ec == asio::error::operation_aborted)
        return fail(request, exchange, Errc::cancelled, "cancelled");
    if (is_end_of_stream(ec)) {
        return fail(
            request,
            exchange,
            Errc::connection_reset,
            answered_ ? "the connection ended before the answer was complete"
                      : "the peer closed the connection without an answer"
        );
    }
    if (ec.category() == asio::error::get_ssl_category())
        return fail(request, exchange, Errc::tls_failed, "TLS: " + base::printable(ec.message()));
    return fail(request, exchange, Errc::connection_reset, base::printable(ec.message()));
}

}  // namespace pollhook::http
