#include "checks.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace pollhook::simulation {
namespace {

std::string describe(const StoredDelivery& delivery, std::string_view destination)
{
    return fmt::format("{} sequence {} at {}", delivery.event_id, delivery.sequence, destination);
}

/// Event ids that a destination took after the first `before` receipts.
std::set<std::string> taken_since(
    const Evidence& evidence, const std::string& destination, std::size_t before
)
{
    std::set<std::string> taken;
    for (std::size_t i = before; i < evidence.ledger->size(); ++i) {
        const Receipt& receipt = evidence.ledger->at(i);
        if (receipt.destination == destination && receipt.answered_at && receipt.status / 100 == 2)
            taken.insert(receipt.event_id);
    }
    return taken;
}

}  // namespace

std::vector<std::string> still_dead(const Inspection& stored, const Evidence& evidence)
{
    // Nobody sends to a URL again that has said it is gone for good.
    std::set<std::string> gone;
    for (const Receipt& receipt : *evidence.ledger)
        if (receipt.status == 410)
            gone.insert(receipt.destination);
    std::vector<std::string> dead;
    for (const StoredDelivery& delivery : stored.deliveries) {
        if (delivery.state != store::DeliveryState::dead || delivery.is_deleted)
            continue;
        const std::string destination = destination_of(delivery, stored, *evidence.scenario);
        const bool may_rest = delivery.sink == 0 && (gone.contains(destination) || destination.empty());
        // What no receiver can mend: the name that points to a private address.
        if (!may_rest && destination.find(rebinding_host) == std::string::npos)
            dead.push_back(describe(delivery, destination));
    }
    return dead;
}

std::vector<std::string> not_replayed(
    const Inspection& stored, const Evidence& evidence, const std::string& sink, std::size_t before
)
{
    std::vector<std::string> missing;
    std::map<std::string, std::set<std::string>> taken;
    for (const StoredDelivery& delivery : stored.deliveries) {
        const auto name = stored.sinks.find(delivery.sink);
        if (name == stored.sinks.end() || name->second != sink || delivery.is_deleted)
            continue;
        const std::string destination = destination_of(delivery, stored, *evidence.scenario);
        if (!taken.contains(destination))
            taken[destination] = taken_since(evidence, destination, before);
        if (!taken[destination].contains(delivery.event_id))
            missing.push_back(describe(delivery, destination));
    }
    return missing;
}

void check_replay(
    const Inspection& stored,
    const Evidence& evidence,
    const std::string& sink,
    std::size_t before,
    Violations& violations
)
{
    std::map<std::string, std::size_t> first;  // by event id
    for (std::size_t i = before; i < evidence.ledger->size(); ++i)
        if (evidence.ledger->at(i).destination.ends_with("/" + sink))
            first.try_emplace(evidence.ledger->at(i).event_id, i);
    const StoredDelivery* earlier = nullptr;
    for (const StoredDelivery& delivery : stored.deliveries) {
        const auto name = stored.sinks.find(delivery.sink);
        const auto place = first.find(delivery.event_id);
        if (name == stored.sinks.end() || name->second != sink || place == first.end())
            continue;
        if (earlier != nullptr && earlier->task == delivery.task &&
            first.at(earlier->event_id) > place->second)
            violations.add("I4", describe(delivery, sink) + " is replayed before an earlier one");
        earlier = &delivery;
    }
}

}  // namespace pollhook::simulation
