#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/config/setting_error.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/sink/factory.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

/// What the daemon builds from a configuration, at its start and at a reload.
namespace pollhook::service {

using Guard = std::shared_ptr<const http::AddressGuard>;

Guard make_guard(
    const config::TaskWebhooks& settings, std::vector<boost::asio::ip::tcp::endpoint> own_listeners
);

/// Every connection that is in use at once may be kept, since a new one costs as much as many requests.
http::ClientOptions client_options(const config::Config& config);

std::vector<store::SinkOpening> sink_openings(std::span<const config::Sink> sinks);

/// The sink for the tasks' own URLs, which keeps its guard. Throws like sink::make_sink().
std::shared_ptr<sink::Sink> make_task_webhooks(
    const config::Config& config, const Guard& guard, const sink::Surroundings& around
);

/// What cannot be used, and where it stands; `table` as in config::Positions.
config::Diagnostic diagnose(
    const config::SettingError& problem, const config::Config& config, std::string_view table
);

}  // namespace pollhook::service
