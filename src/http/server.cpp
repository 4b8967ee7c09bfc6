#include "pollhook/http/server.hpp"

#include "pollhook/base/task_group.hpp"
#include "pollhook/base/text.hpp"
#include "server_connection.hpp"
#include "server_listener.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <list>
#include <utility>

namespace pollhook::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr base::Duration accept_pause = std::chrono::milliseconds(200);
constexpr base::Duration slot_pause = std::chrono::seconds(1);

/// The connection that was to be accepted is gone; the next one may be well (accept(2)).
bool concerns_one_peer(const error_code& ec)
{
    return ec == asio::error::connection_aborted || ec == asio::error::connection_reset ||
           ec == boost::system::errc::protocol_error || ec == asio::error::interrupted ||
           ec == asio::error::network_down || ec == asio::error::host_unreachable ||
           ec == asio::error::network_unreachable || ec == asio::error::timed_out;
}

}  // namespace

class Server::Impl {
public:
    Impl(asio::io_context& loop, base::Clock& clock, ServerOptions options, Respond respond)
        : loop_(loop),
          clock_(clock),
          options_(std::move(options)),
          respond_(std::move(respond)),
          group_(loop.get_executor()),
          drained_(clock.make_timer())
    {
    }

    void open()
    {
        for (const std::string& address : options_.listen)
            listeners_.emplace_back(loop_, clock_, address);
        for (const int descriptor : options_.passed)
            listeners_.emplace_back(loop_, clock_, descriptor);
    }

    std::vector<asio::ip::tcp::endpoint> endpoints() const
    {
        std::vector<asio::ip::tcp::endpoint> endpoints;
        for (const ServerListener& listener : listeners_) {
            if (const auto endpoint = listener.tcp_endpoint())
                endpoints.push_back(*endpoint);
        }
        return endpoints;
    }

    asio::awaitable<void> run();
    asio::awaitable<void> stop(base::Duration grace);

private:
    using Connections = std::list<std::shared_ptr<ServerConnection>>;

    asio::awaitable<void> accept(ServerListener& listener);
    asio::awaitable<void> accept_each(ServerListener& listener);
    asio::awaitable<void> wait_for_slot(ServerListener& listener);
    asio::awaitable<void> serve(Connections::iterator position);
    static asio::awaitable<void> watch(std::shared_ptr<ServerConnection> connection);
    void start(ServerConnection::Socket socket);
    void forget(Connections::iterator position);
    void close_listeners();

    asio::io_context& loop_;
    base::Clock& clock_;
    ServerOptions options_;
    Respond respond_;
    base::TaskGroup group_;
    std::list<ServerListener> listeners_;
    Connections connections_;
    std::unique_ptr<base::Timer> drained_;
    bool stopping_ = false;
};

asio::awaitable<void> Server::Impl::run()
{
    if (stopping_)
        co_return;
    for (ServerListener& listener : listeners_)
        group_.spawn(accept(listener));

    std::exception_ptr failure;
    try {
        co_await group_.join();
        co_return;
    } catch (...) {
        failure = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state();
    close_listeners();
    group_.cancel();
    try {
        co_await group_.join();
    } catch (const std::exception& e) {
        spdlog::error("http.stop_failed: error=\"{}\"", base::printable(e.what()));
    }
    std::rethrow_exception(failure);
}

asio::awaitable<void> Server::Impl::stop(base::Duration grace)
{
    close_listeners();
    for (const auto& connection : connections_)
        connection->finish();

    const base::SteadyPoint until = clock_.steady_now() + grace;
    while (!connections_.empty() && clock_.steady_now() < until)
        co_await drained_->wait_until(until);
    const auto cut_off = std::ranges::count_if(connections_, [](const auto& c) { return c->is_answering(); });
    if (cut_off > 0)
        spdlog::warn("http.stop_grace_over: cut_off={}", cut_off);
    group_.cancel();
    co_await group_.join();
}

void Server::Impl::close_listeners()
{
    stopping_ = true;
    for (ServerListener& listener : listeners_) {
        listener.close();
        listener.timer().wake();
    }
}

/// `listener` is an element of listeners_, which outlives the group.
asio::awaitable<void> Server::Impl::accept(ServerListener& listener)
{
    try {
        co_await accept_each(listener);
    } catch (const std::exception& e) {
        // A cancellation ends up here too.
        if (!stopping_)
            spdlog::debug(
                "http.accept_ended: address={} reason=\"{}\"", listener.address(), base::printable(e.what())
            );
    }
}

asio::awaitable<void> Server::Impl::accept_each(ServerListener& listener)
{
    bool starved = false;
    while (!stopping_) {
        ServerConnection::Socket socket(loop_);
        error_code ec;
        co_await listener.acceptor().async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
        if (stopping_ || ec == asio::error::operation_aborted)
            co_return;
        if (!ec) {
            starved = false;
            if (connections_.size() >= options_.max_connections)
                co_await wait_for_slot(listener);
            if (!stopping_)
                start(std::move(socket));
            continue;
        }
        if (concerns_one_peer(ec))
            continue;
        // Without descriptors, accept fails at once for as long as a client waits: never spin on that.
        if (!starved)
            spdlog::error(
                "http.accept_failed: address={} error=\"{}\" action=pause", listener.address(), ec.message()
            );
        starved = true;
        co_await listener.timer().wait_until(clock_.steady_now() + accept_pause);
    }
}

asio::awaitable<void> Server::Impl::wait_for_slot(ServerListener& listener)
{
    while (!stopping_ && connections_.size() >= options_.max_connections) {
        // Somebody new counts more than a kept-alive connection without a request.
        const ServerConnection* oldest = nullptr;
        std::shared_ptr<ServerConnection> idle;
        for (const auto& connection : connections_) {
            if (connection->phase() != ServerConnection::Phase::idle)
                continue;
            if (!oldest || connection->phase_since() < oldest->phase_since()) {
                oldest = connection.get();
                idle = connection;
            }
        }
        if (idle)
            idle->finish();
        co_await listener.timer().wait_until(clock_.steady_now() + slot_pause);
    }
}

void Server::Impl::start(ServerConnection::Socket socket)
{
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    auto connection = std::make_shared<ServerConnection>(std::move(socket), clock_, options_, respond_);
    group_.spawn(watch(connection));
    group_.spawn(serve(connections_.insert(connections_.end(), std::move(connection))));
}

asio::awaitable<void> Server::Impl::serve(Connections::iterator position)
{
    ServerConnection& connection = **position;  // forget() alone takes it off the list
    try {
        co_await connection.run();
    } catch (const std::exception& e) {
        spdlog::debug("http.connection_ended: reason=\"{}\"", base::printable(e.what()));
    }
    forget(position);
}

asio::awaitable<void> Server::Impl::watch(std::shared_ptr<ServerConnection> connection)
{
    try {
        co_await connection->watch();
    } catch (const std::exception& e) {
        spdlog::debug("http.watch_ended: reason=\"{}\"", base::printable(e.what()));
    }
}

void Server::Impl::forget(Connections::iterator position)
{
    connections_.erase(position);
    for (ServerListener& listener : listeners_)
        listener.timer().wake();
    if (connections_.empty())
        drained_->wake();
}

Server::Server(asio::io_context& loop, base::Clock& clock, ServerOptions options, Respond respond)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(options), std::move(respond)))
{
}

Server::~Server() = default;

void Server::open()
{
    impl_->open();
}

std::vector<asio::ip::tcp::endpoint> Server::endpoints() const
{
    return impl_->endpoints();
}

asio::awaitable<void> Server::run()
{
    return impl_->run();
}

asio::awaitable<void> Server::stop(base::Duration grace)
{
    return impl_->stop(grace);
}

}  // namespace pollhook::http
