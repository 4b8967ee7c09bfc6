#include "announcements.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/delivery/dispatcher.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace pollhook::delivery {
namespace {

store::Attempt attempt_record(const sink::Outcome& outcome, const Decision& decision, base::TimePoint at)
{
    return {
        .at = at,
        .http_status = outcome.http_status,
        .error_class = outcome.error_class,
        .decision = decision.text,
        .peer = outcome.peer,
        .response_head = outcome.response_head,
        .look_up = outcome.look_up,
        .connect = outcome.connect,
        .tls = outcome.tls,
        .first_byte = outcome.first_byte,
        .total = outcome.total,
    };
}

void log_outcome(
    spdlog::level::level_enum level,
    std::string_view what,
    const Destination& to,
    const store::ClaimedDelivery& delivery,
    const Decision& decision
)
{
    spdlog::log(
        level,
        "{}: sink={} delivery={} provider={} task={} event={} attempt={} decision=\"{}\"",
        what,
        to.name(),
        delivery.key.text(),
        base::printable(delivery.event->task.provider),
        base::printable(delivery.event->task.id),
        name(delivery.event->type),
        delivery.attempts + 1,
        base::printable(decision.text)
    );
}

/// All the pauses of a schedule together: how long a delivery may take.
base::Duration span_of(const RetrySchedules& schedules)
{
    return std::accumulate(schedules.standard.begin(), schedules.standard.end(), base::Duration(0));
}

}  // namespace

void Dispatcher::conclude(const store::ClaimedDelivery& delivery, const sink::Outcome& outcome)
{
    Destination* const found = find(delivery.key.sink);
    if (found == nullptr)
        set_aside(delivery.origin);  // the sink is not configured: its deliveries wait, in case it comes back
    if (found == nullptr || outcome.cancelled) {
        give_back(delivery, outbox_now());
        return;
    }
    Destination& to = *found;
    if (outcome.consent)
        heed(delivery.origin, *outcome.consent);
    const bool rejected = is_rejection(outcome);
    const Spent spent{.attempts = delivery.spent + 1, .rejected = delivery.rejected + (rejected ? 1 : 0)};
    Decision decision = decide(outcome, spent, to.schedules, *with_.random);
    const bool closes_sink = decision.kind == Decision::Kind::gone && !to.is_task_webhook();
    if (closes_sink) {
        decision.pause = base::Duration(0);
        decision.text = "the sink is paused: " + outcome.detail;
    }

    store::Settlement settlement{.key = delivery.key};
    settlement.attempt = attempt_record(outcome, decision, with_.clock->now());
    settlement.rejected = rejected;
    ++counters_.attempts;
    ++to.counts.results.at(static_cast<std::size_t>(result_of(outcome)));
    using Kind = Decision::Kind;
    switch (decision.kind) {
        case Kind::delivered:
            settlement.state = store::DeliveryState::delivered;
            note_success(to, delivery);
            break;
        case Kind::retry: settlement.due = outbox_now() + decision.pause; break;
        case Kind::gone:
            if (closes_sink) {
                settlement.due = outbox_now();
                close(to, outcome.detail);
                break;
            }
            gone_.push_back({.task = delivery.key.task, .reason = "HTTP 410 Gone"});
            [[fallthrough]];
        case Kind::dead:
            settlement.state = store::DeliveryState::dead;
            settlement.reason = decision.text;
            break;
    }
    if (decision.kind != Kind::delivered) {
        note_failure(to, delivery, decision);
        if (!outcome.carried)
            note_trouble(to, decision.text);
    }
    add_outcome(delivery, std::move(settlement));
}

void Dispatcher::heed(store::OriginId origin, const sink::Consented& consent)
{
    if (unconfigured_.contains(origin))
        return;
    if (consent.given)
        queues_.set_allowed(origin, consent.per_second, with_.clock->steady_now());
    else
        queues_.await_allowance(origin);
}

void Dispatcher::note_success(Destination& to, const store::ClaimedDelivery& delivery)
{
    ++counters_.delivered;
    to.counts.latency.observe(std::max(base::Duration(0), with_.clock->now() - delivery.committed_at));
    if (spdlog::should_log(spdlog::level::debug))
        log_outcome(spdlog::level::debug, "delivery.delivered", to, delivery, {.text = "delivered"});
    if (failing_.erase(delivery.origin) > 0)
        log_outcome(spdlog::level::info, "delivery.recovered", to, delivery, {.text = "delivered"});
    if (to.is_task_webhook())
        return;
    if (to.health.succeeded(with_.clock->now()) != SinkHealth::Step::recovered)
        return;
    announce(announcement_of_sink(task::EventType::sink_recovered, to, {}, with_.clock->now()));
}

void Dispatcher::note_failure(
    Destination& to, const store::ClaimedDelivery& delivery, const Decision& decision
)
{
    ++counters_.failed;
    const bool is_dead = decision.kind == Decision::Kind::dead ||
                         (decision.kind == Decision::Kind::gone && to.is_task_webhook());
    if (is_dead) {
        ++counters_.dead;
        ++to.counts.dead;
        log_outcome(spdlog::level::err, "delivery.dead", to, delivery, decision);
        // The end of an announcement is not announced: that could go on for ever.
        if (!is_own(delivery.event->type))
            announce(announcement_of_dead(delivery, to, decision.text, with_.clock->now()));
    } else {
        // A receiver that is down fails thousands of times; the first one is news.
        constexpr std::size_t most_failing = 10'000;
        const bool first = failing_.size() < most_failing && failing_.insert(delivery.origin).second;
        log_outcome(
            first ? spdlog::level::warn : spdlog::level::debug, "delivery.failing", to, delivery, decision
        );
    }
}

void Dispatcher::note_trouble(Destination& to, const std::string& reason)
{
    if (to.is_task_webhook() || to.health.failed(reason, with_.clock->now()) != SinkHealth::Step::failing)
        return;
    spdlog::error("sink.failing: sink={} reason=\"{}\"", to.name(), base::printable(reason));
    announce(
        announcement_of_sink(task::EventType::sink_failing, to, to.health.last_error(), with_.clock->now())
    );
}

void Dispatcher::close(Destination& to, const std::string& reason)
{
    if (to.row.paused)
        return;
    spdlog::error(
        "sink.paused: sink={} reason=\"{}\" hint=\"its receiver wants nothing more; everything is kept; "
        "'pollhook sink resume {}' goes on\"",
        to.name(),
        base::printable(reason),
        to.name()
    );
    hold(to, reason);
    announce(announcement_of_sink(task::EventType::sink_paused, to, reason, with_.clock->now()));
    paused_.push_back({.sink = to.row.id, .reason = reason});
}

void Dispatcher::hold(Destination& to, const std::string& reason)
{
    to.row.paused = true;
    to.row.pause_reason = reason;
    to.row.paused_at = with_.clock->now();
    if (unconfigured_.contains(to.row.origin))
        return;
    queues_.pause(to.row.origin);
    for (const store::ClaimedDelivery& waiting : queues_.drain(to.row.origin))
        give_back(waiting, outbox_now());
    to.sink->recall();
}

/// The breaker of a host opened: what waits for it in memory goes back to the store, from where it is claimed
/// when the probe may start. It is due all the while, so that a probe that is brought forward finds it. Where
/// the host has been failing for as long as a delivery may take, those that are older than that end here,
/// since each would need probes of its own to come to its end.
void Dispatcher::hold_back(const OriginQueues::Opened& opened)
{
    for (const store::ClaimedDelivery& waiting : opened.waiting) {
        Destination* const to = find(waiting.key.sink);
        if (to == nullptr) {
            give_back(waiting, outbox_now());
            continue;
        }
        const base::Duration allowed = span_of(to->schedules);
        const base::SteadyPoint now = with_.clock->steady_now();
        // One that was made or re-opened meanwhile has its own attempt first.
        const bool is_old = waiting.spent > 0 && with_.clock->now() - waiting.committed_at > allowed;
        if (!is_old || now - opened.failing_since <= allowed) {
            give_back(waiting, outbox_now());
            continue;
        }
        const Decision decision{
            .kind = Decision::Kind::dead,
            .pause = {},
            .text = fmt::format(
                "dead: the receiver has not answered for {}",
                base::format_duration(std::chrono::floor<std::chrono::seconds>(now - opened.failing_since))
            ),
        };
        store::Settlement settlement{.key = waiting.key};
        settlement.state = store::DeliveryState::dead;
        settlement.reason = decision.text;
        note_failure(*to, waiting, decision);
        add_outcome(waiting, std::move(settlement));
    }
}

}  // namespace pollhook::delivery
