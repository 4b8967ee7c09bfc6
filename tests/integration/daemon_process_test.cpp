#include "integration/daemon_process.hpp"

#include "integration/world.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace pollhook::test {
namespace {

class DaemonProcessTest : public World {};

TEST_F(DaemonProcessTest, ADaemonEndsWithATestThatCrashes)
{
    write_config("");
    // The daemon of a test that is gone becomes a child of ours, so that its end can be seen.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t test = ::fork();
    if (test == 0) {
        const DaemonProcess daemon(folder_ / "pollhook.toml", folder_ / "log");
        const pid_t pid = daemon.pid();
        while (!daemon.admin_port())
            ::usleep(10'000);
        if (::write(ends[1], &pid, sizeof pid) == sizeof pid)
            ::raise(SIGKILL);
        ::_exit(1);
    }
    ASSERT_GT(test, 0);
    pid_t daemon = 0;
    ASSERT_EQ(::read(ends[0], &daemon, sizeof daemon), static_cast<ssize_t>(sizeof daemon));
    int status = 0;
    ASSERT_EQ(::waitpid(test, &status, 0), test);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);

    const bool is_over = becomes_true([&] { return ::waitpid(daemon, &status, WNOHANG) == daemon; });
    EXPECT_TRUE(is_over);
    if (!is_over)
        ::kill(daemon, SIGKILL);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    ::close(ends[0]);
    ::close(ends[1]);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace
}  // namespace pollhook::test
