#include "checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pollhook::simulation {
namespace {

std::string describe(const StoredTask& task, std::int64_t sequence)
{
    return fmt::format("{}/{} sequence {}", task.provider, task.id, sequence);
}

/// I2: 1..max without gaps, and every transition with its event.
void check_sequences(const Inspection& stored, Violations& violations)
{
    std::set<std::pair<std::int64_t, std::int64_t>> events;
    for (const auto& [id, event] : stored.events)
        events.emplace(event.task, event.sequence);
    for (const auto& [row, task] : stored.tasks) {
        std::int64_t expected = 0;
        for (const StoredTransition& step : task.transitions) {
            if (step.sequence != ++expected)
                violations.add("I2", describe(task, step.sequence) + " follows a gap");
            if (!events.contains({row, step.sequence}))
                violations.add("I2", describe(task, step.sequence) + " has no event");
        }
        const bool is_own = task.provider.empty();
        if (!is_own && expected != task.sequence)
            violations.add(
                "I2", fmt::format("{} but the task says {}", describe(task, expected), task.sequence)
            );
    }
}

/// I3: rank and progress never fall, one end at most, and only task.updated after it.
void check_progress(const Inspection& stored, Violations& violations)
{
    for (const auto& [row, task] : stored.tasks) {
        int rank = 0;
        int progress = 0;
        bool has_ended = false;
        for (const StoredTransition& step : task.transitions) {
            if (has_ended && step.type != task::EventType::updated)
                violations.add("I3", describe(task, step.sequence) + " comes after the end");
            if (step.to != task::Status::unknown && task::rank(step.to) < rank)
                violations.add("I3", describe(task, step.sequence) + " falls back");
            if (step.to_progress < progress)
                violations.add("I3", describe(task, step.sequence) + " loses progress");
            rank = std::max(rank, task::rank(step.to));
            progress = step.to_progress;
            has_ended = has_ended || task::is_terminal(step.to);
        }
    }
}

/// I1 and I8: what anybody was told is there, with the same body.
void check_promises(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    std::set<std::pair<std::string, std::string>> tasks;
    for (const auto& [row, task] : stored.tasks)
        tasks.emplace(task.provider, task.id);
    for (const auto& key : evidence.registered)
        if (!tasks.contains(key))
            violations.add("I1", fmt::format("{}/{} was registered and is gone", key.first, key.second));
    for (const Receipt& receipt : *evidence.ledger) {
        const auto [first, last] = stored.events.equal_range(receipt.event_id);
        if (first == last) {
            violations.add(
                "I1",
                fmt::format("{} was sent to {} and is not stored", receipt.event_id, receipt.destination)
            );
            continue;
        }
        if (first->second.sequence != receipt.sequence)
            violations.add("I8", receipt.event_id + " was sent with another sequence than is stored");
        // These have a format of their own.
        const bool is_as_stored =
            !receipt.destination.ends_with("/feed") && !receipt.destination.ends_with("/digest");
        if (is_as_stored && std::none_of(first, last, [&receipt](const auto& entry) {
                return entry.second.body == receipt.body;
            }))
            violations.add("I8", receipt.event_id + " was sent with another body than is stored");
    }
}

/// The part of I6 that the database alone shows.
void check_deliveries(const Inspection& stored, Violations& violations)
{
    using State = store::DeliveryState;
    const StoredDelivery* head = nullptr;  // the first open one of the lane
    for (const StoredDelivery& delivery : stored.deliveries) {
        const auto where = [&delivery] {
            return fmt::format("delivery {}-{}-{}", delivery.task, delivery.sink, delivery.sequence);
        };
        if (head != nullptr && (head->task != delivery.task || head->sink != delivery.sink))
            head = nullptr;
        const bool is_open = delivery.state == State::pending;
        if (is_open && (head == nullptr) != delivery.has_due)
            violations.add("I6", where() + (delivery.has_due ? " overtakes its lane" : " waits for nothing"));
        if (is_open && head == nullptr)
            head = &delivery;
        if (!is_open && delivery.has_due)
            violations.add("I6", where() + " has ended and is due");
        if (delivery.state == State::superseded && task::is_terminal(delivery.type))
            violations.add("I4", where() + " is the last word on its task and was superseded");
        if ((delivery.state == State::dead || delivery.state == State::cancelled) && delivery.reason.empty())
            violations.add("I6", where() + " ended without a reason");
    }
}

}  // namespace

void check_stored(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    if (stored.integrity != "ok") {
        violations.add("I0", stored.integrity);
        return;
    }
    check_sequences(stored, violations);
    check_progress(stored, violations);
    check_promises(stored, evidence, violations);
    check_deliveries(stored, violations);
    check_retention(stored, evidence, violations);
}

}  // namespace pollhook::simulation
