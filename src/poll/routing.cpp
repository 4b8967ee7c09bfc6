#include "pollhook/poll/routing.hpp"

#include "pollhook/config/events.hpp"

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

namespace pollhook::poll {
namespace {

bool selects(const std::vector<std::string>& names, std::string_view name)
{
    return names.empty() || std::ranges::find(names, name) != names.end();
}

std::shared_ptr<const store::MetadataFilter> metadata_filter(
    std::span<const config::MetadataFilter> conditions
)
{
    if (conditions.empty())
        return nullptr;
    std::vector<store::MetadataFilter::Condition> all;
    all.reserve(conditions.size());
    for (const config::MetadataFilter& condition : conditions)
        all.push_back({.key = condition.key, .values = condition.values});
    return std::make_shared<const store::MetadataFilter>(std::move(all));
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
    for (std::size_t i = 0; i < sinks.size(); ++i) {
        const config::Sink& sink = sinks[i];
        if (!sink.enabled)
            continue;
        Route& route = routes_.emplace_back();
        route.addressee.sink = rows[i].id;
        route.addressee.origin = rows[i].origin;
        route.addressee.latest = sink.order == config::Order::latest;
        route.addressee.filter = metadata_filter(sink.metadata);
        route.wants = selection(sink.events);
        route.providers = sink.providers;
        route.actions = sink.actions;
        route.progress_step = static_cast<int>(sink.min_progress_step);
    }
}

Destinations Routing::destinations(
    std::string_view provider, std::string_view action, const task::Transition& transition
) const
{
    const auto type = static_cast<std::size_t>(transition.type);
    Destinations to;
    to.task_webhook = task_webhook_wants_.at(type);
    to.task_webhook_latest = task_webhook_latest_;
    for (const Route& route : routes_) {
        if (!route.wants.at(type))
            continue;
        if (!selects(route.providers, provider) || !selects(route.actions, action))
            continue;
        if (transition.type == task::EventType::progress && !reaches_step(transition, route.progress_step))
            continue;
        to.addressees.push_back(route.addressee);
    }
    return to;
}

Routing::Selection Routing::selection(std::span<const std::string> patterns)
{
    Selection wants{};
    for (std::size_t type = 0; type < wants.size(); ++type)
        wants.at(type) = config::event_matches(patterns, name(static_cast<task::EventType>(type)));
    return wants;
}

}  // namespace pollhook::poll
