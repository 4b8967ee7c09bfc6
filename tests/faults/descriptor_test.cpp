#include "faults/checked_world.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <vector>

namespace pollhook::test {
namespace {

class DescriptorTest : public CheckedWorld {};

std::size_t count_of(std::string_view what, std::string_view text)
{
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

TEST_F(DescriptorTest, WithoutDescriptorsItWaitsAndGoesOn)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start({}, {"prlimit", "--nofile=40"});
    add_tasks(relay, receiver, "before-", 5);

    // Clients that say nothing take all descriptors that are left.
    const boost::asio::ip::tcp::endpoint admin(
        boost::asio::ip::address_v4::loopback(), daemon().admin_port().value()
    );
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 60; ++i) {
        idle.push_back(std::make_unique<RawClient>(admin));
        idle.back()->send("GET /livez HTTP/1.1\r\n");
    }
    const auto descriptors = [&] {
        std::size_t open = 0;
        for (const auto& one :
             std::filesystem::directory_iterator("/proc/" + std::to_string(daemon().pid()) + "/fd")) {
            (void)one;
            ++open;
        }
        return open;
    };
    EXPECT_TRUE(becomes_true([&] { return descriptors() >= 39; })) << descriptors();
    turn(200);
    EXPECT_LE(count_of("http.accept_failed", daemon().log()), 50U) << "it spins";
    EXPECT_FALSE(daemon().exit_code()) << daemon().log();
    EXPECT_EQ(check_database(), "");

    idle.clear();
    ASSERT_TRUE(becomes_true([&] { return get("/livez").status == 200; }));
    add_tasks(relay, receiver, "after-", 5);
    EXPECT_TRUE(all_over());
    expect_invariants();
}

}  // namespace
}  // namespace pollhook::test
