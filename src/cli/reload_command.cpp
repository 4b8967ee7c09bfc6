#include "client_options.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "plain_text.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

constexpr int unauthorized = 401;
constexpr int unprocessable = 422;

/// The daemon of the unit whose ExecReload= runs us (systemd.exec(5)).
std::optional<pid_t> main_process()
{
    const char* text = std::getenv("MAINPID");
    const std::string_view digits = text == nullptr ? "" : text;
    pid_t pid = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
    if (ec != std::errc() || end != digits.data() + digits.size() || pid <= 1)
        return std::nullopt;
    return pid;
}

/// To standard error.
void show_lines(const json::array& lines, std::string_view prefix)
{
    for (const json::value& line : lines)
        if (line.is_string())
            fmt::print(
                stderr,
                "{}{}\n",
                prefix,
                plain_text({line.get_string().data(), line.get_string().size()}, 1000)
            );
}

/// What came of a reload: what changed to standard output, what is wrong to standard error.
int show_result(const json::object& result)
{
    const bool succeeded = shown(result, "success") == "true";
    if (succeeded) {
        print("reloaded: " + shown(result, "message", 4000) + '\n');
        show_lines(array_of(result, "warnings"), "pollhook: warning: ");
        return exit_code::ok;
    }
    show_lines(array_of(result, "errors"), "");
    print_error(shown(result, "message", 500));
    return shown(result, "message").starts_with("the new configuration") ? exit_code::configuration
                                                                         : exit_code::failed;
}

int show_refusal(const Session& session, const Failure& failure)
{
    const auto result =
        failure.status == unprocessable ? read_object(failure.body) : Outcome<json::object>(failure);
    if (!result)
        return report(failure);
    if (session.output != OutputFormat::table)
        print(failure.body + '\n');
    return show_result(*result);
}

std::int64_t reloads_of(const json::object& status)
{
    const json::value* count = status.if_contains("reloads");
    return count != nullptr && count->is_int64() ? count->get_int64() : -1;
}

/// In a reload command of systemd there is no token when it is a credential of the service. A signal needs
/// none, and everybody may read what came of it.
int reload_by_signal(Session& session, pid_t daemon, const ReloadOptions& options)
{
    const auto before = session.daemon.get_object("/v1/status");
    if (!before)
        return report(before.error());
    if (::kill(daemon, SIGHUP) != 0) {
        print_error(fmt::format("cannot send SIGHUP to the process {}", daemon));
        return exit_code::failed;
    }
    if (!options.wait)
        return exit_code::ok;
    constexpr auto patience = std::chrono::seconds(30);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
        const auto now = session.daemon.get_object("/v1/status");
        if (!now)
            return report(now.error());
        if (reloads_of(*now) > reloads_of(*before))
            return show_result(object_of(*now, "lastReload"));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    print_error("the daemon has not reloaded within 30s");
    return exit_code::failed;
}

}  // namespace

int reload(const ReloadOptions& options, const ClientFlags& flags)
{
    ClientOptions client;
    try {
        client = resolve(flags, config::process_environment());
    } catch (const ConfigurationError&) {
        // The daemon shall know too that it was asked, and log why it did not.
        if (const auto daemon = main_process())
            ::kill(*daemon, SIGHUP);
        throw;
    }
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const auto answer = (*session)->daemon.post("/v1/reload", options.wait ? "{}" : R"({"wait":false})");
    if (!answer) {
        const auto daemon = main_process();
        if (answer.error().status == unauthorized && daemon)
            return reload_by_signal(**session, *daemon, options);
        const int code = show_refusal(**session, answer.error());
        if (answer.error().status == unauthorized)
            fmt::print(
                stderr,
                "hint: a token that has changed counts after the reload: let 'systemctl reload pollhook' or "
                "SIGHUP do it\n"
            );
        return code;
    }
    if ((*session)->output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto result = read_object(answer->body);
    if (!result)
        return report(result.error());
    if (options.wait)
        return show_result(*result);
    print(shown(*result, "message") + '\n');
    return exit_code::ok;
}

}  // namespace pollhook::cli
