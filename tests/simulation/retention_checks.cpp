#include "checks.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

namespace pollhook::simulation {
namespace {

std::string describe(const StoredTask& task)
{
    return fmt::format("{}/{}", task.provider, task.id);
}

bool is_young(base::TimePoint end, base::TimePoint deleted_at, const Evidence& evidence)
{
    // Once the wall clock has jumped, nobody can tell from here how old something was.
    return !evidence.scenario->troubles.clock_jumps &&
           deleted_at - end < evidence.scenario->config.store.retention;
}

/// Only what has ended, long enough ago, and owes nobody anything may go.
void check_deleted(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    for (const auto& [row, task] : stored.tasks) {
        if (!task.deleted_at)
            continue;
        const bool is_own = task.provider.empty();
        if (!task.ended_at || (!is_own && !task::is_terminal(task.status)))
            violations.add("I1", describe(task) + " was deleted before its end");
        else if (is_young(*task.ended_at, *task.deleted_at, evidence))
            violations.add("I1", describe(task) + " was deleted before the retention's time");
    }
    for (const auto& [id, event] : stored.events) {
        const bool went_with_task = stored.tasks.at(event.task).deleted_at.has_value();
        if (event.deleted_at && !went_with_task && is_young(event.at, *event.deleted_at, evidence))
            violations.add("I1", id + " was deleted before the retention's time");
    }
    for (const StoredDelivery& delivery : stored.deliveries)
        if (delivery.is_deleted && delivery.state == store::DeliveryState::pending)
            violations.add(
                "I1",
                fmt::format(
                    "delivery {}-{}-{} was deleted while it was open",
                    delivery.task,
                    delivery.sink,
                    delivery.sequence
                )
            );
}

/// A task that was deleted is watched again only when somebody asks for it, or a relay says that it goes on.
void check_comebacks(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    constexpr base::Duration time_to_register = std::chrono::seconds(30);
    const Troubles& troubles = evidence.scenario->troubles;
    if (troubles.clock_jumps || troubles.lies || troubles.relays)
        return;
    std::map<std::pair<std::string, std::string>, std::size_t> times;
    for (const auto& [row, task] : stored.tasks) {
        const std::pair<std::string, std::string> key(task.provider, task.id);
        const bool is_first = ++times[key] == 1;
        if (is_first || task.provider.empty())
            continue;
        const auto asked = evidence.asked.find(key);
        if (asked == evidence.asked.end() || task.registered_at > asked->second + time_to_register)
            violations.add("I1", describe(task) + " was deleted and came back by itself");
    }
}

}  // namespace

void check_retention(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    for (const std::string& row : stored.returned)
        violations.add("I1", row + " is there although it was deleted");
    check_deleted(stored, evidence, violations);
    check_comebacks(stored, evidence, violations);
}

std::vector<std::string> ended_and_there(const Inspection& stored)
{
    std::vector<std::string> there;
    for (const auto& [row, task] : stored.tasks)
        if (!task.deleted_at && task.ended_at)
            there.push_back(describe(task));
    return there;
}

}  // namespace pollhook::simulation
