#include "faults/checked_world.hpp"
#include "faults/dns_server.hpp"
#include "faults/mounts.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>

namespace pollhook::test {
namespace {

using namespace std::chrono_literals;

/// The daemon asks a name server of the test's.
class DnsTest : public CheckedWorld {
protected:
    void SetUp() override
    {
        if (const std::string why = own_mounts(); !why.empty())
            GTEST_SKIP() << why;
        try {
            server_ = std::make_unique<DnsServer>(loop_, endpoint_);
        } catch (const std::exception& failure) {
            GTEST_SKIP() << "no name server on port 53: " << failure.what();
        }
        const auto resolver = folder_ / "resolv.conf";
        std::ofstream(resolver) << "nameserver " << endpoint_.address().to_string()
                                << "\noptions timeout:3 attempts:2\n";
        mount_over(resolver, "/etc/resolv.conf");
    }
    void TearDown() override
    {
        if (server_)
            unmount("/etc/resolv.conf");
    }

    /// A URL of the receiver by another name.
    static std::string named(const simulator::Receiver& receiver, const std::string& host)
    {
        return fmt::format("http://{}:{}", host, receiver.endpoint().port());
    }
    static std::string webhook(const std::string& name, const std::string& url)
    {
        return fmt::format(
            "\n[[sink]]\nname = \"{}\"\ntype = \"webhook\"\nurl = \"{}\"\nsecret = \"{}\"\n",
            name,
            url,
            secret
        );
    }

    /// An address for this process alone, since tests run side by side.
    const boost::asio::ip::udp::endpoint endpoint_{
        boost::asio::ip::address_v4(0x7f4d0000U + static_cast<std::uint32_t>(::getpid() % 0xfffe) + 1U), 53
    };
    std::unique_ptr<DnsServer> server_;
};

TEST_F(DnsTest, DeadAndSlowNamesHoldNobodyElseUp)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    server_->set("good.example.com", {"127.0.0.1", 0ms});
    server_->set("slow.example.com", {"127.0.0.1", 700ms});
    write_config(
        provider("relay", relay.base_url()) + webhook("good", named(receiver, "good.example.com") + "/good") +
        webhook("slow", named(receiver, "slow.example.com") + "/slow") +
        webhook("dead", named(receiver, "dead.example.com") + "/dead")
    );
    start();
    for (int i = 0; i < 20; ++i) {
        const std::string id = std::to_string(i);
        add_task(relay, id, short_life, "task.succeeded");
        ASSERT_EQ(watch("relay", id, nullptr).status, 201);
    }
    EXPECT_TRUE(becomes_true([&] { return has_all("good"); }, 15)) << "the dead name held up the good one";
    EXPECT_TRUE(becomes_true([&] { return has_all("slow"); }, 30));
    EXPECT_GT(server_->asked(), 2U);
    EXPECT_EQ(check_database(), "");
    EXPECT_EQ(
        number("SELECT count(*) FROM deliveries d JOIN sinks s ON s.id = d.sink WHERE s.name = 'dead' AND "
               "d.state = 0"),
        number("SELECT count(*) FROM events")
    ) << "nothing is lost of the dead one";

    server_->set("dead.example.com", {"127.0.0.1", 0ms});
    EXPECT_TRUE(becomes_true([&] { return has_all("dead"); }, 60)) << "it came back";
    expect_invariants();
}

TEST_F(DnsTest, ADeadNameOfTheRelayEndsNoTask)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    server_->set("relay.example.com", {"127.0.0.1", 0ms});
    const auto colon = relay.base_url().rfind(':');
    write_config(
        provider("relay", "http://relay.example.com" + relay.base_url().substr(colon)) + sink(receiver)
    );
    start();
    add_tasks(relay, receiver, "1", 5);
    server_ = std::make_unique<DnsServer>(loop_, boost::asio::ip::udp::endpoint());  // on another port
    turn(400);
    EXPECT_EQ(check_database(), "");
    EXPECT_EQ(number("SELECT count(*) FROM tasks WHERE status IN (7, 8)"), 0);
    server_ = std::make_unique<DnsServer>(loop_, endpoint_);
    server_->set("relay.example.com", {"127.0.0.1", 0ms});
    EXPECT_TRUE(all_over());
    expect_invariants();
}

}  // namespace
}  // namespace pollhook::test
