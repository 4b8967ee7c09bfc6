#include "pollhook/base/text.hpp"
#include "pollhook/http/problem.hpp"
#include "server_reading.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

// How a connection has its requests answered, and sends answers that are whole.

namespace pollhook::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr base::Duration discard_timeout = std::chrono::seconds(2);
constexpr std::size_t discard_limit = 16 * 1024 * 1024;

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

}  // namespace

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
