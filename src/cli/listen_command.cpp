#include "commands.hpp"
#include "exit_code.hpp"
#include "key_file.hpp"
#include "loop.hpp"
#include "pollhook/base/log.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/simulator/receiver.hpp"
#include "terminal.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace pollhook::cli {
namespace {

constexpr std::size_t kept_receipts = 16;

simulator::ReceiverOptions receiver_options(const ListenOptions& options)
{
    auto random = base::Random::from_system();
    simulator::ReceiverOptions receiver;
    receiver.listen = {options.listen};
    receiver.secrets = read_keys(options.secret_file, "POLLHOOK_WEBHOOK_SECRET");
    receiver.secrets.insert(receiver.secrets.end(), options.public_keys.begin(), options.public_keys.end());
    if (options.hub_secret_file)
        receiver.hub_secret = read_keys(options.hub_secret_file, nullptr).front();
    receiver.failures = options.failures;
    receiver.seed = static_cast<std::uint64_t>(random.between(1, std::numeric_limits<std::int64_t>::max()));
    receiver.max_receipts = kept_receipts;
    receiver.on_receipt = [](const simulator::Receipt& receipt) {
        fmt::print("{}\n", simulator::receipt_line(receipt));
        (void)std::fflush(stdout);
    };
    return receiver;
}

}  // namespace

int listen(const ListenOptions& options)
{
    base::set_up_logging(base::LogLevel::warn, base::LogFormat::automatic);
    boost::asio::io_context loop(1);
    base::SystemClock clock(loop);
    try {
        simulator::ReceiverOptions wanted = receiver_options(options);
        const bool verifies = !wanted.secrets.empty() || !wanted.hub_secret.empty();
        simulator::Receiver receiver(loop, clock, std::move(wanted));
        receiver.open();
        fmt::print(
            stderr,
            "A webhook receiver listens at {}; any path is taken. {}. Ctrl-C ends it.\n",
            receiver.base_url(),
            verifies ? "It verifies signatures" : "It verifies nothing: give it --secret-file"
        );
        run_to_end(loop, serve_until_signal(receiver));
    } catch (const std::invalid_argument& error) {
        print_error(error.what());
        return exit_code::usage;
    } catch (const std::system_error& error) {
        print_error(base::printable(error.what(), 500), "choose another address with --listen");
        return exit_code::failed;
    }
    return exit_code::ok;
}

}  // namespace pollhook::cli
