#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/http/origin.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace pollhook::http {

/// `10.1.0.0/16` or `fd00::/8`; a bare address is a network of one.
struct Network {
    boost::asio::ip::address address;
    unsigned prefix_length = 0;

    [[nodiscard]] bool contains(const boost::asio::ip::address& candidate) const;
};
base::Result<Network> parse_network(std::string_view text);

/// Decides which addresses a URL written by a stranger may reach: the public internet only, plus the networks
/// that the configuration opens; cloud metadata addresses and our own listeners stay closed even then
/// (docs/delivery.md, "Addresses").
///
/// It judges the address that is connected to, on every attempt, after the look-up: a name that resolves to a
/// private address, or to another address the second time, cannot slip through. Immutable; any thread.
class AddressGuard {
public:
    AddressGuard(
        std::vector<Network> allowed,
        std::vector<boost::asio::ip::tcp::endpoint> own_listeners,
        bool allow_http
    );

    /// Unlike that of any guard with other rules, also of one that is gone; never 0.
    [[nodiscard]] std::uint64_t identity() const noexcept { return identity_; }

    /// Address, port and own listeners; what an endpoint alone can tell.
    [[nodiscard]] bool permits(const boost::asio::ip::tcp::endpoint& endpoint) const;

    /// The rules that can be judged before the look-up: scheme, port (below 1024 only 80 and 443; no database
    /// ports), a literal address. Used when a task is registered, so that the caller learns at once.
    [[nodiscard]] base::Result<void> check(const Url& url) const;
    [[nodiscard]] base::Result<void> check(const Origin& origin) const;

private:
    std::vector<Network> allowed_;
    std::vector<boost::asio::ip::tcp::endpoint> own_listeners_;
    bool allow_http_;
    std::uint64_t identity_;
};

}  // namespace pollhook::http
