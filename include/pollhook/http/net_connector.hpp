#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/http/connector.hpp"
#include "pollhook/http/resolver.hpp"
#include "pollhook/http/route.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace pollhook::http {

/// Connects over the real network, directly or through the HTTP proxy of a route. Addresses are tried in the
/// system's order; a slow one gets 250 ms before the next is tried beside it (RFC 8305, section 5), and the
/// first that answers wins. For a guarded target it is we who look up its name, also when there is a proxy,
/// which is then asked for a judged address. Lives on the loop.
class NetConnector final : public Connector {
public:
    /// `loop` and `clock` must outlive it. `ca_file` is a PEM file, empty for the system's store; throws
    /// config::SettingError when it cannot be read. `ask` looks names up, on threads of the resolver.
    NetConnector(
        boost::asio::io_context& loop,
        base::Clock& clock,
        const std::string& ca_file,
        Resolver::Ask ask = look_up_with_system
    );
    ~NetConnector() override;

    [[nodiscard]] boost::asio::awaitable<base::Result<std::unique_ptr<Stream>>> connect(
        const Origin& origin, const AddressGuard* guard, const Route* route, ConnectReport& report
    ) override;

private:
    using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
    using Connected = base::Result<boost::asio::ip::tcp::socket>;

    boost::asio::awaitable<Connected> reach(
        const Origin& origin, const AddressGuard* guard, ConnectReport& report
    );
    boost::asio::awaitable<Connected> reach_through(
        const Route& route, const Origin& origin, const AddressGuard* guard, ConnectReport& report
    );

    boost::asio::awaitable<base::Result<Endpoints>> find(
        const Origin& origin, const AddressGuard* guard, ConnectReport& report
    );
    boost::asio::awaitable<Connected> open(const Endpoints& endpoints, ConnectReport& report);

    boost::asio::io_context& loop_;
    base::Clock& clock_;
    Resolver resolver_;
    Route own_route_;
};

}  // namespace pollhook::http
