#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/http/connector.hpp"
#include "pollhook/http/resolver.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace pollhook::http {

class TlsConnector;

/// Connects over the real network. Addresses are tried in the system's order; a slow one gets 250 ms before
/// the next is tried beside it (RFC 8305, section 5), and the first that answers wins. Lives on the loop.
class NetConnector final : public Connector {
public:
    /// `loop` and `clock` must outlive it. `ca_file` is a PEM file, empty for the system's store; throws
    /// std::system_error when it cannot be read.
    NetConnector(boost::asio::io_context& loop, base::Clock& clock, const std::string& ca_file);
    ~NetConnector() override;

    [[nodiscard]] boost::asio::awaitable<base::Result<std::unique_ptr<Stream>>> connect(
        const Origin& origin, const AddressGuard* guard, ConnectReport& report
    ) override;

private:
    using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

    boost::asio::awaitable<base::Result<Endpoints>> find(
        const Origin& origin, const AddressGuard* guard, ConnectReport& report
    );
    boost::asio::awaitable<base::Result<boost::asio::ip::tcp::socket>> open(
        const Endpoints& endpoints, ConnectReport& report
    );

    boost::asio::io_context& loop_;
    base::Clock& clock_;
    Resolver resolver_;
    std::unique_ptr<TlsConnector> tls_;
};

}  // namespace pollhook::http
