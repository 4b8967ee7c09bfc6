#include "faults/checked_world.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace pollhook::test {
namespace {

/// Errors that the kernel does not give on request: strace puts them in the place of a call's result.
class SystemCallTest : public CheckedWorld {
protected:
    void SetUp() override
    {
        // Also finds out whether this process may trace others.
        if (std::system("strace -qq -e trace=none true >/dev/null 2>&1") != 0)
            GTEST_SKIP() << "strace is not there, or may not trace";
    }

    /// Of the calls of `name` on the database's files by each thread, the `when`th fails, and those after it
    /// as strace's `when` says.
    std::vector<std::string> injector(
        const std::string& name, const std::string& error, const std::string& when, const std::string& file
    ) const
    {
        return {
            "strace",
            "-D",
            "-f",
            "-qq",
            "-o",
            (folder_ / "strace").string(),
            "-P",
            (folder_ / "state" / file).string(),
            "-e",
            "trace=" + name,
            "-e",
            "inject=" + name + ":error=" + error + ":when=" + when
        };
    }

    /// Works until the fault has struck; then everything that was acknowledged is there and goes on.
    void survives(const std::vector<std::string>& launcher)
    {
        simulator::Relay& relay = add_relay();
        simulator::Receiver& receiver = add_receiver();
        write_config(provider("relay", relay.base_url()) + sink(receiver));
        launch({}, launcher);
        ASSERT_TRUE(becomes_true([this] { return daemon().admin_port() || daemon().exit_code(); }));
        for (int i = 0; i < 400 && !daemon().exit_code(); ++i) {
            const std::string id = "1" + std::to_string(i);
            add_task(relay, id, short_life, "task.succeeded");
            if (!try_to_watch(id, receiver))
                ends_.erase(id);
            turn(2);
        }
        ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }, 30)) << "it goes on";
        EXPECT_EQ(daemon().exit_code(), 1);
        EXPECT_TRUE(daemon().logged("store.failed") || daemon().logged("start_failed")) << daemon().log();
        EXPECT_EQ(check_database(), "") << "before the recovery";
        start();
        EXPECT_TRUE(all_over());
        expect_invariants();
    }
};

TEST_F(SystemCallTest, AFailedSyncOfTheLogIsNeverRetried)
{
    survives(injector("fdatasync", "EIO", "20", "pollhook.db-wal"));
}

TEST_F(SystemCallTest, AFailedWriteOfTheLogEndsInOrder)
{
    survives(injector("pwrite64", "EIO", "60", "pollhook.db-wal"));
}

TEST_F(SystemCallTest, AFailedReadOfTheDatabaseIsNoEmptyDatabase)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    add_tasks(relay, receiver, "1", 5);
    ASSERT_TRUE(all_over());
    daemon().kill();
    launch({}, injector("pread64", "EIO", "3+", "pollhook.db-wal"));
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }, 30)) << daemon().log();
    EXPECT_EQ(daemon().exit_code(), 1);
    start();
    expect_invariants();
}

TEST_F(SystemCallTest, AnInterruptedWriteIsGoneOnWith)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start({}, injector("pwrite64", "EINTR", "5+7", "pollhook.db-wal"));
    add_tasks(relay, receiver, "1", 10);
    EXPECT_TRUE(all_over());
    expect_invariants();
    EXPECT_FALSE(daemon().exit_code());
}

TEST_F(SystemCallTest, ATemporarilyFullDiskIsWaitedOut)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    daemon().kill();
    start({}, injector("pwrite64", "ENOSPC", "40..80", "pollhook.db-wal"));
    add_tasks(relay, receiver, "1", 20);
    EXPECT_TRUE(all_over());
    EXPECT_TRUE(daemon().logged("store.disk_full")) << "the fault never struck";
    expect_invariants();
    EXPECT_FALSE(daemon().exit_code());
}

}  // namespace
}  // namespace pollhook::test
