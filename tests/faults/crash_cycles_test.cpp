#include "faults/checked_world.hpp"
#include "pollhook/base/random.hpp"

namespace pollhook::test {
namespace {

class CrashCyclesTest : public CheckedWorld {};

TEST_F(CrashCyclesTest, TheCheckerFindsALieOfTheDatabase)
{
    // A checker that finds nothing proves nothing.
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    add_tasks(relay, receiver, "1", 3);
    ASSERT_TRUE(all_over());
    daemon().kill();
    {
        SQLite::Database broken(database().string(), SQLite::OPEN_READWRITE);
        ASSERT_GT(broken.exec("DELETE FROM transitions WHERE task = 1 AND sequence = 2"), 0);
    }
    EXPECT_NE(check_database().find("I2"), std::string::npos) << check_database();
}

TEST_F(CrashCyclesTest, KillingItTwentyTimesBreaksNoInvariant)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503:0.05", "reset:0.05"}, .seed = 5});
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    base::Random random(17);
    for (int cycle = 0; cycle < 20; ++cycle) {
        add_tasks(relay, receiver, "c" + std::to_string(cycle) + "-", 6);
        turn(static_cast<int>(random.between(1, 60)));
        daemon().kill();
        EXPECT_EQ(check_database(), "") << "after kill " << cycle;
        start();
    }
    EXPECT_TRUE(all_over());
    expect_invariants();
}

}  // namespace
}  // namespace pollhook::test
