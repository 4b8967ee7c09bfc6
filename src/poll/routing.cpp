#include "pollhook/poll/routing.hpp"

#include "pollhook/config/events.hpp"

#include <algorithm>
#include <cassert>

namespace pollhook::poll {
namespace {

std::array<bool, 12> selection(std::span<const std::string> patterns)
{
    std::array<bool, 12> wants{};
    for (std::size_t type = 0; type < wants.size(); ++type)
        wants.at(type) = config::event_matches(patterns, name(static_cast<task::EventType>(type)));
    return wants;
}

/// Progress is told at every multiple of `step`: whether one was reached or passed.
bool reaches_step(const task::Transition& transition, int step)
{
    return transition.to_progress / step > transition.from_progress / step;
}

}  // namespace

Routing::Routing(
    const config::TaskWebhooks& task_webhooks,
    std::span<const config::Sink> sinks,
    std::span<const store::SinkRow> rows
)
    : task_webhook_latest_(task_webhooks.order == config::Order::latest)
{
    assert(sinks.size() == rows.size());
    if (task_webhooks.enabled)
        task_webhook_wants_ = selection(task_webhooks.events);
    for (std::size_t i = 0; i < sinks.size(); ++i)
        routes_.push_back({
            .row = rows[i],
            .wants = selection(sinks[i].events),
            .providers = sinks[i].providers,
            .progress_step = static_cast<int>(sinks[i].min_progress_step),
            .latest = sinks[i].order == config::Order::latest,
        });
}

Destinations Routing::destinations(std::string_view provider, const task::Transition& transition) const
{
    const auto type = static_cast<std::size_t>(transition.type);
    Destinations to;
    to.task_webhook = task_webhook_wants_.at(type);
    if (to.task_webhook && task_webhook_latest_)
        to.latest.push_back(store::task_webhook);
    for (const Route& route : routes_) {
        if (!route.wants.at(type))
            continue;
        if (!route.providers.empty() && std::ranges::find(route.providers, provider) == route.providers.end())
            continue;
        if (transition.type == task::EventType::progress && !reaches_step(transition, route.progress_step))
            continue;
        to.sinks.push_back(route.row);
        if (route.latest)
            to.latest.push_back(route.row.id);
    }
    return to;
}

}  // namespace pollhook::poll
