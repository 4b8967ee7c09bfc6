#include "commands.hpp"
#include "exit_code.hpp"
#include "loop.hpp"
#include "pollhook/base/log.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/simulator/relay.hpp"
#include "terminal.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace pollhook::cli {
namespace {

/// One line that `pollhook task import` reads, and the API too.
void print_task(std::string_view provider, std::string_view id)
{
    boost::json::object task;
    task["provider"] = provider;
    task["id"] = id;
    fmt::print("{}\n", boost::json::serialize(task));
    (void)std::fflush(stdout);
}

/// Throws std::invalid_argument for a life that cannot be read.
simulator::RelayOptions relay_options(const SimulateOptions& options)
{
    auto random = base::Random::from_system();
    simulator::RelayOptions relay;
    relay.listen = {options.listen};
    relay.api_key = options.api_key;
    relay.auth = simulator::parse_relay_auth(options.auth).value_or(simulator::RelayAuth::bearer);
    relay.seed =
        options.seed
            ? *options.seed
            : static_cast<std::uint64_t>(random.between(1, std::numeric_limits<std::int64_t>::max()));
    relay.speed = options.speed;
    relay.faults = options.faults;
    relay.batch_limit = options.batch_limit;
    relay.initial_tasks = options.tasks;
    relay.tasks_per_minute = options.tasks_per_minute;
    relay.on_created = [provider = options.provider](std::string_view id) { print_task(provider, id); };
    for (const std::string& script : options.lives) {
        auto life = simulator::parse_life(script);
        if (!life)
            throw std::invalid_argument(fmt::format(
                "--life \"{}\" is not of the form \"0s SUBMITTED 0%, 2s IN_PROGRESS 30%, 5s SUCCESS 100%\"",
                base::printable(script)
            ));
        relay.tasks.emplace_back(fmt::format("scripted-{}", relay.tasks.size() + 1), std::move(*life));
    }
    return relay;
}

void explain(const simulator::Relay& relay, const SimulateOptions& options, std::uint64_t seed)
{
    const std::string url = relay.base_url();
    fmt::print(
        stderr,
        "A simulated relay listens at {} (seed {}, {} x real time). Ctrl-C ends it.\n"
        "  POST {}/mj/task/list-by-condition   type = \"midjourney-proxy\"\n"
        "  POST {}/api/v1/ai/draw/mj/query     type = \"ohmygpt\"\n"
        "  POST {}/api/v1/ai/draw/mj/query-mj-tasks\n"
        "For a provider's configuration: base_url = \"{}\", api_key = \"{}\"\n",
        url,
        seed,
        options.speed,
        url,
        url,
        url,
        url,
        options.api_key.empty() ? "any" : "…"
    );
}

}  // namespace

int simulate(const SimulateOptions& options)
{
    base::set_up_logging(base::LogLevel::warn, base::LogFormat::automatic);
    boost::asio::io_context loop(1);
    base::SystemClock clock(loop);
    try {
        const simulator::RelayOptions wanted = relay_options(options);
        simulator::Relay relay(loop, clock, wanted);
        relay.open();
        explain(relay, options, wanted.seed);
        for (const auto& [id, life] : wanted.tasks)
            print_task(options.provider, id);
        run_to_end(loop, serve_until_signal(relay));
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
