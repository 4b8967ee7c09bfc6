#pragma once

#include "support/raw_client.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::test {

/// The real `pollhook` binary as a child process, with its standard error in a file. Killed when the test
/// ends.
class DaemonProcess {
public:
    /// Starts `pollhook run -c config`; `environment` are `NAME=value` added to ours. `launcher` are the
    /// words of a program that becomes the daemon, such as `prlimit --nofile=64`.
    DaemonProcess(
        const std::filesystem::path& config,
        const std::filesystem::path& log,
        std::vector<std::string> environment = {},
        std::vector<std::string> launcher = {}
    );
    DaemonProcess(const DaemonProcess&) = delete;
    DaemonProcess& operator=(const DaemonProcess&) = delete;
    ~DaemonProcess();

    /// The port of the admin API, once the log tells it.
    [[nodiscard]] std::optional<std::uint16_t> admin_port() const;
    [[nodiscard]] bool logged(std::string_view text) const;
    [[nodiscard]] std::string log() const;

    void signal(int number) const;
    /// kill -9, and waits for the end.
    void kill();
    /// The exit code once the process has ended; 128 and the signal's number when one ended it.
    std::optional<int> exit_code();
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
    std::filesystem::path log_file_;
    pid_t pid_ = -1;
    std::optional<int> exit_code_;
};

/// What a command of the binary printed, and how it ended.
struct CommandResult {
    int exit_code = 0;
    std::string out;
    std::string error;
};
/// Runs `pollhook ARGUMENTS…` to its end.
CommandResult run_pollhook(const std::vector<std::string>& arguments);

/// A client command that runs while the test goes on. Killed when the test ends.
class RunningCommand {
public:
    /// Its output goes to files in `folder`.
    RunningCommand(const std::vector<std::string>& arguments, const std::filesystem::path& folder);
    RunningCommand(const RunningCommand&) = delete;
    RunningCommand& operator=(const RunningCommand&) = delete;
    ~RunningCommand();

    /// What it has printed so far.
    [[nodiscard]] std::string out() const;
    [[nodiscard]] std::string error() const;
    /// Once it has ended.
    std::optional<int> exit_code();

private:
    std::filesystem::path out_;
    std::filesystem::path error_;
    pid_t pid_;
    std::optional<int> exit_code_;
};

}  // namespace pollhook::test
