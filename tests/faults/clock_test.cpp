#include "faults/checked_world.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace pollhook::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// The daemon's wall clock jumps while the steady one goes on, as when somebody sets it.
class ClockTest : public CheckedWorld, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(library))
            GTEST_SKIP() << library << " is not there";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "a sanitizer does not go together with a preloaded library";
#endif
        jump("+0");
    }

    void jump(const std::string& offset) const
    {
        const auto next = folder_ / "offset.next";
        std::ofstream(next) << offset << '\n';
        std::filesystem::rename(next, folder_ / "offset");
    }
    [[nodiscard]] std::vector<std::string> environment() const
    {
        return {
            std::string("LD_PRELOAD=") + library,
            "FAKETIME_TIMESTAMP_FILE=" + (folder_ / "offset").string(),
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "DONT_FAKE_MONOTONIC=1",
        };
    }
};

TEST_P(ClockTest, AJumpNeitherFloodsNorStallsNorEndsATask)
{
    simulator::Relay& relay = add_relay();
    // The first attempts fail, so that there is something to wait for when the clock jumps.
    simulator::Receiver& receiver =
        add_receiver({.failures = {"503:0.3"}, .seed = 2, .timestamp_tolerance = std::chrono::hours(48)});
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start(environment());
    add_tasks(relay, receiver, "before-", 10);
    turn(40);
    const std::size_t received = receiver.received();
    const std::size_t looks = relay.counters().list;

    jump(GetParam());
    receiver.set_failures({});
    turn(200);  // a second
    EXPECT_LE(receiver.received() - received, 150U) << "a flood";
    EXPECT_LE(relay.counters().list - looks, 60U) << "a flood of looks";
    add_tasks(relay, receiver, "after-", 10);
    EXPECT_TRUE(all_over(60)) << "a stall, or a task that was given up";
    jump("+0");
    add_tasks(relay, receiver, "back-", 5);
    EXPECT_TRUE(all_over(60));
    expect_invariants();
    EXPECT_EQ(number("SELECT count(*) FROM tasks WHERE status IN (7, 8)"), 0) << "lost or expired";
    EXPECT_FALSE(daemon().exit_code());
}

INSTANTIATE_TEST_SUITE_P(Jumps, ClockTest, testing::Values("+2h", "-2h", "+24h", "-24h"));

}  // namespace
}  // namespace pollhook::test
