#include "server_connection.hpp"

#include "pollhook/base/text.hpp"
#include "server_reading.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace pollhook::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t buffer_limit = 64 * 1024;

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

}  // namespace

ServerConnection::ServerConnection(
    Socket socket, base::Clock& clock, const ServerOptions& options, const Server::Respond& respond
)
    : socket_(std::move(socket)),
      clock_(clock),
      options_(options),
      respond_(respond),
      peer_(peer_text(socket_)),
      buffer_(std::max(buffer_limit, options.head_limit + head_read_step)),
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

}  // namespace pollhook::http
