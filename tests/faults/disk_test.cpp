#include "faults/checked_world.hpp"
#include "faults/mounts.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>

namespace pollhook::test {
namespace {

constexpr std::size_t mebibyte = 1024UL * 1024;

/// The state directory on a disk of its own that is small.
class DiskTest : public CheckedWorld {
protected:
    void SetUp() override
    {
        if (const std::string why = own_mounts(); !why.empty())
            GTEST_SKIP() << why;
        state_ = folder_ / "state";
    }
    void TearDown() override
    {
        if (mounted_)
            unmount(state_);
    }
    void mount(std::size_t bytes)
    {
        mount_memory(state_, bytes);
        mounted_ = true;
    }

    /// Takes all the space that is left.
    void fill() const
    {
        const int file = ::open((state_ / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ASSERT_GE(file, 0);
        std::array<char, 65536> bytes{};
        for (std::size_t size = bytes.size(); size > 0; size /= 16)
            while (::write(file, bytes.data(), size) > 0) {
            }
        ::close(file);
    }
    void empty() const { std::filesystem::remove(state_ / "filler"); }

    /// As when the reserve was used up before.
    void kill_and_fill()
    {
        daemon().kill();
        std::filesystem::remove(state_ / "reserve");
        fill();
    }

    /// Once the log is copied into the database, its space is taken again by what is written next. Where the
    /// daemon stands with that when it is killed would otherwise be chance.
    void let_the_log_begin_anew()
    {
        ASSERT_TRUE(becomes_true([&] {
            SQLite::Database database(this->database().string(), SQLite::OPEN_READWRITE, 10'000);
            return database.execAndGet("PRAGMA wal_checkpoint(RESTART)").getInt() == 0;
        }));
        ASSERT_GT(std::filesystem::file_size(state_ / "pollhook.db-wal"), 3 * mebibyte);
    }

    /// Whether /readyz says that there is no space, and nothing else.
    bool lacks_space()
    {
        const RawClient::Answer answer = get("/readyz");
        return answer.status == 503 && boost::json::parse(answer.body).at("detail") ==
                                           "the disk of the database is full, so no new task is taken";
    }
    int status_of_watching(const std::string& id) { return watch("relay", id, nullptr).status; }

    std::filesystem::path state_;
    bool mounted_ = false;
};

TEST_F(DiskTest, AFullDiskRefusesTasksDeliversOnAndRecovers)
{
    mount(24 * mebibyte);
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    add_tasks(relay, receiver, "before-", 20);
    EXPECT_EQ(get("/readyz").status, 200);
    fill();
    EXPECT_TRUE(becomes_true([&] { return lacks_space(); }));
    // The daemon gives its reserve up when it needs it, and the rest goes to somebody else.
    ASSERT_TRUE(becomes_true([&] {
        fill();
        return status_of_watching("refused") == 507;
    }));
    EXPECT_TRUE(all_over()) << "what was accepted is finished and delivered";
    EXPECT_EQ(status_of_watching("refused-too"), 507);
    EXPECT_TRUE(lacks_space());
    EXPECT_EQ(check_database(), "");

    empty();
    EXPECT_TRUE(becomes_true([&] { return get("/readyz").status == 200; }));
    ASSERT_TRUE(becomes_true([&] { return status_of_watching("accepted") == 201; }));
    add_tasks(relay, receiver, "after-", 5);
    EXPECT_TRUE(all_over());
    expect_invariants();
    EXPECT_FALSE(daemon().exit_code());
}

TEST_F(DiskTest, ItStartsOnAFullDiskWithoutItsReserveAndDelivers)
{
    mount(48 * mebibyte);
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503"}});
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    add_tasks(relay, receiver, "1", 80, 15'000);
    ASSERT_TRUE(becomes_true([&] { return number("SELECT count(*) FROM tasks WHERE status >= 4") == 80; }));
    let_the_log_begin_anew();
    kill_and_fill();

    receiver.set_failures({});
    start();
    EXPECT_TRUE(daemon().logged("store.no_reserve")) << daemon().log();
    EXPECT_EQ(status_of_watching("refused"), 507);
    EXPECT_TRUE(all_over()) << "what is stored is delivered";
    EXPECT_EQ(check_database(), "");

    empty();
    ASSERT_TRUE(becomes_true([&] { return status_of_watching("accepted") == 201; }));
    EXPECT_TRUE(becomes_true([&] { return number("SELECT count(*) FROM deliveries WHERE state = 0") == 0; }));
    expect_invariants();
}

TEST_F(DiskTest, ItStartsWhereNothingCanBeWrittenAtAll)
{
    mount(24 * mebibyte);
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503"}});
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    add_tasks(relay, receiver, "1", 10);
    ASSERT_TRUE(becomes_true([&] { return number("SELECT count(*) FROM tasks WHERE status >= 4") == 10; }));
    kill_and_fill();

    // All of it is in the log, which can neither grow nor be copied: the first of each lane is sent, and its
    // outcome waits in memory.
    receiver.set_failures({});
    start();
    EXPECT_TRUE(daemon().logged("store.nothing_writable")) << daemon().log();
    EXPECT_EQ(status_of_watching("refused"), 507);
    EXPECT_TRUE(becomes_true([&] { return seen_.size() >= 10; })) << "what is stored is sent";
    EXPECT_FALSE(daemon().exit_code());
    EXPECT_EQ(check_database(), "");

    empty();
    EXPECT_TRUE(all_over());
    EXPECT_TRUE(becomes_true([&] { return number("SELECT count(*) FROM deliveries WHERE state = 0") == 0; }));
    expect_invariants();
}

TEST_F(DiskTest, ItStartsOnAFullDiskAfterAnOrderlyEnd)
{
    mount(24 * mebibyte);
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503"}});
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    start();
    add_tasks(relay, receiver, "1", 5);
    ASSERT_TRUE(becomes_true([&] { return number("SELECT count(*) FROM tasks WHERE status >= 4") == 5; }));
    daemon().signal(SIGTERM);
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }, 15));
    EXPECT_EQ(daemon().exit_code(), 0);
    fill();  // the reserve is there, and is all there is
    receiver.set_failures({});
    start();
    EXPECT_EQ(status_of_watching("refused"), 507);
    EXPECT_TRUE(all_over());
    empty();
    EXPECT_TRUE(becomes_true([&] { return number("SELECT count(*) FROM deliveries WHERE state = 0") == 0; }));
    expect_invariants();
}

TEST_F(DiskTest, ADiskWithoutRoomForAnEmptyDatabaseIsNamed)
{
    mount(mebibyte / 8);
    fill();
    write_config("");
    launch();
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    EXPECT_EQ(daemon().exit_code(), 1);
    EXPECT_TRUE(daemon().logged("the disk is full")) << daemon().log();
}

TEST_F(DiskTest, AReadOnlyDirectoryIsNamedAtTheStart)
{
    mount(24 * mebibyte);
    write_config("");
    start();
    daemon().kill();
    make_read_only(state_);
    launch();
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    EXPECT_EQ(daemon().exit_code(), 1);
    EXPECT_TRUE(daemon().logged("cannot write")) << daemon().log();
    EXPECT_TRUE(daemon().logged(state_.string())) << daemon().log();
    unmount(state_);
}

TEST_F(DiskTest, AReadOnlyDatabaseIsNamedAtTheStart)
{
    mount(24 * mebibyte);
    write_config("");
    start();
    daemon().kill();
    make_read_only(database());
    launch();
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    EXPECT_EQ(daemon().exit_code(), 1);
    EXPECT_TRUE(daemon().logged("pollhook.db")) << daemon().log();
    unmount(database());
    start();
    EXPECT_EQ(check_database(), "");
}

class FileSizeTest : public CheckedWorld {};

TEST_F(FileSizeTest, ALimitOnTheSizeOfFilesEndsInOrderAndLosesNothing)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver();
    write_config(provider("relay", relay.base_url()) + sink(receiver));
    // A little more than the reserve.
    start({}, {"prlimit", "--fsize=9437184"});
    for (int i = 0; i < 400 && !daemon().exit_code(); ++i) {
        const std::string id = "1" + std::to_string(i);
        add_task(relay, id, short_life, "task.succeeded");
        if (!try_to_watch(id, receiver, 15'000))
            ends_.erase(id);
        turn(1);
    }
    // SIGXFSZ would be 153.
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }))
        << "the limit was never reached";
    EXPECT_EQ(daemon().exit_code(), 1);
    EXPECT_TRUE(daemon().logged("store.failed")) << daemon().log();
    EXPECT_EQ(check_database(), "");
    start();
    EXPECT_TRUE(all_over());
    expect_invariants();
}

}  // namespace
}  // namespace pollhook::test
