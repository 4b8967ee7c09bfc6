#include "faults/checked_world.hpp"

#include <fmt/format.h>

#include <chrono>

namespace pollhook::test {
namespace {

class PeersTest : public CheckedWorld {};

TEST_F(PeersTest, HungAndResettingReceiversHoldUpNobodyElse)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& bad = add_receiver({.failures = {"hang:0.4", "reset:0.3", "500:0.2"}, .seed = 4});
    simulator::Receiver& good = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(good));
    start();
    add_tasks(relay, bad, "1", 20);
    EXPECT_TRUE(becomes_true([&] { return has_all("all"); }, 20)) << "the bad receiver held up the good one";
    EXPECT_EQ(check_database(), "");
    bad.set_failures({});
    EXPECT_TRUE(
        becomes_true([&] { return number("SELECT count(*) FROM deliveries WHERE state = 0") == 0; }, 90)
    );
    EXPECT_TRUE(all_over());
    expect_invariants();
    EXPECT_EQ(number("SELECT count(*) FROM deliveries WHERE state = 3"), 0) << "the budget was for longer";
}

/// Every way that the simulated relay knows to lie or to fail, together.
TEST_F(PeersTest, ALyingRelayEndsNothingAndInventsNothing)
{
    simulator::RelayOptions options;
    options.seed = 9;
    options.faults = {
        "500:0.03",
        "429:0.03:1",
        "html:0.05",
        "empty:0.05",
        "badjson:0.05",
        "success-false:0.05",
        "reset:0.05",
        "hang:0.02",
        "truncate:0.05",
        "redirect:0.03",
        "slow:0.1:300ms",
        "duplicate:0.1",
        "foreign:0.1",
        "omit:0.2",
        "backwards:0.2",
        "baditem:0.1",
    };
    simulator::Relay& relay = add_relay(std::move(options));
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    add_tasks(relay, receiver, "1", 30);
    EXPECT_TRUE(all_over(120));
    expect_invariants();
    EXPECT_EQ(
        number("SELECT count(*) FROM tasks WHERE provider <> ''"), static_cast<std::int64_t>(ends_.size())
    ) << "nothing foreign became a task";
}

}  // namespace
}  // namespace pollhook::test
