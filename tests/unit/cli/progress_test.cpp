#include "commands.hpp"
#include "fake_daemon.hpp"
#include "progress_line.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

// What a person at a terminal sees, on a real pseudo-terminal.

namespace pollhook::cli {
namespace {

/// Stands in for standard error while it lives.
class Terminal {
public:
    explicit Terminal(unsigned short columns)
    {
        const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
        int inner = -1;
        if (::openpty(&outer_, &inner, nullptr, nullptr, &size) != 0)
            throw std::runtime_error("openpty");
        ::fcntl(outer_, F_SETFL, O_NONBLOCK);
        before_ = ::dup(STDERR_FILENO);
        ::dup2(inner, STDERR_FILENO);
        ::close(inner);
        ::setenv("TERM", "xterm", 1);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal()
    {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
        ::close(outer_);
    }

    /// What has come since the last time.
    std::string seen()
    {
        std::string all;
        std::array<char, 4096> some{};
        for (ssize_t n = 0; (n = ::read(outer_, some.data(), some.size())) > 0;)
            all.append(some.data(), static_cast<std::size_t>(n));
        return all;
    }

private:
    int outer_ = -1;
    int before_ = -1;
};

const std::string cleared = "\r\x1b[K";

TEST(ProgressTest, RewritesOneLineAndLeavesNothing)
{
    Terminal terminal(80);
    {
        ProgressLine line;
        line.show("1 of 2");
        line.show("2 of 2");
        EXPECT_EQ(terminal.seen(), cleared + "1 of 2" + cleared + "2 of 2");
    }
    EXPECT_EQ(terminal.seen(), cleared);
}

TEST(ProgressTest, StaysWithinANarrowTerminal)
{
    Terminal terminal(10);
    ProgressLine line;
    line.show("replay to ops: 120 of 4000");
    EXPECT_EQ(terminal.seen(), cleared + "replay to");
    line.show("\u5c0f\u5c0f\u5c0f\u5c0f\u5c0f");
    EXPECT_EQ(terminal.seen(), cleared + "\u5c0f\u5c0f\u5c0f\u5c0f") << "four of them take eight columns";
}

TEST(ProgressTest, SaysNothingToATerminalThatCannotRewriteLines)
{
    Terminal terminal(80);
    ::setenv("TERM", "dumb", 1);
    ProgressLine line;
    line.show("1 of 2");
    line.clear();
    EXPECT_EQ(terminal.seen(), "");
}

TEST(ProgressTest, AnImportShowsHowFarItIsAndErrorsOnLinesOfTheirOwn)
{
    test::FakeDaemon daemon([](const auto&) {
        return test::json_answer(
            R"({"accepted":1,"existing":0,"rejected":[{"index":1,"error":"no id"}],"rejectedTotal":1})", 201
        );
    });
    const auto file =
        std::filesystem::temp_directory_path() / ("pollhook-progress-" + std::to_string(::getpid()));
    {
        std::ofstream out(file);
        for (int i = 0; i < 2000; ++i)
            out << i << '\n';
    }
    TaskImportOptions options;
    options.file = file.string();
    options.provider = "quick";
    Terminal terminal(80);
    testing::internal::CaptureStdout();
    task_import(options, daemon.client());
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "2 new, 0 known already, 2 rejected\n");
    std::filesystem::remove(file);
    const std::string seen = terminal.seen();
    EXPECT_TRUE(seen.starts_with("pollhook: line 2: no id\r\n" + cleared + "2 tasks, ")) << seen;
    EXPECT_NE(seen.find(" a second" + cleared + "pollhook: line 1002: no id\r\n"), std::string::npos) << seen;
    EXPECT_TRUE(seen.ends_with(" a second" + cleared)) << seen;
}

}  // namespace
}  // namespace pollhook::cli
