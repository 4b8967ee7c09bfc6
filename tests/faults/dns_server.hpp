#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>

namespace pollhook::test {

/// A name server on UDP for a few names, each with an address and the time it takes. It is silent about every
/// other name. Lives on the test's loop.
class DnsServer {
public:
    struct Name {
        std::string address;  ///< IPv4
        std::chrono::milliseconds delay{0};
    };

    /// Throws boost::system::system_error when the address cannot be had.
    DnsServer(boost::asio::io_context& loop, const boost::asio::ip::udp::endpoint& endpoint);

    void set(const std::string& name, Name answer) { names_[name] = std::move(answer); }
    [[nodiscard]] std::size_t asked() const noexcept { return asked_; }

private:
    void receive();
    void answer(std::string_view query);

    boost::asio::io_context& loop_;
    boost::asio::ip::udp::socket socket_;
    boost::asio::ip::udp::endpoint peer_;
    std::array<char, 512> buffer_{};
    std::map<std::string, Name> names_;
    std::size_t asked_ = 0;
};

}  // namespace pollhook::test
