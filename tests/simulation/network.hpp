#pragma once

#include "host.hpp"
#include "link.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/http/connector.hpp"
#include "timeline.hpp"
#include "weather.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pollhook::simulation {

/// Names, addresses and hosts, and every connection between them and the process.
class Network {
public:
    Network(Timeline& timeline, std::uint64_t seed) : timeline_(timeline), random_(seed) {}
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// `host` outlives the network. A name with several addresses gives them in turn, one for each look-up.
    void add(const std::string& name, std::vector<boost::asio::ip::address> addresses, Host& host);
    /// Of the connections that are made from now on; of one host, or of all.
    void set_weather(const Weather& weather);
    void set_weather(const std::string& name, const Weather& weather);

    /// How the process of `boot` reaches the hosts. Both must outlive the connector.
    [[nodiscard]] std::unique_ptr<http::Connector> make_connector(base::Clock& clock, std::uint64_t boot);
    /// The process of that boot is dead: nothing it does has any effect from now on.
    void cut_off(std::uint64_t boot);

    /// Exchanges that a host is working on and the process waits for.
    [[nodiscard]] std::size_t in_progress(const std::string& name) const;
    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

private:
    friend class VirtualConnector;
    struct Place {
        std::vector<boost::asio::ip::address> addresses;
        Host* host = nullptr;
        Weather weather;
        std::size_t look_ups = 0;
        std::vector<std::weak_ptr<Link>> links;
    };

    std::shared_ptr<Link> connect(
        Place& place, const std::string& name, const boost::asio::ip::address& address, std::uint64_t boot
    );

    Timeline& timeline_;
    base::Random random_;
    std::map<std::string, Place> places_;
    std::uint64_t dead_before_ = 0;  // boots
    std::size_t connections_ = 0;
};

}  // namespace pollhook::simulation
