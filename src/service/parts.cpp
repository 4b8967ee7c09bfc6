#include "parts.hpp"

#include "pollhook/http/origin.hpp"
#include "pollhook/service/store_options.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace pollhook::service {
namespace {

/// A sink that must not outlive its guard.
struct GuardedSink {
    Guard guard;
    std::unique_ptr<sink::Sink> sink;
};

}  // namespace

Guard make_guard(
    const config::TaskWebhooks& settings, std::vector<boost::asio::ip::tcp::endpoint> own_listeners
)
{
    std::vector<http::Network> allowed;
    for (const std::string& text : settings.allow_networks)
        if (auto network = http::parse_network(text))
            allowed.push_back(*network);
    return std::make_shared<const http::AddressGuard>(
        std::move(allowed), std::move(own_listeners), settings.allow_http
    );
}

http::ClientOptions client_options(const config::Config& config)
{
    http::ClientOptions options;
    std::size_t most = config.delivery.max_in_flight_per_origin;
    for (const config::Sink& sink : config.sinks)
        most = std::max<std::size_t>(most, sink.max_in_flight.value_or(0));
    for (const config::Provider& provider : config.providers)
        most = std::max<std::size_t>(most, provider.max_in_flight);
    options.max_idle_per_origin = std::max(options.max_idle_per_origin, most);
    options.max_idle =
        std::max<std::size_t>(options.max_idle, 2 * std::size_t{config.delivery.max_in_flight});
    return options;
}

store::SqliteOptions store_options(const config::Config& config)
{
    store::SqliteOptions options;
    options.directory = config.daemon.state_dir;
    options.file = config.store.file;
    options.max_size = config.store.max_size;
    options.synchronous = config.store.synchronous == config::Synchronous::full ? store::Synchronous::full
                                                                                : store::Synchronous::normal;
    return options;
}

std::vector<store::SinkOpening> sink_openings(std::span<const config::Sink> sinks)
{
    std::vector<store::SinkOpening> openings;
    openings.reserve(sinks.size());
    for (const config::Sink& sink : sinks) {
        store::SinkOpening& opening = openings.emplace_back();
        opening.name = sink.name;
        if (const auto url = http::parse_url(sink.url))
            opening.host = url->origin.text();
    }
    return openings;
}

config::Diagnostic diagnose(
    const config::SettingError& problem, const config::Config& config, std::string_view table
)
{
    return {.place = config.positions.of(table, problem.key()), .message = problem.what(), .hint = {}};
}

std::shared_ptr<sink::Sink> make_task_webhooks(
    const config::Config& config, const Guard& guard, const sink::Surroundings& around
)
{
    auto guarded = std::make_shared<GuardedSink>();
    guarded->guard = guard;
    guarded->sink = sink::make_task_webhooks(config.task_webhooks, config.delivery, *guard, around);
    sink::Sink* const made = guarded->sink.get();
    return {std::move(guarded), made};
}

}  // namespace pollhook::service
