#include "pollhook/http/address_guard.hpp"

#include "pollhook/http/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pollhook::http {
namespace {

namespace ip = boost::asio::ip;

ip::tcp::endpoint at(const std::string& address, std::uint16_t port = 443)
{
    return {ip::make_address(address), port};
}

Network network(std::string_view text)
{
    return parse_network(text).value();
}

class RefusedAddressTest : public testing::TestWithParam<const char*> {};

TEST_P(RefusedAddressTest, CannotBeReachedByATaskUrl)
{
    const AddressGuard guard({}, {}, true);
    EXPECT_FALSE(guard.permits(at(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(
    V4,
    RefusedAddressTest,
    testing::Values(
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.31.196.0",
        "192.31.196.255",
        "192.52.193.0",
        "192.52.193.255",
        "192.88.99.0",
        "192.88.99.255",
        "192.168.0.0",
        "192.168.255.255",
        "192.175.48.0",
        "192.175.48.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.0",
        "198.51.100.255",
        "203.0.113.0",
        "203.0.113.255",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "168.63.129.16"
    )
);

INSTANTIATE_TEST_SUITE_P(
    V6,
    RefusedAddressTest,
    testing::Values(
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "100::1",
        "2001::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "3fff:fff:ffff::1",
        "2620:4f:8000::1",
        "1fff::1",
        "4000::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%1",
        "2606:4700::1%1",
        "fec0::1",
        "ff02::1"
    )
);

class OpenAddressTest : public testing::TestWithParam<const char*> {};

TEST_P(OpenAddressTest, CanBeReached)
{
    const AddressGuard guard({}, {}, true);
    EXPECT_TRUE(guard.permits(at(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(
    Edges,
    OpenAddressTest,
    testing::Values(
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.195.255",
        "192.31.197.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "2001:200::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700:4700::1111",
        "2620:4f:8001::1",
        "3ffe::1",
        "3fff:1000::1"
    )
);

TEST(AddressGuardTest, OpensTheNetworksOfTheConfiguration)
{
    const AddressGuard guard({network("10.1.0.0/16"), network("fd12::/16")}, {}, true);
    EXPECT_TRUE(guard.permits(at("10.1.2.3")));
    EXPECT_TRUE(guard.permits(at("::ffff:10.1.2.3")));
    EXPECT_TRUE(guard.permits(at("fd12::1")));
    EXPECT_FALSE(guard.permits(at("10.2.0.0")));
    EXPECT_FALSE(guard.permits(at("fd13::1")));
}

TEST(AddressGuardTest, KeepsMetadataClosedWhateverIsOpened)
{
    const AddressGuard guard({network("0.0.0.0/0"), network("::/0")}, {}, true);
    EXPECT_TRUE(guard.permits(at("10.0.0.1")));
    for (const char* address :
         {"169.254.169.254",
          "169.254.170.2",
          "168.63.129.16",
          "100.100.100.200",
          "fd00:ec2::254",
          "::ffff:169.254.169.254"})
        EXPECT_FALSE(guard.permits(at(address, 80))) << address;
    EXPECT_FALSE(guard.permits(at("fd12::1%2")));
}

TEST(AddressGuardTest, KeepsOwnListenersClosed)
{
    const std::vector<ip::tcp::endpoint> own{at("127.0.0.1", 8780), at("0.0.0.0", 8781)};
    const AddressGuard guard({network("127.0.0.0/8"), network("::1")}, own, true);
    EXPECT_TRUE(guard.permits(at("127.0.0.1", 8782)));
    EXPECT_FALSE(guard.permits(at("127.0.0.1", 8780)));
    EXPECT_FALSE(guard.permits(at("::ffff:127.0.0.1", 8780)));
    EXPECT_FALSE(guard.permits(at("127.0.0.1", 8781)));
}

TEST(AddressGuardTest, ChecksAUrlBeforeItsLookUp)
{
    const AddressGuard strict({}, {}, false);
    const AddressGuard lenient({}, {}, true);
    const auto error = [](const AddressGuard& guard, std::string_view url) {
        const base::Result<void> result = guard.check(parse_url(url).value());
        return result ? boost::system::error_code() : result.error();
    };
    EXPECT_EQ(error(strict, "https://example.com/"), boost::system::error_code());
    EXPECT_EQ(error(strict, "http://example.com/"), make_error_code(Errc::http_not_allowed));
    EXPECT_EQ(error(lenient, "http://example.com/"), boost::system::error_code());
    EXPECT_EQ(error(lenient, "http://example.com:22/"), make_error_code(Errc::port_not_allowed));
    EXPECT_EQ(error(lenient, "http://example.com:6379/"), make_error_code(Errc::port_not_allowed));
    EXPECT_EQ(error(lenient, "http://example.com:8080/"), boost::system::error_code());
    EXPECT_EQ(error(lenient, "http://127.0.0.1/"), make_error_code(Errc::blocked_address));
    EXPECT_EQ(error(lenient, "http://[::ffff:10.0.0.1]/"), make_error_code(Errc::blocked_address));
    EXPECT_EQ(error(lenient, "http://1.1.1.1/"), boost::system::error_code());
}

TEST(NetworkTest, ReadsAnAddressWithOrWithoutALength)
{
    EXPECT_EQ(network("10.0.0.1").prefix_length, 32U);
    EXPECT_EQ(network("::1").prefix_length, 128U);
    EXPECT_TRUE(network("10.0.0.0/9").contains(ip::make_address("10.127.255.255")));
    EXPECT_FALSE(network("10.0.0.0/9").contains(ip::make_address("10.128.0.0")));
    EXPECT_TRUE(network("::ffff:10.0.0.0/104").contains(ip::make_address("10.1.1.1")));
    EXPECT_FALSE(network("0.0.0.0/0").contains(ip::make_address("::1")));
    for (const char* text :
         {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0", "fe80::1%1", "a/8"
         })
        EXPECT_FALSE(parse_network(text)) << text;
}

}  // namespace
}  // namespace pollhook::http
