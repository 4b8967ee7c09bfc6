#include "checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

namespace pollhook::simulation {
namespace {

/// The receipts of one event at one destination, in the order in which they were sent.
using Attempts = std::vector<const Receipt*>;

/// An attempt that had begun may still be at making its connection.
constexpr base::Duration longest_connect = std::chrono::seconds(15);

bool is_success(const Receipt& receipt)
{
    return receipt.status >= 200 && receipt.status < 300 && receipt.answered_at.has_value();
}

std::string describe(const Receipt& receipt)
{
    return fmt::format(
        "{} sequence {} at {}, attempt {}",
        receipt.event_id,
        receipt.sequence,
        receipt.destination,
        receipt.attempt
    );
}

/// Whether whoever sent the later one must have known how the earlier one ended: it was the same life, or one
/// that had time to write it down, and no jump of the wall clock between their starts makes a pause in the
/// database another one here.
bool must_know(const Evidence& evidence, const Receipt& before, const Receipt& after)
{
    constexpr base::Duration time_to_write = std::chrono::seconds(30);
    if (before.boot == after.boot)
        return true;
    const Life& life = evidence.lives.at(before.boot);
    return before.at + time_to_write < life.ended_at && !life.disk_was_full &&
           life.clock_jumps == evidence.lives.at(after.boot).clock_jumps;
}

/// Whether a life had every chance to write down what it did before SIGTERM.
bool ended_well(const Life& life)
{
    return life.ended_in_order && !life.disk_was_full;
}

/// The least pause after an attempt that failed: that of the schedule for all failures, unless its answer was
/// one of those that have a schedule of their own. Empty when no other attempt may follow.
std::optional<base::Duration> least_pause(const Receipt& failed, const config::Delivery& delivery)
{
    constexpr std::array rejections{400, 401, 403, 404, 405, 413, 415, 422};
    const std::vector<base::Duration>& usual = delivery.retry_schedule;
    const auto place = static_cast<std::size_t>(failed.attempt - 1);
    std::optional<base::Duration> least;
    if (place < usual.size())
        least = usual[place];
    if (std::ranges::find(rejections, failed.status) != rejections.end()) {
        const base::Duration rejected = delivery.rejected_retry_schedule.front();
        least = std::min(least.value_or(rejected), rejected);
    }
    return least;
}

/// I11: the schedule's pauses and Retry-After hold, and nobody is asked more often than the schedules say.
void check_spacing(const Attempts& attempts, const Evidence& evidence, Violations& violations)
{
    const config::Delivery& delivery = evidence.scenario->config.delivery;
    const auto most = std::ssize(delivery.retry_schedule) + std::ssize(delivery.rejected_retry_schedule) + 1;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        const Receipt& receipt = *attempts[i];
        if (receipt.attempt < 0 || receipt.attempt > most)
            violations.add("I11", describe(receipt) + " is more than the schedule allows");
        if (i == 0)
            continue;
        const Receipt& before = *attempts[i - 1];
        if (receipt.attempt < before.attempt && receipt.boot == before.boot)
            violations.add("I11", describe(receipt) + " counts backwards");
        // After a 410 a sink is paused, and whoever resumes it wants to see at once whether it works.
        const bool was_resumed = before.status == 410;
        if (receipt.attempt != before.attempt + 1 || was_resumed || !must_know(evidence, before, receipt))
            continue;
        const std::optional<base::Duration> least = least_pause(before, delivery);
        if (!least)
            violations.add("I11", describe(receipt) + " is more than the schedule allows");
        else if (receipt.sent_at - before.sent_at < *least)
            violations.add("I11", describe(receipt) + " comes sooner than the schedule says");
        if (before.answered_at && before.retry_after &&
            receipt.sent_at - *before.answered_at < *before.retry_after)
            violations.add("I11", describe(receipt) + " comes sooner than Retry-After asked");
    }
}

/// I6: what the receiver took, and the daemon knew of, is not sent again.
void check_ends_once(const Attempts& attempts, const Evidence& evidence, Violations& violations)
{
    for (std::size_t i = 0; i + 1 < attempts.size(); ++i) {
        const Receipt& taken = *attempts[i];
        const Receipt& again = *attempts[i + 1];
        if (!is_success(taken) || again.sent_at <= *taken.answered_at)
            continue;
        const Life& life = evidence.lives.at(taken.boot);
        const bool was_noted =
            ended_well(life) && (!life.stopped_at || *taken.answered_at < *life.stopped_at);
        if (again.boot == taken.boot || was_noted)
            violations.add("I6", describe(again) + " comes after it was taken");
    }
}

/// A task that was deleted and is watched anew may tell the same once more, under the same id.
bool is_of_two(const std::string& event_id, const Inspection& stored)
{
    return stored.events.count(event_id) > 1;
}

/// I5: whoever looks at the same event sees the same bytes.
void check_sameness(const Attempts& attempts, Violations& violations)
{
    for (const Receipt* receipt : attempts)
        if (receipt->body != attempts.front()->body || receipt->sequence != attempts.front()->sequence)
            violations.add("I5", describe(*receipt) + " differs from an earlier attempt");
}

/// I14: nothing leaves after SIGTERM.
void check_stops(const Evidence& evidence, Violations& violations)
{
    for (const Receipt& receipt : *evidence.ledger) {
        const std::optional<base::SteadyPoint>& stopped = evidence.lives.at(receipt.boot).stopped_at;
        const base::Duration grace = receipt.on_new_connection ? longest_connect : base::Duration(0);
        if (stopped && receipt.sent_at > *stopped + grace)
            violations.add("I14", describe(receipt) + " was sent after the stop");
    }
}

/// I11: a task's URL that has answered 410 gets nothing more.
void check_gone(const Evidence& evidence, Violations& violations)
{
    std::map<std::string, const Receipt*> gone;
    for (const Receipt& receipt : *evidence.ledger) {
        if (const auto found = gone.find(receipt.destination); found != gone.end())
            if (receipt.sent_at > *found->second->answered_at && must_know(evidence, *found->second, receipt))
                violations.add("I11", describe(receipt) + " comes after 410 Gone");
        const bool is_sink = receipt.destination.find("/hooks/") == std::string::npos;
        if (receipt.status == 410 && receipt.answered_at && !is_sink)
            gone.try_emplace(receipt.destination, &receipt);
    }
}

/// I11: a paused sink gets nothing.
void check_pauses(const Evidence& evidence, Violations& violations)
{
    for (const SinkPause& pause : evidence.pauses)
        for (const Receipt& receipt : *evidence.ledger) {
            const base::Duration grace = receipt.on_new_connection ? longest_connect : base::Duration(0);
            const bool is_paused =
                pause.from && receipt.sent_at > *pause.from + grace && receipt.sent_at < pause.until;
            if (is_paused && receipt.destination.ends_with("/" + pause.sink))
                violations.add("I11", describe(receipt) + " was sent while the sink was paused");
        }
}

/// I4: first receipts of a lane come in order, and what is missing has ended otherwise.
void check_order(
    const Inspection& stored,
    const Evidence& evidence,
    const std::map<std::pair<std::string, std::string>, std::size_t>& first_receipts,
    Violations& violations
)
{
    using State = store::DeliveryState;
    const StoredDelivery* before = nullptr;
    std::size_t latest = 0;
    for (const StoredDelivery& delivery : stored.deliveries) {
        if (before == nullptr || before->task != delivery.task || before->sink != delivery.sink)
            latest = 0;
        before = &delivery;
        const std::string destination = destination_of(delivery, stored, *evidence.scenario);
        const auto found = first_receipts.find({destination, delivery.event_id});
        if (delivery.state != State::delivered || is_of_two(delivery.event_id, stored))
            continue;
        const std::string what =
            fmt::format("{} sequence {} at {}", delivery.event_id, delivery.sequence, destination);
        if (found == first_receipts.end()) {
            violations.add("I6", what + " is delivered, says the database, and never came");
            continue;
        }
        if (found->second < latest)
            violations.add("I4", what + " came after a later one");
        latest = std::max(latest, found->second);
    }
}

void check_delivered(
    const Inspection& stored,
    const Evidence& evidence,
    const std::map<std::pair<std::string, std::string>, Attempts>& all,
    Violations& violations
)
{
    for (const StoredDelivery& delivery : stored.deliveries) {
        if (delivery.state != store::DeliveryState::delivered)
            continue;
        const auto found =
            all.find({destination_of(delivery, stored, *evidence.scenario), delivery.event_id});
        if (found == all.end())
            continue;  // check_order() says so
        const bool was_taken =
            std::ranges::any_of(found->second, [](const Receipt* receipt) { return is_success(*receipt); });
        if (!was_taken)
            violations.add("I6", describe(*found->second.back()) + " was never taken and is delivered");
    }
}

}  // namespace

void check_receipts(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    std::map<std::pair<std::string, std::string>, Attempts> all;
    std::map<std::pair<std::string, std::string>, std::size_t> first_receipts;
    std::size_t place = 0;
    for (const Receipt& receipt : *evidence.ledger) {
        all[{receipt.destination, receipt.event_id}].push_back(&receipt);
        first_receipts.try_emplace({receipt.destination, receipt.event_id}, ++place);
    }
    for (auto& [key, attempts] : all) {
        if (is_of_two(key.second, stored))
            continue;
        std::ranges::sort(attempts, {}, [](const Receipt* one) { return std::pair(one->sent_at, one->at); });
        check_spacing(attempts, evidence, violations);
        check_ends_once(attempts, evidence, violations);
        check_sameness(attempts, violations);
    }
    check_order(stored, evidence, first_receipts, violations);
    check_delivered(stored, evidence, all, violations);
    check_stops(evidence, violations);
    check_gone(evidence, violations);
    check_pauses(evidence, violations);
}

std::vector<std::string> unfinished(const Inspection& stored, const Evidence& evidence)
{
    std::vector<std::string> open;
    std::set<std::pair<std::string, std::string>> ended;
    for (const auto& [row, task] : stored.tasks)
        if (task::is_terminal(task.status))
            ended.emplace(task.provider, task.id);
    for (const auto& [provider, id] : evidence.registered)
        if (evidence.relays.at(provider)->ends(id) && !ended.contains({provider, id}))
            open.push_back(fmt::format("task {}/{}", provider, id));
    for (const StoredDelivery& delivery : stored.deliveries)
        if (delivery.state == store::DeliveryState::pending)
            open.push_back(fmt::format(
                "delivery {}-{}-{} attempts={}",
                delivery.task,
                delivery.sink,
                delivery.sequence,
                delivery.attempts
            ));
    return open;
}

void check_ends(const Inspection& stored, const Evidence& evidence, Violations& violations)
{
    for (const auto& [row, task] : stored.tasks) {
        const auto relay = evidence.relays.find(task.provider);
        if (relay == evidence.relays.end() || !task::is_terminal(task.status))
            continue;
        if (task.status == task::Status::expired) {
            if (!evidence.scenario->troubles.clock_jumps)
                violations.add("I9", fmt::format("{}/{} expired", task.provider, task.id));
            continue;
        }
        const std::set<std::string>& words = relay->second->words(task.id);
        const bool was_said = task.status == task::Status::lost
                                  ? relay->second->may_be_lost(task.id)
                                  : std::ranges::any_of(words, [&task](const std::string& word) {
                                        return task::from_upstream(word) == task.status;
                                    });
        if (!was_said)
            violations.add(
                "I9",
                fmt::format(
                    "{}/{} is {}, which its relay never said", task.provider, task.id, name(task.status)
                )
            );
    }
}

}  // namespace pollhook::simulation
