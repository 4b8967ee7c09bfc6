#include "integration/daemon_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace pollhook::test {
namespace {

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Starts the binary with standard output and error in files.
pid_t start(
    const std::vector<std::string>& arguments,
    const std::filesystem::path& out,
    const std::filesystem::path& error,
    const std::vector<std::string>& environment,
    std::vector<std::string> words = {}
)
{
    words.emplace_back(POLLHOOK_BINARY);
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);

    std::vector<std::string> variables(environment);
    for (char** variable = environ; *variable != nullptr; ++variable)
        variables.emplace_back(*variable);
    std::vector<char*> envp;
    for (std::string& variable : variables)
        envp.push_back(variable.data());
    envp.push_back(nullptr);

    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    constexpr int append = O_WRONLY | O_CREAT | O_APPEND;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), append, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error.c_str(), append, 0600);
    // Asio's sockets of this process would live on in the daemon.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    pid_t pid = -1;
    const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        throw std::runtime_error("cannot start " + words.front());
    return pid;
}

int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

DaemonProcess::DaemonProcess(
    const std::filesystem::path& config,
    const std::filesystem::path& log,
    std::vector<std::string> environment,
    std::vector<std::string> launcher
)
    : log_file_(log),
      pid_(start({"run", "-c", config.string()}, log, log, environment, std::move(launcher)))
{
}

DaemonProcess::~DaemonProcess()
{
    if (!exit_code())
        kill();
}

std::optional<std::uint16_t> DaemonProcess::admin_port() const
{
    const std::string text = log();
    constexpr std::string_view before = "admin.listening: address=http://127.0.0.1:";
    // A restarted daemon writes to the same file: the last one counts.
    const auto at = text.rfind(before);
    if (at == std::string::npos || text.find("daemon.ready", at) == std::string::npos)
        return std::nullopt;
    std::uint16_t port = 0;
    const char* first = text.data() + at + before.size();
    std::from_chars(first, text.data() + text.size(), port);
    return port;
}

bool DaemonProcess::logged(std::string_view text) const
{
    return log().find(text) != std::string::npos;
}

std::string DaemonProcess::log() const
{
    return read_file(log_file_);
}

void DaemonProcess::signal(int number) const
{
    ::kill(pid_, number);
}

void DaemonProcess::kill()
{
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    exit_code_ = code_of(status);
}

std::optional<int> DaemonProcess::exit_code()
{
    int status = 0;
    if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
        exit_code_ = code_of(status);
    return exit_code_;
}

CommandResult run_pollhook(const std::vector<std::string>& arguments)
{
    std::string folder = std::filesystem::temp_directory_path() / "pollhook-command-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr)
        throw std::runtime_error("cannot make a temporary folder");
    const std::filesystem::path out = std::filesystem::path(folder) / "out";
    const std::filesystem::path error = std::filesystem::path(folder) / "error";
    int status = 0;
    ::waitpid(start(arguments, out, error, {}), &status, 0);
    CommandResult result{.exit_code = code_of(status), .out = read_file(out), .error = read_file(error)};
    std::filesystem::remove_all(folder);
    return result;
}

}  // namespace pollhook::test
