#include "evidence.hpp"

#include "pollhook/http/origin.hpp"

#include <algorithm>

namespace pollhook::simulation {

std::string destination_of(const StoredDelivery& delivery, const Inspection& stored, const Scenario& scenario)
{
    std::string text;
    if (delivery.sink == 0)
        text = stored.tasks.at(delivery.task).webhook_url;
    else if (const auto name = stored.sinks.find(delivery.sink); name != stored.sinks.end()) {
        const std::vector<config::Sink>& sinks = scenario.config.sinks;
        const auto sink = std::ranges::find(sinks, name->second, &config::Sink::name);
        if (sink != sinks.end())
            text = sink->url;
    }
    const auto url = http::parse_url(text);
    return url ? url->origin.host + url->target : std::string();
}

}  // namespace pollhook::simulation
