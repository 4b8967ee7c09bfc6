#include "pollhook/http/address_guard.hpp"

#include "pollhook/http/error.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

namespace pollhook::http {
namespace {

namespace ip = boost::asio::ip;

struct Range4 {
    std::uint32_t first;
    unsigned prefix_length;
};

constexpr std::uint32_t quad(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept
{
    return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

constexpr bool within(std::uint32_t address, Range4 range) noexcept
{
    return range.prefix_length == 0 || ((address ^ range.first) >> (32U - range.prefix_length)) == 0;
}

/// IANA's special-purpose registry, a cloud's metadata address and what is not a unicast address at all.
constexpr std::array<Range4, 20> refused_v4{{
    {quad(0, 0, 0, 0), 8},       {quad(10, 0, 0, 0), 8},         {quad(100, 64, 0, 0), 10},
    {quad(127, 0, 0, 0), 8},     {quad(168, 63, 129, 16), 32},   {quad(169, 254, 0, 0), 16},
    {quad(172, 16, 0, 0), 12},   {quad(192, 0, 0, 0), 24},       {quad(192, 0, 2, 0), 24},
    {quad(192, 31, 196, 0), 24}, {quad(192, 52, 193, 0), 24},    {quad(192, 88, 99, 0), 24},
    {quad(192, 168, 0, 0), 16},  {quad(192, 175, 48, 0), 24},    {quad(198, 18, 0, 0), 15},
    {quad(198, 51, 100, 0), 24}, {quad(203, 0, 113, 0), 24},     {quad(224, 0, 0, 0), 4},
    {quad(240, 0, 0, 0), 4},     {quad(255, 255, 255, 255), 32},
}};

/// Where clouds hand out credentials to whoever asks from the machine: EC2 and most others, ECS and EKS
/// tasks, Azure's wire server, Alibaba, Oracle.
constexpr std::array<std::uint32_t, 6> metadata_v4{
    quad(169, 254, 169, 254),
    quad(169, 254, 170, 2),
    quad(169, 254, 170, 23),
    quad(168, 63, 129, 16),
    quad(100, 100, 100, 200),
    quad(192, 0, 0, 192),
};

constexpr std::array<std::uint16_t, 26> database_ports{
    1433, 1434, 1521, 1526, 2375, 2376, 2379, 2380, 2483, 2484, 3050, 3306,  5432,
    5433, 5984, 6379, 6380, 6432, 7000, 7474, 7687, 9042, 9200, 9300, 11211, 27017,
};

using Bytes6 = ip::address_v6::bytes_type;

struct Range6 {
    Bytes6 first;
    unsigned prefix_length;
};

template <std::size_t N>
bool same_prefix(
    const std::array<unsigned char, N>& a, const std::array<unsigned char, N>& b, unsigned length
) noexcept
{
    const std::size_t whole = length / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin()))
        return false;
    const unsigned rest = length % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8U - rest)) == 0;
}

/// Only what the internet routes is open; these are the holes in it.
constexpr Range6 global_unicast{{0x20}, 3};
constexpr std::array<Range6, 5> refused_v6{{
    {{0x20, 0x01, 0x00}, 23},                    // 2001::/23, protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32},              // 2001:db8::/32, documentation
    {{0x20, 0x02}, 16},                          // 2002::/16, 6to4
    {{0x3f, 0xff}, 20},                          // 3fff::/20, documentation
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48},  // 2620:4f:8000::/48, AS112
}};
constexpr std::array<Bytes6, 3> metadata_v6{{
    {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},  // fd00:ec2::254
    {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x23},  // fd00:ec2::23
    {0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},  // fd20:ce::254
}};

/// A v4-mapped address reaches the IPv4 host, so it is judged as that.
ip::address unmapped(const ip::address& address)
{
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

bool is_metadata(const ip::address& address)
{
    if (address.is_v4())
        return std::ranges::find(metadata_v4, address.to_v4().to_uint()) != metadata_v4.end();
    return std::ranges::find(metadata_v6, address.to_v6().to_bytes()) != metadata_v6.end();
}

bool is_public(const ip::address& address)
{
    if (address.is_v4()) {
        const std::uint32_t value = address.to_v4().to_uint();
        return std::ranges::none_of(refused_v4, [value](Range4 range) { return within(value, range); });
    }
    const Bytes6 bytes = address.to_v6().to_bytes();
    return same_prefix(bytes, global_unicast.first, global_unicast.prefix_length) &&
           std::ranges::none_of(refused_v6, [&bytes](const Range6& range) {
               return same_prefix(bytes, range.first, range.prefix_length);
           });
}

bool is_open_port(std::uint16_t port)
{
    if (port < 1024)
        return port == 80 || port == 443;
    return std::ranges::find(database_ports, port) == database_ports.end();
}

std::vector<ip::address> interface_addresses()
{
    std::vector<ip::address> addresses;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return addresses;
    for (const ifaddrs* item = first; item != nullptr; item = item->ifa_next) {
        if (item->ifa_addr == nullptr)
            continue;
        if (item->ifa_addr->sa_family == AF_INET) {
            sockaddr_in raw{};
            std::memcpy(&raw, item->ifa_addr, sizeof raw);
            addresses.emplace_back(ip::address_v4(ntohl(raw.sin_addr.s_addr)));
        } else if (item->ifa_addr->sa_family == AF_INET6) {
            sockaddr_in6 raw{};
            std::memcpy(&raw, item->ifa_addr, sizeof raw);
            Bytes6 bytes{};
            std::memcpy(bytes.data(), &raw.sin6_addr, bytes.size());
            addresses.emplace_back(ip::address_v6(bytes));
        }
    }
    ::freeifaddrs(first);
    return addresses;
}

/// A listener on `0.0.0.0` or `::` is reached at every address of this machine.
std::vector<ip::tcp::endpoint> reachable_at(const std::vector<ip::tcp::endpoint>& listeners)
{
    std::vector<ip::tcp::endpoint> reachable;
    for (const ip::tcp::endpoint& listener : listeners) {
        reachable.emplace_back(unmapped(listener.address()), listener.port());
        if (!listener.address().is_unspecified())
            continue;
        for (const ip::address& address : interface_addresses())
            reachable.emplace_back(address, listener.port());
    }
    return reachable;
}

std::uint64_t next_identity() noexcept
{
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

bool Network::contains(const ip::address& candidate) const
{
    const ip::address one = unmapped(candidate);
    if (one.is_v4() != address.is_v4())
        return false;
    if (one.is_v4())
        return same_prefix(one.to_v4().to_bytes(), address.to_v4().to_bytes(), std::min(prefix_length, 32U));
    return same_prefix(one.to_v6().to_bytes(), address.to_v6().to_bytes(), std::min(prefix_length, 128U));
}

base::Result<Network> parse_network(std::string_view text)
{
    const std::size_t slash = text.find('/');
    boost::system::error_code ec;
    Network network;
    const ip::address address = ip::make_address(std::string(text.substr(0, slash)), ec);
    if (ec || (address.is_v6() && address.to_v6().scope_id() != 0))
        return Errc::bad_host;
    const unsigned width = address.is_v4() ? 32 : 128;
    network.address = address;
    network.prefix_length = width;
    if (slash != std::string_view::npos) {
        const std::string_view length = text.substr(slash + 1);
        const char* const end = length.data() + length.size();
        const auto [last, error] = std::from_chars(length.data(), end, network.prefix_length);
        if (length.empty() || error != std::errc() || last != end || network.prefix_length > width)
            return Errc::bad_host;
    }
    if (address.is_v6() && address.to_v6().is_v4_mapped() && network.prefix_length >= 96) {
        network.address = unmapped(address);
        network.prefix_length -= 96;
    }
    return network;
}

AddressGuard::AddressGuard(
    std::vector<Network> allowed, std::vector<ip::tcp::endpoint> own_listeners, bool allow_http
)
    : allowed_(std::move(allowed)),
      own_listeners_(reachable_at(own_listeners)),
      allow_http_(allow_http),
      identity_(next_identity())
{
}

bool AddressGuard::permits(const ip::tcp::endpoint& endpoint) const
{
    if (endpoint.address().is_v6() && endpoint.address().to_v6().scope_id() != 0)
        return false;
    const ip::address address = unmapped(endpoint.address());
    if (!is_open_port(endpoint.port()) || is_metadata(address))
        return false;
    if (std::ranges::find(own_listeners_, ip::tcp::endpoint(address, endpoint.port())) !=
        own_listeners_.end())
        return false;
    return is_public(address) || std::ranges::any_of(allowed_, [&address](const Network& network) {
               return network.contains(address);
           });
}

base::Result<void> AddressGuard::check(const Origin& origin) const
{
    if (origin.scheme == Scheme::http && !allow_http_)
        return Errc::http_not_allowed;
    if (!is_open_port(origin.port))
        return Errc::port_not_allowed;
    boost::system::error_code ec;
    const ip::address literal = ip::make_address(origin.host, ec);
    if (!ec && !permits(ip::tcp::endpoint(literal, origin.port)))
        return Errc::blocked_address;
    return {};
}

base::Result<void> AddressGuard::check(const Url& url) const
{
    return check(url.origin);
}

}  // namespace pollhook::http
