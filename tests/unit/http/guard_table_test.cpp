#include "address_spellings.hpp"
#include "pollhook/http/error.hpp"
#include "support/manual_clock.hpp"
#include "trusted_peer.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
namespace ip = asio::ip;
using namespace std::chrono_literals;
using test::read_request;
using test::send_bytes;

/// A range that no task's URL may reach, by its first, its last and one more address.
struct Range {
    const char* text;
    std::vector<const char*> addresses;
};

const std::vector<Range>& refused_v4()
{
    static const std::vector<Range> ranges{
        {"0.0.0.0/8", {"0.0.0.0", "0.255.255.255", "0.0.0.1"}},
        {"10.0.0.0/8", {"10.0.0.0", "10.255.255.255", "10.1.2.3"}},
        {"100.64.0.0/10", {"100.64.0.0", "100.127.255.255", "100.100.100.200"}},
        {"127.0.0.0/8", {"127.0.0.1", "127.255.255.255", "127.0.0.2"}},
        {"168.63.129.16/32", {"168.63.129.16"}},
        {"169.254.0.0/16", {"169.254.0.0", "169.254.255.255", "169.254.169.254"}},
        {"172.16.0.0/12", {"172.16.0.0", "172.31.255.255", "172.17.0.1"}},
        {"192.0.0.0/24", {"192.0.0.0", "192.0.0.255", "192.0.0.192"}},
        {"192.0.2.0/24", {"192.0.2.0", "192.0.2.255", "192.0.2.1"}},
        {"192.31.196.0/24", {"192.31.196.0", "192.31.196.255", "192.31.196.1"}},
        {"192.52.193.0/24", {"192.52.193.0", "192.52.193.255", "192.52.193.1"}},
        {"192.88.99.0/24", {"192.88.99.0", "192.88.99.255", "192.88.99.1"}},
        {"192.168.0.0/16", {"192.168.0.0", "192.168.255.255", "192.168.1.1"}},
        {"192.175.48.0/24", {"192.175.48.0", "192.175.48.255", "192.175.48.1"}},
        {"198.18.0.0/15", {"198.18.0.0", "198.19.255.255", "198.18.0.1"}},
        {"198.51.100.0/24", {"198.51.100.0", "198.51.100.255", "198.51.100.1"}},
        {"203.0.113.0/24", {"203.0.113.0", "203.0.113.255", "203.0.113.1"}},
        {"224.0.0.0/4", {"224.0.0.0", "239.255.255.255", "224.0.0.1"}},
        {"240.0.0.0/4", {"240.0.0.0", "255.255.255.255", "250.0.0.1"}},
    };
    return ranges;
}

const std::vector<Range>& refused_v6()
{
    static const std::vector<Range> ranges{
        {"::/3", {"::", "::1", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::7f00:1", "100::1"}},
        {"2001::/23", {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:0:7f00:1::1"}},
        {"2001:db8::/32", {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1"}},
        {"2002::/16", {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002:7f00:1::1"}},
        {"2620:4f:8000::/48", {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000::1"}},
        {"3fff::/20", {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::1"}},
        {"4000::/2", {"4000::", "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::1"}},
        {"8000::/1", {"8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "9000::1"}},
        {"fc00::/7", {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00:ec2::254"}},
        {"fe80::/10", {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1"}},
        {"fec0::/10", {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::1"}},
        {"ff00::/8", {"ff00::", "ff02::1", "ff0e::1"}},
    };
    return ranges;
}

/// Every spelling of every address of the table.
template <class Visit>
void for_each_spelling(Visit visit)
{
    for (const Range& range : refused_v4()) {
        for (const char* address : range.addresses) {
            for (const Spelling& spelling : spellings_of_v4(address))
                visit(range, address, spelling);
        }
    }
    for (const Range& range : refused_v6()) {
        for (const char* address : range.addresses) {
            for (const Spelling& spelling : spellings_of_v6(address))
                visit(range, address, spelling);
        }
    }
}

TEST(GuardTableTest, NoSpellingOfARefusedAddressPassesAsAUrl)
{
    const AddressGuard guard({}, {}, true);
    std::size_t refused = 0;
    for_each_spelling([&](const Range& range, const char* address, const Spelling& spelling) {
        for (const char* rest : {":8080/hook", "/", ""}) {
            const std::string text = "http://" + spelling.host + rest;
            const base::Result<Url> url = parse_url(text);
            const bool passes = url && guard.check(*url);
            EXPECT_FALSE(passes) << range.text << " " << address << ", " << spelling.way << ": " << text;
            ++refused;
        }
    });
    EXPECT_GE(refused, 3000U);
}

TEST(GuardTableTest, TheSpellingsThatAreAddressesPassTheParserWhenTheyArePublic)
{
    const AddressGuard guard({}, {}, true);
    for (const char* host :
         {"93.184.216.34", "[::ffff:93.184.216.34]", "[2606:4700::1111]", "[2606:4700:0:0::1111]"}) {
        const base::Result<Url> url = parse_url(std::string("http://") + host + "/");
        ASSERT_TRUE(url) << host;
        EXPECT_TRUE(guard.check(*url)) << host;
    }
}

/// Counts what a listener on loopback is reached by.
class GuardedClientTest : public ClientFixture {
protected:
    GuardedClientTest()
        : ClientFixture({}, [this](const std::string& host) {
              ++look_ups_;
              return answers_ ? *answers_ : look_up_with_system(host);
          })
    {
    }

    void resolve_to(std::initializer_list<const char*> addresses)
    {
        answers_.emplace();
        for (const char* address : addresses)
            answers_->addresses.push_back(ip::make_address(address));
    }

    Exchange send_to(const std::string& host, const AddressGuard& guard)
    {
        Origin origin = origin_;
        origin.host = host;
        Request request = post(origin);
        request.guard = &guard;
        return send(request);
    }

    void expect_blocked(const Exchange& exchange, const std::string& host)
    {
        ASSERT_FALSE(exchange.response) << host;
        EXPECT_EQ(exchange.response.error(), make_error_code(Errc::blocked_address))
            << host << ": " << exchange.detail;
        EXPECT_EQ(exchange.peer, "");
    }

    const AddressGuard guard_{{}, {}, true};
    std::optional<LookUp> answers_;  ///< empty: the system's
    std::size_t look_ups_ = 0;
};

/// What a parser refuses, but getaddrinfo(3) takes for an address without asking anybody.
bool is_numeric_for_the_system(const Spelling& spelling)
{
    return spelling.way != "percent-encoded" && spelling.way != "final dot" &&
           spelling.host.find('%') == std::string::npos;
}

TEST_F(GuardedClientTest, NoSpellingReachesAListenerThroughTheSystemsLookUp)
{
    std::size_t sent = 0;
    for_each_spelling([&](const Range&, const char*, const Spelling& spelling) {
        if (!is_numeric_for_the_system(spelling))
            return;
        std::string host = spelling.host;
        std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
        expect_blocked(send_to(host, guard_), host);
        ++sent;
    });
    EXPECT_GE(sent, 1000U);
    EXPECT_EQ(peer_.connections(), 0U);
    EXPECT_EQ(client_->counters().connections_opened, 0U);
}

TEST_F(GuardedClientTest, NoNameLeadsToARefusedAddress)
{
    std::size_t index = 0;
    const auto expect_no_way_to = [&](const std::vector<Range>& ranges) {
        for (const Range& range : ranges) {
            for (const char* address : range.addresses) {
                const std::string host = "h" + std::to_string(index++) + ".example.com";
                resolve_to({address});
                expect_blocked(send_to(host, guard_), address);
            }
        }
    };
    expect_no_way_to(refused_v4());
    expect_no_way_to(refused_v6());
    EXPECT_EQ(look_ups_, index);
    EXPECT_EQ(peer_.connections(), 0U);
}

TEST_F(GuardedClientTest, MetadataStaysClosedWhateverIsOpened)
{
    const AddressGuard open({parse_network("0.0.0.0/0").value(), parse_network("::/0").value()}, {}, true);
    std::size_t index = 0;
    for (const char* address :
         {"169.254.169.254",
          "169.254.170.2",
          "169.254.170.23",
          "168.63.129.16",
          "100.100.100.200",
          "192.0.0.192",
          "fd00:ec2::254",
          "fd00:ec2::23",
          "fd20:ce::254"}) {
        expect_blocked(send_to(address, open), address);
        resolve_to({address});
        expect_blocked(send_to("m" + std::to_string(index++) + ".example.com", open), address);
        const std::vector<Spelling> spellings = std::string_view(address).find(':') == std::string_view::npos
                                                    ? spellings_of_v4(address)
                                                    : spellings_of_v6(address);
        for (const Spelling& spelling : spellings) {
            const bool is_other_network =
                spelling.way == "compatible" || spelling.way == "6to4" || spelling.way == "NAT64";
            const base::Result<Url> url = parse_url("http://" + spelling.host + ":8080/");
            const bool passes = url && !is_other_network && open.check(*url);
            EXPECT_FALSE(passes) << spelling.host;
        }
    }
}

TEST_F(GuardedClientTest, OwnListenersStayClosedWhateverIsOpened)
{
    const std::vector<ip::tcp::endpoint> own{{ip::address_v4::loopback(), peer_.port()}};
    const AddressGuard guard({parse_network("127.0.0.0/8").value()}, own, true);
    for (const Spelling& spelling : spellings_of_v4("127.0.0.1")) {
        if (!is_numeric_for_the_system(spelling) || spelling.host.front() == '[')
            continue;
        expect_blocked(send_to(spelling.host, guard), spelling.host);
    }
    resolve_to({"127.0.0.1", "::ffff:127.0.0.1"});
    expect_blocked(send_to("own.example.com", guard), "own.example.com");
    EXPECT_EQ(peer_.connections(), 0U);
}

TEST_F(GuardedClientTest, EveryAddressOfAnAnswerIsJudgedAndOnlyAJudgedOneIsConnectedTo)
{
    ip::tcp::acceptor second(loop_, {ip::make_address("127.0.0.2"), peer_.port()});
    second.non_blocking(true);
    const AddressGuard guard({parse_network("127.0.0.1/32").value()}, {}, true);
    resolve_to({"127.0.0.2", "10.0.0.1", "127.0.0.1", "::1"});
    peer_.expect_connection({read_request(), send_bytes(answer("judged"))});
    const Exchange exchange = send_to("mixed.example.com", guard);
    ASSERT_TRUE(exchange.response) << exchange.detail;
    EXPECT_EQ(exchange.peer, "127.0.0.1:" + std::to_string(peer_.port()));
    EXPECT_EQ(look_ups_, 1U);
    boost::system::error_code ec;
    ip::tcp::socket nobody(loop_);
    second.accept(nobody, ec);
    EXPECT_EQ(ec, asio::error::would_block);
}

TEST_F(GuardedClientTest, ANameThatIsBoundAnewIsJudgedAnew)
{
    test::ManualClock clock(loop_);
    Client client(
        loop_,
        clock,
        ClientOptions(),
        std::make_unique<NetConnector>(
            loop_,
            clock,
            std::string(),
            [this](const std::string&) {
                ++look_ups_;
                return *answers_;
            }
        )
    );
    const AddressGuard guard({parse_network("127.0.0.1/32").value()}, {}, true);
    Origin origin = origin_;
    origin.host = "rebound.example.com";
    Request request = post(origin);
    request.guard = &guard;
    const std::string closing = answer("1", "Connection: close\r\n");

    resolve_to({"127.0.0.1"});
    peer_.expect_connection({read_request(), send_bytes(closing)});
    peer_.expect_connection({read_request(), send_bytes(closing)});
    EXPECT_TRUE(run(client.send(request)).response);
    resolve_to({"127.0.0.2"});
    EXPECT_TRUE(run(client.send(request)).response) << "the judged answer is still the one in use";
    EXPECT_EQ(look_ups_, 1U);
    clock.advance(31s);
    expect_blocked(run(client.send(request)), "rebound.example.com");
    EXPECT_EQ(look_ups_, 2U);
    EXPECT_EQ(peer_.connections(), 2U);
    run(client.close());
}

TEST_F(GuardedClientTest, AStricterGuardInTheSamePlaceGetsNoConnectionOfALaxerOne)
{
    std::optional<AddressGuard> guard;
    guard.emplace(std::vector{parse_network("127.0.0.0/8").value()}, std::vector<ip::tcp::endpoint>(), true);
    peer_.expect_connection({read_request(), send_bytes(answer("1")), read_request(), send_bytes(answer("2"))}
    );
    EXPECT_EQ(send_to("127.0.0.1", *guard).response->body, "1");
    EXPECT_EQ(client_->counters().idle, 1U);
    guard.emplace(std::vector<Network>(), std::vector<ip::tcp::endpoint>(), true);
    expect_blocked(send_to("127.0.0.1", *guard), "127.0.0.1");
    EXPECT_EQ(peer_.requests().size(), 1U);
}

TEST_F(GuardedClientTest, AGuardThatForbidsPlainHttpGetsNoConnectionOfOneThatAllowsIt)
{
    const std::vector<Network> loopback{parse_network("127.0.0.0/8").value()};
    const AddressGuard lenient(loopback, {}, true);
    const AddressGuard strict(loopback, {}, false);
    peer_.expect_connection({read_request(), send_bytes(answer("1")), read_request(), send_bytes(answer("2"))}
    );
    EXPECT_TRUE(send_to("127.0.0.1", lenient).response);
    EXPECT_EQ(send_to("127.0.0.1", strict).response.error(), make_error_code(Errc::http_not_allowed));
    EXPECT_EQ(peer_.requests().size(), 1U);
}

}  // namespace
}  // namespace pollhook::http
