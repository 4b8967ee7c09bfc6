#include "pollhook/delivery/dispatcher.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pollhook::delivery {
namespace {

/// Only one object at a time may write to a file, or to standard output: an empty path.
bool writes_alone(const config::Sink& settings)
{
    return settings.type != config::SinkType::webhook;
}

}  // namespace

void Dispatcher::adopt(Next next)
{
    max_in_flight_ = next.settings.max_in_flight;
    per_origin_ = next.settings.max_in_flight_per_origin;
    schedules_ = {
        .standard = next.settings.retry_schedule, .rejected = next.settings.rejected_retry_schedule
    };
    take_settings(next.settings);

    std::vector<store::SinkId> removed;
    for (const auto& [id, to] : destinations_) {
        if (to.is_task_webhook())
            continue;
        const auto kept = std::ranges::find(next.sinks, id, [](const NextSink& sink) { return sink.row.id; });
        if (kept == next.sinks.end())
            removed.push_back(id);
    }
    for (const store::SinkId id : removed)
        remove_sink(id);
    for (NextSink& sink : next.sinks)
        take(std::move(sink), next.settings);

    Destination& urls = destinations_[store::task_webhook];
    set_task_webhooks(
        next.task_webhooks, next.task_webhook_sink ? std::move(next.task_webhook_sink) : urls.sink
    );
    sink_ended_.wake_all();
    wake_pump_->wake();
}

void Dispatcher::take(NextSink next, const config::Delivery& settings)
{
    const store::SinkId id = next.row.id;
    const auto known = destinations_.find(id);
    if (known != destinations_.end()) {
        change(known->second, std::move(next), settings);
        return;
    }
    const store::OriginId queue = next.row.origin;
    unconfigured_.erase(queue);
    add_sink(next.row, next.settings, std::move(next.sink));
    if (next.failing)
        destinations_.at(id).health.restore_failing();
    // The store knows whether there is any.
    queues_.add_backlog(queue, with_.clock->steady_now());
}

void Dispatcher::install(Destination& to, std::shared_ptr<sink::Sink> sink)
{
    to.former.clear();
    if (writes_alone(to.settings))
        to.former = writers_.add(to.settings.path.string(), sink);
    to.sink = std::move(sink);
}

void Dispatcher::change(Destination& to, NextSink next, const config::Delivery& settings)
{
    to.row.host = next.row.host;
    to.settings = std::move(next.settings);
    if (!next.sink) {
        to.sink->retune(to.settings, settings);
        arrange(to);
        return;
    }
    // What has not left yet goes out by the new one.
    to.sink->recall();
    install(to, std::move(next.sink));
    arrange(to);
    queues_.forget_allowance(to.row.origin);
    if (to.sink->asks_for_consent())
        queues_.await_allowance(to.row.origin);
    send_now({&to.row.origin, 1});
}

void Dispatcher::remove_sink(store::SinkId id)
{
    const auto found = destinations_.find(id);
    const store::OriginId queue = found->second.row.origin;
    spdlog::info("sink.removed: sink={} hint=\"its deliveries wait\"", found->second.name());
    found->second.sink->recall();
    leaving_.erase(id);
    leaving_.insert(destinations_.extract(found));
    set_aside(queue);
    if (queues_.is_idle(queue))
        leaving_.erase(id);
}

void Dispatcher::set_aside(store::OriginId queue)
{
    unconfigured_.insert(queue);
    for (const store::ClaimedDelivery& waiting : queues_.remove(queue))
        give_back(waiting, outbox_now());
}

Destination* Dispatcher::find(store::SinkId id)
{
    if (const auto found = destinations_.find(id); found != destinations_.end())
        return &found->second;
    const auto found = leaving_.find(id);
    return found == leaving_.end() ? nullptr : &found->second;
}

}  // namespace pollhook::delivery
