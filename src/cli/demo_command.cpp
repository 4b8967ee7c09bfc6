#include "commands.hpp"
#include "demo.hpp"
#include "exit_code.hpp"
#include "loop.hpp"
#include "pollhook/base/log.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "temporary_directory.hpp"
#include "terminal.hpp"

#include <boost/asio/io_context.hpp>

#include <csignal>
#include <system_error>
#include <utility>

namespace pollhook::cli {

int demo(const DemoOptions& options)
{
    base::set_up_logging(base::LogLevel::error, base::LogFormat::automatic);
    // Whoever closes the pipe ends the demo in order, so that its files go.
    (void)std::signal(SIGPIPE, SIG_IGN);
    try {
        const TemporaryDirectory files;
        boost::asio::io_context loop(1);
        base::SystemClock clock(loop);
        Demo demo(loop, clock, options, files.path());
        SignalActions actions;
        actions.stop = [&demo] { demo.stop(); };
        run_to_end(loop, with_signals(demo.run(), std::move(actions)));
    } catch (const store::StartError& error) {
        print_error(base::printable(error.what(), 500), "TMPDIR must name a directory with some space");
        return exit_code::failed;
    } catch (const std::system_error& error) {
        print_error(base::printable(error.what(), 500), "choose another port with --port");
        return exit_code::failed;
    }
    return exit_code::ok;
}

}  // namespace pollhook::cli
