#include "pollhook/http/net_connector.hpp"

#include "endpoint_text.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/http/error.hpp"
#include "pollhook/http/proxy_tunnel.hpp"
#include "pollhook/http/tcp_stream.hpp"
#include "pollhook/http/tls.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// RFC 8305, section 5.
constexpr base::Duration stagger = std::chrono::milliseconds(250);

/// How long the last attempt is waited for; the caller's deadline comes first.
constexpr base::Duration forever = std::chrono::hours(1);

/// More addresses than this are not tried: the deadline would not reach them.
constexpr std::size_t max_addresses = 8;

/// What the attempts at one origin's addresses have in common.
struct Race {
    explicit Race(base::Clock& clock) : changed(clock.make_timer()) {}

    std::unique_ptr<base::Timer> changed;
    std::optional<tcp::socket> winner;
    std::size_t running = 0;
    error_code last_error;
    tcp::endpoint last_endpoint;
};

Errc to_errc(const error_code& ec)
{
    if (ec == asio::error::connection_refused)
        return Errc::connection_refused;
    if (ec == asio::error::connection_reset)
        return Errc::connection_reset;
    if (ec == asio::error::timed_out)
        return Errc::timed_out;
    if (ec == asio::error::operation_aborted)
        return Errc::cancelled;
    return Errc::unreachable;
}

/// What CONNECT is asked for: the port is always said (RFC 9110, 9.3.6).
std::string authority_of(const Origin& origin)
{
    const std::string port = std::to_string(origin.port);
    if (origin.host.find(':') != std::string::npos)
        return "[" + origin.host + "]:" + port;
    return origin.host + ":" + port;
}

/// A proxy may not know the v4-mapped form.
tcp::endpoint unmapped(const tcp::endpoint& endpoint)
{
    const asio::ip::address& address = endpoint.address();
    if (!address.is_v6() || !address.to_v6().is_v4_mapped())
        return endpoint;
    return {asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()), endpoint.port()};
}

RouteOptions trusting(const std::string& ca_file)
{
    RouteOptions options;
    options.ca_file = ca_file;
    return options;
}

asio::awaitable<error_code> connect_to(tcp::socket& socket, tcp::endpoint endpoint)
{
    error_code ec;
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, ec));
    // A closed port of this machine that happens to be our own end's answers itself.
    error_code ignored;
    if (!ec && socket.local_endpoint(ignored) == endpoint)
        ec = asio::error::connection_refused;
    co_return ec;
}

/// `race` is kept alive by whoever joins the group that this runs in.
asio::awaitable<void> run_attempt(asio::io_context& loop, Race& race, tcp::endpoint endpoint)
{
    tcp::socket socket(loop);
    const error_code ec = co_await connect_to(socket, endpoint);
    --race.running;
    if (ec) {
        race.last_error = ec;
        race.last_endpoint = endpoint;
    } else if (!race.winner) {
        race.winner.emplace(std::move(socket));
    }
    race.changed->wake();
}

asio::awaitable<bool> is_cancelled()
{
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

NetConnector::NetConnector(
    asio::io_context& loop, base::Clock& clock, const std::string& ca_file, Resolver::Ask ask
)
    : loop_(loop),
      clock_(clock),
      resolver_(loop, clock, ResolverOptions{}, std::move(ask)),
      own_route_(trusting(ca_file))
{
}

NetConnector::~NetConnector() = default;

asio::awaitable<base::Result<std::unique_ptr<Stream>>> NetConnector::connect(
    const Origin& origin, const AddressGuard* guard, const Route* route, ConnectReport& report
)
{
    co_await asio::this_coro::throw_if_cancelled(false);

    const Route& way = route != nullptr ? *route : own_route_;
    const base::SteadyPoint begin = clock_.steady_now();
    asio::awaitable<Connected> attempt =
        way.proxy() ? reach_through(way, origin, guard, report) : reach(origin, guard, report);
    Connected socket = co_await std::move(attempt);
    const base::SteadyPoint connected = clock_.steady_now();
    if (report.step == ConnectStep::look_up)
        report.look_up = connected - begin;
    else
        report.connect = connected - begin - report.look_up;
    if (!socket)
        co_return socket.error();
    error_code ignored;
    socket->set_option(tcp::no_delay(true), ignored);
    if (origin.scheme == Scheme::http)
        co_return make_tcp_stream(std::move(*socket));

    report.enter(ConnectStep::tls);
    base::Result<std::unique_ptr<Stream>> stream =
        co_await way.tls().handshake(std::move(*socket), origin, report.detail);
    report.tls = clock_.steady_now() - connected;
    co_return stream;
}

asio::awaitable<NetConnector::Connected> NetConnector::reach(
    const Origin& origin, const AddressGuard* guard, ConnectReport& report
)
{
    const base::SteadyPoint begin = clock_.steady_now();
    const base::Result<Endpoints> endpoints = co_await find(origin, guard, report);
    if (!endpoints)
        co_return endpoints.error();
    report.look_up = clock_.steady_now() - begin;
    report.enter(ConnectStep::connect);
    Connected socket = co_await open(*endpoints, report);
    error_code ignored;
    if (socket)
        report.peer = socket->remote_endpoint(ignored);
    co_return socket;
}

asio::awaitable<NetConnector::Connected> NetConnector::reach_through(
    const Route& route, const Origin& origin, const AddressGuard* guard, ConnectReport& report
)
{
    const base::SteadyPoint begin = clock_.steady_now();
    Endpoints targets;
    if (guard != nullptr) {
        base::Result<Endpoints> judged = co_await find(origin, guard, report);
        if (!judged)
            co_return judged.error();
        for (const tcp::endpoint& target : *judged)
            targets.push_back(unmapped(target));
    }
    const base::Result<Endpoints> proxies = co_await find(*route.proxy(), nullptr, report);
    report.look_up = clock_.steady_now() - begin;
    if (!proxies) {
        report.detail.insert(0, "the proxy: ");
        co_return proxies.error();
    }
    for (std::size_t i = 0;; ++i) {
        report.enter(ConnectStep::connect);
        Connected socket = co_await open(*proxies, report);
        if (!socket) {
            report.detail.insert(0, "the proxy: ");
            co_return socket;
        }
        error_code ignored;
        report.peer = targets.empty() ? socket->remote_endpoint(ignored) : targets[i];
        const std::string authority = targets.empty() ? authority_of(origin) : to_text(targets[i]);
        report.enter(ConnectStep::tunnel);
        const base::Result<int> status =
            co_await ask_for_tunnel(*socket, authority, route.proxy_authorization(), report.detail);
        if (!status)
            co_return status.error();
        if (*status < 300)
            co_return socket;
        report.detail = "the proxy answered " + std::to_string(*status);
        if (*status < 502 || *status > 504 || i + 1 >= targets.size())
            co_return make_error_code(Errc::proxy_refused);
    }
}

asio::awaitable<base::Result<NetConnector::Endpoints>> NetConnector::find(
    const Origin& origin, const AddressGuard* guard, ConnectReport& report
)
{
    std::string host = origin.host;
    const std::shared_ptr<const LookUp> answer = co_await resolver_.look_up(std::move(host));
    if (answer->error) {
        report.detail = "look-up of " + origin.host + ": " + answer->detail;
        co_return answer->error;
    }
    Endpoints endpoints;
    for (const asio::ip::address& address : answer->addresses) {
        const tcp::endpoint endpoint(address, origin.port);
        if (guard != nullptr && !guard->permits(endpoint))
            report.detail = to_text(endpoint) + " may not be reached by a task's URL";
        else if (endpoints.size() < max_addresses)
            endpoints.push_back(endpoint);
    }
    if (endpoints.empty())
        co_return make_error_code(Errc::blocked_address);
    report.detail.clear();
    co_return endpoints;
}

asio::awaitable<NetConnector::Connected> NetConnector::open(const Endpoints& endpoints, ConnectReport& report)
{
    Race race(clock_);
    if (endpoints.size() == 1) {
        tcp::socket socket(loop_);
        race.last_endpoint = endpoints.front();
        race.last_error = co_await connect_to(socket, endpoints.front());
        if (!race.last_error)
            co_return socket;
    } else {
        base::TaskGroup attempts(loop_.get_executor());
        for (auto next = endpoints.begin(); !race.winner && (next != endpoints.end() || race.running > 0);) {
            if (next != endpoints.end()) {
                ++race.running;
                attempts.spawn(run_attempt(loop_, race, *next++));
            }
            const base::Duration patience = next != endpoints.end() ? stagger : forever;
            co_await race.changed->wait_until(clock_.steady_now() + patience);
            const bool is_over = co_await is_cancelled();
            if (is_over)
                break;
        }
        attempts.cancel();
        co_await attempts.join();
        if (race.winner)
            co_return std::move(*race.winner);
        const bool is_over = co_await is_cancelled();
        if (is_over)
            co_return make_error_code(Errc::cancelled);
    }
    report.detail = "connect to " + to_text(race.last_endpoint) + ": " + race.last_error.message();
    co_return make_error_code(to_errc(race.last_error));
}

}  // namespace pollhook::http
