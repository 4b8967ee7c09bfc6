#include "pollhook/http/client.hpp"

#include "pollhook/base/task_group.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/http/connection.hpp"
#include "pollhook/http/connection_pool.hpp"
#include "pollhook/http/net_connector.hpp"
#include "pollhook/http/route.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>

#include <algorithm>
#include <cassert>
#include <exception>
#include <unordered_set>
#include <utility>

namespace pollhook::http {

namespace asio = boost::asio;
using Connected = base::Result<std::unique_ptr<Stream>>;

namespace {

std::string_view doing(ConnectStep step) noexcept
{
    switch (step) {
        case ConnectStep::look_up: return "the look-up of the host name";
        case ConnectStep::connect: return "the TCP connection";
        case ConnectStep::tunnel: return "the proxy's answer";
        case ConnectStep::tls: return "the TLS handshake";
    }
    return "the connection";
}

base::Duration limit_of(ConnectStep step, const Deadlines& deadlines) noexcept
{
    switch (step) {
        case ConnectStep::look_up: return deadlines.look_up;
        case ConnectStep::connect:
        case ConnectStep::tunnel: return deadlines.connect;
        case ConnectStep::tls: return deadlines.tls;
    }
    return deadlines.total;
}

/// Which limit ended a connection in the making.
enum class Limit : std::uint8_t { none, step, total };

/// Ends when a step of the connection in the making, or all of them, have used up their time; with `none`
/// when the connection was closed or the wait was cancelled. Whoever awaits keeps the parameters alive. A
/// close() that comes before the timer waits must not be missed.
asio::awaitable<Limit> watch_steps(
    Connection& connection,
    const ConnectReport& report,
    const Deadlines& deadlines,
    base::Clock& clock,
    base::SteadyPoint start
)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    const base::SteadyPoint latest = start + deadlines.total;
    while (connection.is_open()) {
        const ConnectStep step = report.step;
        const base::SteadyPoint own = clock.steady_now() + limit_of(step, deadlines);
        const bool reached = co_await connection.timer().wait_until(std::min(own, latest));
        if (reached && step == report.step)
            co_return own < latest ? Limit::step : Limit::total;
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            break;
    }
    co_return Limit::none;
}

std::string describe_timeout(ConnectStep step, Limit limit, const Deadlines& deadlines)
{
    const std::string what(doing(step));
    if (limit == Limit::step)
        return what + " took longer than " + base::format_duration(limit_of(step, deadlines));
    return "the " + base::format_duration(deadlines.total) + " of the whole attempt ran out during " + what;
}

PoolKey key_of(const Request& request) noexcept
{
    return {
        *request.origin,
        request.guard != nullptr ? request.guard->identity() : 0,
        request.route != nullptr ? request.route->identity() : 0
    };
}

}  // namespace

class Client::Impl {
public:
    Impl(
        asio::io_context& loop,
        base::Clock& clock,
        ClientOptions options,
        std::unique_ptr<Connector> connector
    )
        : clock_(clock),
          options_(std::move(options)),
          connector_(std::move(connector)),
          pool_(options_.max_idle, options_.max_idle_per_origin),
          watchdogs_(loop.get_executor()),
          drained_(loop, asio::steady_timer::time_point::max())
    {
    }

    asio::awaitable<Exchange> send(const Request& request);
    asio::awaitable<void> close();
    void forget(const Route& route) { pool_.give_up(route.identity()); }
    void keep_idle(std::size_t most, std::size_t most_per_origin) { pool_.set_limits(most, most_per_origin); }

    [[nodiscard]] Counters counters() const noexcept
    {
        Counters counters = counters_;
        counters.idle = pool_.idle();
        return counters;
    }

private:
    /// An exchange under way, so that close() can wait for it.
    class Underway {
    public:
        explicit Underway(Impl& impl) : impl_(impl) { ++impl_.exchanges_; }
        Underway(const Underway&) = delete;
        Underway& operator=(const Underway&) = delete;
        ~Underway()
        {
            if (--impl_.exchanges_ == 0)
                impl_.drained_.cancel();
        }

    private:
        Impl& impl_;
    };

    /// A connection in use: afterwards it is kept or closed, whichever way the exchange ended.
    class Lease {
    public:
        Lease(Impl& impl, const Request& request, std::shared_ptr<Connection> connection)
            : impl_(impl),
              request_(request),
              connection_(std::move(connection))
        {
        }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() { impl_.release(request_, std::move(connection_)); }

        Connection* operator->() const noexcept { return connection_.get(); }

    private:
        Impl& impl_;
        const Request& request_;
        std::shared_ptr<Connection> connection_;
    };

    /// A connection that close() has to end, with its place in the pool.
    class Live {
    public:
        Live(Impl& impl, std::shared_ptr<Connection> connection, ConnectionPool::Membership membership)
            : impl_(&impl),
              connection_(std::move(connection)),
              membership_(std::move(membership))
        {
            impl_->live_.insert(connection_.get());
        }
        Live(Live&& other) noexcept = default;
        Live& operator=(Live&&) = delete;
        ~Live()
        {
            if (!connection_)
                return;
            connection_->close();
            impl_->pool_.forget(*connection_, membership_);
            impl_->live_.erase(connection_.get());
        }

        [[nodiscard]] const std::shared_ptr<Connection>& connection() const noexcept { return connection_; }

    private:
        Impl* impl_;
        std::shared_ptr<Connection> connection_;
        ConnectionPool::Membership membership_;
    };

    asio::awaitable<void> run(const Request& request, Exchange& exchange, base::SteadyPoint start);
    asio::awaitable<std::shared_ptr<Connection>> open(
        const Request& request, Exchange& exchange, base::SteadyPoint start
    );
    asio::awaitable<Connected> connect(
        const Request& request, Connection& connection, ConnectReport& report, base::SteadyPoint start
    );
    static asio::awaitable<void> watch(Live live);
    void release(const Request& request, std::shared_ptr<Connection> connection);

    base::Clock& clock_;
    ClientOptions options_;
    std::unique_ptr<Connector> connector_;
    ConnectionPool pool_;
    std::unordered_set<Connection*> live_;
    base::TaskGroup watchdogs_;
    asio::steady_timer drained_;  // a condition variable: cancelled when the last exchange ends
    std::size_t exchanges_ = 0;
    Counters counters_;
    bool closing_ = false;
};

asio::awaitable<Exchange> Client::Impl::send(const Request& request)
{
    assert(request.origin != nullptr && "a request goes to an origin");
    const Underway underway(*this);
    Exchange exchange;
    const base::SteadyPoint start = clock_.steady_now();
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        co_await run(request, exchange, start);
    } catch (const std::exception& failure) {
        // Nothing that a peer does leads here; a lack of memory or descriptors may.
        exchange.response = make_error_code(boost::system::errc::not_enough_memory);
        exchange.detail = base::printable(failure.what());
    }
    exchange.timing.total = clock_.steady_now() - start;
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return exchange;
}

asio::awaitable<void> Client::Impl::run(const Request& request, Exchange& exchange, base::SteadyPoint start)
{
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (closing_ || state.cancelled() != asio::cancellation_type::none) {
        exchange.detail = "cancelled";
        co_return;
    }
    if (std::shared_ptr<Connection> idle = pool_.take(key_of(request))) {
        const Lease lease(*this, request, std::move(idle));
        ++counters_.reused;
        exchange.reused = true;
        exchange.peer = lease->peer_text();
        const Connection::Ending ending = co_await lease->exchange(request, exchange, start);
        if (ending == Connection::Ending::done)
            co_return;
        exchange.reused = false;
        exchange.peer.clear();
    }
    std::shared_ptr<Connection> fresh = co_await open(request, exchange, start);
    if (!fresh)
        co_return;
    const Lease lease(*this, request, std::move(fresh));
    exchange.peer = lease->peer_text();
    co_await lease->exchange(request, exchange, start);
}

asio::awaitable<std::shared_ptr<Connection>> Client::Impl::open(
    const Request& request, Exchange& exchange, base::SteadyPoint start
)
{
    if (request.guard != nullptr) {
        const base::Result<void> verdict = request.guard->check(*request.origin);
        if (!verdict) {
            exchange.response = verdict.error();
            exchange.detail = verdict.error().message();
            co_return nullptr;
        }
    }
    ConnectionPool::Membership membership(pool_, key_of(request));
    auto connection = std::make_shared<Connection>(clock_, membership.host_field());
    Live live(*this, connection, std::move(membership));
    ConnectReport report;
    Connected stream = co_await connect(request, *connection, report, start);
    exchange.timing.look_up = report.look_up;
    exchange.timing.connect = report.connect;
    exchange.timing.tls = report.tls;
    if (!stream) {
        exchange.response = stream.error();
        exchange.detail = std::move(report.detail);
        co_return nullptr;
    }
    ++counters_.connections_opened;
    if (request.origin->scheme == Scheme::https)
        ++counters_.tls_handshakes;
    connection->start(std::move(*stream), report.peer);
    watchdogs_.spawn(watch(std::move(live)));
    co_return connection;
}

asio::awaitable<Connected> Client::Impl::connect(
    const Request& request, Connection& connection, ConnectReport& report, base::SteadyPoint start
)
{
    using namespace asio::experimental::awaitable_operators;
    report.watchdog = &connection.timer();
    asio::awaitable<Connected> attempt =
        connector_->connect(*request.origin, request.guard, request.route, report);
    asio::awaitable<Limit> watchdog = watch_steps(connection, report, request.deadlines, clock_, start);
    auto first = co_await (std::move(attempt) || std::move(watchdog));
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (closing_ || state.cancelled() != asio::cancellation_type::none) {
        report.detail = "cancelled";
        co_return make_error_code(Errc::cancelled);
    }
    if (first.index() == 1) {
        report.detail = describe_timeout(report.step, std::get<1>(first), request.deadlines);
        co_return make_error_code(Errc::timed_out);
    }
    Connected stream = std::move(std::get<0>(first));
    if (!stream && report.detail.empty())
        report.detail = stream.error().message();
    co_return stream;
}

asio::awaitable<void> Client::Impl::watch(Live live)
{
    co_await Connection::watch(live.connection());
}

void Client::Impl::release(const Request& request, std::shared_ptr<Connection> connection)
{
    if (closing_ || !connection->is_reusable()) {
        connection->close();
        return;
    }
    connection->set_deadline(clock_.steady_now() + options_.idle_timeout);
    Connection& kept = *connection;
    if (!pool_.keep(std::move(connection), key_of(request)))
        kept.close();  // its watchdog still holds it
}

asio::awaitable<void> Client::Impl::close()
{
    closing_ = true;
    const std::vector<Connection*> open_ones(live_.begin(), live_.end());
    for (Connection* connection : open_ones)
        connection->close();
    while (exchanges_ > 0) {
        boost::system::error_code ignored;
        co_await drained_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_await watchdogs_.join();
}

Client::Client(asio::io_context& loop, base::Clock& clock, ClientOptions options)
    : Client(loop, clock, options, std::make_unique<NetConnector>(loop, clock, options.ca_file))
{
}

Client::Client(
    asio::io_context& loop, base::Clock& clock, ClientOptions options, std::unique_ptr<Connector> connector
)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(options), std::move(connector)))
{
}

Client::~Client() = default;

asio::awaitable<Exchange> Client::send(const Request& request)
{
    return impl_->send(request);
}

void Client::keep_idle(std::size_t most, std::size_t most_per_origin)
{
    impl_->keep_idle(most, most_per_origin);
}

asio::awaitable<void> Client::close()
{
    return impl_->close();
}

void Client::forget(const Route& route)
{
    impl_->forget(route);
}

Client::Counters Client::counters() const noexcept
{
    return impl_->counters();
}

}  // namespace pollhook::http
