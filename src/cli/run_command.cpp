#include "commands.hpp"
#include "directory_access.hpp"
#include "exit_code.hpp"
#include "loop.hpp"
#include "plain_text.hpp"
#include "pollhook/base/log.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/config/setting_error.hpp"
#include "pollhook/service/activation.hpp"
#include "pollhook/service/daemon.hpp"
#include "pollhook/service/preflight.hpp"
#include "pollhook/store/failure.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "terminal.hpp"
#include "user_name.hpp"

#include <boost/asio/io_context.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

namespace pollhook::cli {
namespace {

namespace asio = boost::asio;

void set_up_process()
{
    // A core would hold keys.
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    // Writing to a closed peer, and past a file size limit, are errors that the writer decides about.
    (void)std::signal(SIGPIPE, SIG_IGN);
    (void)std::signal(SIGXFSZ, SIG_IGN);
}

/// `daemon` and `is_ready` outlive it: run() waits for it.
asio::awaitable<void> serve(service::Daemon& daemon, bool& is_ready)
{
    SignalActions actions;
    actions.stop = [&daemon] { daemon.stop(); };
    actions.hang_up = [&daemon] { daemon.reload(); };
    auto work = daemon.run([&is_ready] { is_ready = true; });
    co_await with_signals(std::move(work), std::move(actions));
}

std::string what_to_do(const boost::system::error_code& code, const std::filesystem::path& state_dir)
{
    if (code == store::Errc::in_use)
        return "stop the other one, or give this one a daemon.state_dir of its own";
    if (code == store::Errc::full)
        return "free some space on the disk of daemon.state_dir";
    if (code == store::Errc::not_writable)
        return how_to_let_in(state_dir) +
               "; or set daemon.state_dir. Under systemd it has to be a StateDirectory= or in "
               "ReadWritePaths=";
    return "the state directory holds the files; see the log above";
}

int failed(std::string_view event, std::string_view reason, std::string_view hint)
{
    spdlog::error("{}: error=\"{}\" hint=\"{}\"", event, base::printable(reason, 500), hint);
    return exit_code::failed;
}

}  // namespace

int run(const RunOptions& options)
{
    const auto environment = config::process_environment();
    const std::filesystem::path file = config::find(options.config, environment);
    const auto load = [&file, &environment] {
        return config::load(file, environment, config::MissingSecret::is_error, service::preflight);
    };
    auto config = load();
    if (!config) {
        print_lines(config.error().text());
        print_error("the configuration is wrong; nothing was started");
        return exit_code::configuration;
    }
    const std::filesystem::path state_dir = config->daemon.state_dir;
    base::set_up_logging(config->daemon.log_level, config->daemon.log_format);
    set_up_process();

    asio::io_context loop(1);
    base::SystemClock clock(loop);
    service::Machine machine;
    for (const service::PassedSocket& socket : service::take_passed_sockets()) {
        spdlog::info(
            "admin.socket_passed: descriptor={} name=\"{}\"", socket.descriptor, base::printable(socket.name)
        );
        machine.sockets.push_back(socket.descriptor);
    }
    service::Daemon daemon(loop, clock, std::move(*config), std::move(machine), load);
    bool is_ready = false;
    try {
        run_to_end(loop, serve(daemon, is_ready));
    } catch (const config::SettingError& error) {
        print_lines(plain_text(error.what(), 1000));
        print_error("the configuration is wrong; nothing was started");
        return exit_code::configuration;
    } catch (const store::StartError& error) {
        return failed("daemon.start_failed", error.what(), what_to_do(error.code(), state_dir));
    } catch (const store::Failure& failure) {
        return failed("daemon.failed", failure.what(), "what was acknowledged is on disk; start it again");
    } catch (const std::system_error& error) {
        if (is_ready)
            return failed("daemon.failed", error.what(), "start it again");
        const bool may_not = error.code() == std::errc::permission_denied;
        return failed(
            "daemon.start_failed",
            error.what(),
            may_not
                ? "the user " + user_name(::geteuid()) +
                      " must be able to write the directory of the socket; ports below 1024 need a capability"
                : "free the address, or choose others in admin.listen"
        );
    }
    spdlog::info("daemon.stopped: exit_code=0");
    return exit_code::ok;
}

}  // namespace pollhook::cli
