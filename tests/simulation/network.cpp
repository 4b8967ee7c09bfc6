#include "network.hpp"

#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/error.hpp"
#include "virtual_stream.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace pollhook::simulation {

namespace asio = boost::asio;
using http::ConnectStep;
using http::Errc;

/// Does what the real one does, step by step: look-up, judgement of the address, TCP, TLS.
class VirtualConnector final : public http::Connector {
public:
    VirtualConnector(Network& network, base::Clock& clock, std::uint64_t boot)
        : network_(network),
          clock_(clock),
          boot_(boot)
    {
    }

    asio::awaitable<base::Result<std::unique_ptr<http::Stream>>> connect(
        const http::Origin& origin,
        const http::AddressGuard* guard,
        const http::Route*,
        http::ConnectReport& report
    ) override
    {
        co_await asio::this_coro::throw_if_cancelled(false);
        const auto found = network_.places_.find(origin.host);
        bool goes_on = co_await wait(latency());
        if (!goes_on)
            co_return make_error_code(is_dead() ? Errc::connection_refused : Errc::cancelled);
        if (found == network_.places_.end())
            co_return make_error_code(Errc::name_not_found);
        Network::Place& place = found->second;
        if (strikes(place.weather.look_up_failure))
            co_return make_error_code(Errc::look_up_failed);

        const asio::ip::tcp::endpoint endpoint(
            place.addresses[place.look_ups++ % place.addresses.size()], origin.port
        );
        if (guard != nullptr && !guard->permits(endpoint)) {
            report.detail = endpoint.address().to_string() + " may not be reached by a task's URL";
            co_return make_error_code(Errc::blocked_address);
        }
        report.enter(ConnectStep::connect);
        const bool is_refused = strikes(place.weather.refusal);
        const bool is_silent = strikes(place.weather.silence);
        const base::Duration until_connected = is_silent ? base::Duration(std::chrono::hours(1)) : latency();
        goes_on = co_await wait(until_connected);
        if (!goes_on)
            co_return make_error_code(is_dead() ? Errc::connection_refused : Errc::cancelled);
        if (is_refused)
            co_return make_error_code(Errc::connection_refused);
        report.peer = endpoint;
        if (origin.scheme == http::Scheme::https) {
            report.enter(ConnectStep::tls);
            const bool fails = strikes(place.weather.tls_failure);
            goes_on = co_await wait(2 * latency());
            if (!goes_on)
                co_return make_error_code(is_dead() ? Errc::connection_refused : Errc::cancelled);
            if (fails)
                co_return make_error_code(Errc::tls_failed);
        }
        co_return make_virtual_stream(
            clock_, network_.connect(place, origin.host, endpoint.address(), boot_)
        );
    }

private:
    [[nodiscard]] bool is_dead() const { return boot_ < network_.dead_before_; }
    bool strikes(double probability) { return network_.random_.unit() < probability; }
    base::Duration latency() { return base::Duration(network_.random_.between(1, 20)); }

    /// False when the caller was cancelled, or the process has died.
    asio::awaitable<bool> wait(base::Duration pause)
    {
        const auto timer = clock_.make_timer();
        bool is_over = is_dead();
        if (!is_over)
            is_over = !co_await timer->wait_until(clock_.steady_now() + pause);
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        co_return !is_over && !is_dead() && state.cancelled() == asio::cancellation_type::none;
    }

    Network& network_;
    base::Clock& clock_;
    std::uint64_t boot_;
};

void Network::add(const std::string& name, std::vector<asio::ip::address> addresses, Host& host)
{
    Place& place = places_[name];
    place.addresses = std::move(addresses);
    place.host = &host;
}

void Network::set_weather(const Weather& weather)
{
    for (auto& [name, place] : places_)
        place.weather = weather;
}

void Network::set_weather(const std::string& name, const Weather& weather)
{
    places_.at(name).weather = weather;
}

std::unique_ptr<http::Connector> Network::make_connector(base::Clock& clock, std::uint64_t boot)
{
    return std::make_unique<VirtualConnector>(*this, clock, boot);
}

std::shared_ptr<Link> Network::connect(
    Place& place, const std::string& name, const asio::ip::address& address, std::uint64_t boot
)
{
    ++connections_;
    Link::Ends ends;
    ends.timeline = &timeline_;
    ends.host = place.host;
    ends.host_name = name;
    ends.address = address;
    ends.boot = boot;
    const auto seed = static_cast<std::uint64_t>(random_.between(0, INT64_MAX));
    auto link = std::make_shared<Link>(std::move(ends), place.weather, seed);
    std::erase_if(place.links, [](const std::weak_ptr<Link>& old) { return old.expired(); });
    place.links.push_back(link);
    return link;
}

void Network::cut_off(std::uint64_t boot)
{
    dead_before_ = boot + 1;
    for (auto& [name, place] : places_)
        for (const std::weak_ptr<Link>& weak : place.links)
            if (const auto link = weak.lock())
                link->kill();
}

std::size_t Network::in_progress(const std::string& name) const
{
    const std::vector<std::weak_ptr<Link>>& links = places_.at(name).links;
    return static_cast<std::size_t>(std::ranges::count_if(links, [](const std::weak_ptr<Link>& weak) {
        const auto link = weak.lock();
        return link && link->is_in_progress();
    }));
}

}  // namespace pollhook::simulation
