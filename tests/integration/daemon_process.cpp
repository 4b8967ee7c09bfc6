#include "integration/daemon_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
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

void open_as(int descriptor, const char* path, int flags)
{
    const int file = ::open(path, flags, 0600);
    if (file < 0 || ::dup2(file, descriptor) < 0)
        ::_exit(126);
    if (file != descriptor)
        ::close(file);
}

/// What the child does: only what is safe between fork() and exec().
[[noreturn]] void become(pid_t parent, char** argv, char** envp, const char* out, const char* error)
{
    // A test that crashes kills nobody, so the kernel does it. Whoever has died before the request is not
    // noticed by it.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent)
        ::_exit(126);
    constexpr int append = O_WRONLY | O_CREAT | O_APPEND;
    open_as(STDIN_FILENO, "/dev/null", O_RDONLY);
    open_as(STDOUT_FILENO, out, append);
    open_as(STDERR_FILENO, error, append);
    // Asio's sockets of the test would live on in the daemon.
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execvpe(argv[0], argv, envp);
    ::_exit(127);
}

/// Starts the binary with standard output and error in files. The child ends with the thread that called
/// this, at the latest.
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
    argv.reserve(words.size() + 1);
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);

    std::vector<std::string> variables(environment);
    for (char** variable = environ; *variable != nullptr; ++variable)
        variables.emplace_back(*variable);
    std::vector<char*> envp;
    envp.reserve(variables.size() + 1);
    for (std::string& variable : variables)
        envp.push_back(variable.data());
    envp.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0)
        become(parent, argv.data(), envp.data(), out.c_str(), error.c_str());
    if (pid < 0)
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

RunningCommand::RunningCommand(const std::vector<std::string>& arguments, const std::filesystem::path& folder)
    : out_(folder / "command.out"),
      error_(folder / "command.error"),
      pid_(start(arguments, out_, error_, {}))
{
}

RunningCommand::~RunningCommand()
{
    if (exit_code())
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

std::string RunningCommand::out() const
{
    return read_file(out_);
}

std::string RunningCommand::error() const
{
    return read_file(error_);
}

std::optional<int> RunningCommand::exit_code()
{
    int status = 0;
    if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
        exit_code_ = code_of(status);
    return exit_code_;
}

}  // namespace pollhook::test
