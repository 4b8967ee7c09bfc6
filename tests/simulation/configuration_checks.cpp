#include "checks.hpp"
#include "pollhook/config/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace pollhook::simulation {
namespace {

using Rows = std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, const StoredDelivery*>;

Rows rows_of(const Inspection& stored)
{
    Rows rows;
    for (const StoredDelivery& delivery : stored.deliveries)
        rows.emplace(std::tuple(delivery.task, delivery.sink, delivery.sequence), &delivery);
    return rows;
}

const config::Sink* find(const config::Config& config, const std::string& name)
{
    const auto found = std::ranges::find(config.sinks, name, &config::Sink::name);
    return found == config.sinks.end() ? nullptr : &*found;
}

/// Empty: it depends on more than the type.
std::optional<bool> is_wanted(const config::Sink* sink, task::EventType type)
{
    if (sink == nullptr || !config::event_matches(sink->events, name(type)))
        return false;
    if (type == task::EventType::progress && sink->min_progress_step > 1)
        return std::nullopt;
    return true;
}

void check_event(
    const StoredEventRow& event,
    const config::Config& config,
    const Inspection& stored,
    const Rows& rows,
    Violations& violations
)
{
    for (const auto& [row, sink_name] : stored.sinks) {
        const config::Sink* const sink = find(config, sink_name);
        const auto delivery = rows.find({event.task, row, event.sequence});
        const bool is_there = delivery != rows.end();
        const std::optional<bool> wanted = is_wanted(sink, event.type);
        if (wanted && *wanted != is_there)
            violations.add(
                "I4", fmt::format("{} is {} sink {}", event.event_id, is_there ? "for" : "not for", sink_name)
            );
        else if (is_there && delivery->second->is_latest != (sink->order == config::Order::latest))
            violations.add("I4", fmt::format("{} has another order than sink {}", event.event_id, sink_name));
    }
    const bool is_latest = config.task_webhooks.order == config::Order::latest;
    const auto webhook = rows.find({event.task, 0, event.sequence});
    if (webhook != rows.end() && webhook->second->is_latest != is_latest)
        violations.add("I4", event.event_id + " has another order than tasks' webhooks");
}

void check_routes(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    // Only the wall clock tells when something was decided.
    if (evidence.scenario->troubles.clock_jumps)
        return;
    const Rows rows = rows_of(stored);
    for (const auto& [id, event] : stored.events) {
        const base::SteadyPoint at(event.at.time_since_epoch() - evidence.wall_offset);
        const auto versions = evidence.configurations->between(at - base::Duration(1), at);
        if (versions.size() == 1 && !stored.tasks.at(event.task).provider.empty())
            check_event(event, versions.front().config, stored, rows, violations);
    }
}

/// Whoever is not configured gets nothing but what was on its way.
void check_removed(const Evidence& evidence, Violations& violations)
{
    constexpr base::Duration longest_connect = std::chrono::seconds(15);
    for (const Receipt& receipt : *evidence.ledger) {
        const auto is_receiver = [&receipt](const config::Sink& sink) {
            return receipt.destination.ends_with("/" + sink.name);
        };
        if (std::ranges::none_of(evidence.scenario->config.sinks, is_receiver))
            continue;
        const base::Duration grace = receipt.on_new_connection ? longest_connect : base::Duration(1);
        const auto versions = evidence.configurations->between(receipt.sent_at - grace, receipt.sent_at);
        if (std::ranges::none_of(versions, [&](const Configurations::Version& version) {
                return std::ranges::any_of(version.config.sinks, is_receiver);
            }))
            violations.add(
                "I11",
                fmt::format(
                    "{} was sent to {}, which is not configured", receipt.event_id, receipt.destination
                )
            );
    }
}

}  // namespace

void check_configuration(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    check_routes(stored, evidence, violations);
    check_removed(evidence, violations);
}

}  // namespace pollhook::simulation
