#include "pollhook/base/text.hpp"
#include "pollhook/poll/poller.hpp"
#include "pollhook/store/failure.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pollhook::poll {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

/// Relays that keep their tasks in memory forget all of them at a restart, so that empty lists are believed
/// at last: after so many times lost_after.time.
constexpr int doubt = 6;
/// A relay that has failed for so long without a break is not waited for when a task is over its age.
constexpr base::Duration longest_outage = 1h;
/// The tasks that expire so at a time: they are one transaction.
constexpr std::size_t most_expired = 1000;

/// How long a finished task's result may still change: some relays mirror it after they have said success.
constexpr base::Duration settle_time = 2min;

task::EventType event_of(Verdict verdict)
{
    switch (verdict) {
        case Verdict::lost: return task::EventType::lost;
        case Verdict::expired: return task::EventType::expired;
        default: return task::EventType::stalled;
    }
}

}  // namespace

bool Poller::still_there(const Flight& flight) const
{
    // One that was removed and registered again meanwhile may wait for a look of its own.
    return scheduler_.row(flight.slot) == flight.row && scheduler_.in_flight(flight.slot);
}

void Poller::suspect(provider::LookResult& result) const
{
    const provider::Answer& answer = result.answer;
    if (result.failure || !empty_.is_running())
        return;
    if (!answer.observations.empty() || answer.foreign > 0 || answer.malformed > 0)
        return;
    provider::LookFailure failure;
    failure.kind = provider::Errc::suspicious_empty;
    failure.detail = "an empty list again";
    result.failure = std::move(failure);
}

bool Poller::believes_missing(const provider::LookResult& result) const
{
    return !result.failure || result.failure->kind != provider::Errc::suspicious_empty ||
           empty_.has_lasted(doubt * lost_time_, with_.clock->steady_now());
}

bool Poller::is_given_up(const provider::LookResult& result) const
{
    return result.failure && result.failure->kind != provider::Errc::cancelled &&
           failing_.has_lasted(longest_outage, with_.clock->steady_now());
}

bool Poller::was_about_tasks(const provider::LookResult& result) const
{
    if (!result.failure)
        return true;
    const bool told_of_others = !result.answer.observations.empty();
    switch (result.failure->kind) {
        case provider::Errc::refused: return told_of_others || health_.last_success().has_value();
        case provider::Errc::malformed_answer: return told_of_others;
        case provider::Errc::suspicious_empty: return believes_missing(result);
        default: return false;
    }
}

asio::awaitable<void> Poller::apply(Asked asked, provider::LookResult result, std::vector<Flight> flights)
{
    const Moment now{.steady = with_.clock->steady_now(), .wall = with_.clock->now()};
    std::vector<Judged> judged;
    Steps steps;

    std::erase_if(flights, [&](const Flight& flight) { return !still_there(flight); });
    std::ranges::sort(flights, {}, &Flight::slot);
    const auto flight_of = [&](std::string_view id) -> Flight* {
        const auto slot = scheduler_.find(id);
        if (!slot)
            return nullptr;
        const auto found = std::ranges::lower_bound(flights, *slot, {}, &Flight::slot);
        return found != flights.end() && found->slot == *slot && !found->landed ? &*found : nullptr;
    };

    for (const task::Observation& seen : result.answer.observations)
        if (Flight* flight = flight_of(seen.id)) {
            if (scheduler_.settling(flight->slot) != nullptr)
                observe_settling(*asked, seen, *flight, now, steps);
            else
                observe(*asked, seen, *flight, now, steps, judged);
        }

    if (believes_missing(result))
        for (const std::string& id : result.answer.missing)
            if (Flight* flight = flight_of(id)) {
                flight->landed = true;
                judge(scheduler_.missing(flight->slot, now.steady), *flight, now.steady, judged);
            }

    const bool given_up = is_given_up(result);
    const bool answered = was_about_tasks(result) || given_up;
    for (Flight& flight : flights) {
        if (flight.landed)
            continue;
        flight.landed = true;
        if (answered)
            judge(scheduler_.unanswered(flight.slot, now.steady), flight, now.steady, judged);
        else
            scheduler_.postponed(flight.slot, now.steady);
    }
    if (given_up)
        for (const Slot slot : scheduler_.over_age(now.steady, most_expired))
            judge(Verdict::expired, {.slot = slot, .row = scheduler_.row(slot)}, now.steady, judged);

    co_await note_contradictions();
    co_await end_settling();
    co_await announce(std::move(judged), steps);
    co_await record(std::move(steps));
}

void Poller::observe(
    const provider::Provider& asked,
    const task::Observation& seen,
    Flight& flight,
    Moment now,
    Steps& steps,
    std::vector<Judged>& judged
)
{
    const auto transition = task::detect(
        scheduler_.known(flight.slot), seen.status, seen.progress, seen.upstream_status, now.wall
    );
    if (!transition) {
        flight.landed = true;
        judge(scheduler_.unchanged(flight.slot, now.steady), flight, now.steady, judged);
        return;
    }
    auto snapshot = asked.snapshot(seen.raw);
    if (!snapshot) {
        ++counters_.malformed;
        warn_of_unreadable(seen.id);
        return;
    }
    flight.landed = true;
    add_step(flight, *transition, *snapshot, steps);
}

void Poller::observe_settling(
    const provider::Provider& asked, const task::Observation& seen, Flight& flight, Moment now, Steps& steps
)
{
    Scheduler::Settling settling = *scheduler_.settling(flight.slot);
    const task::Known& known = scheduler_.known(flight.slot);
    if (seen.status != known.status) {
        if (!std::exchange(settling.contradicted, true))
            contradictions_.push_back(
                {.task = flight.row, .id = std::string(seen.id), .word = std::string(seen.upstream_status)}
            );
        scheduler_.settle(flight.slot, settling);
    } else if (auto snapshot = asked.snapshot(seen.raw);
               snapshot && snapshot->result_digest != settling.result_digest) {
        flight.landed = true;
        add_step(flight, task::decide(known, task::EventType::updated, now.wall), *snapshot, steps);
        return;
    }
    flight.landed = true;
    scheduler_.unchanged(flight.slot, now.steady);
    if (now.steady >= settling.until) {
        settled_.push_back(flight.row);
        scheduler_.remove(flight.slot);
    }
}

void Poller::judge(Verdict verdict, const Flight& flight, base::SteadyPoint now, std::vector<Judged>& judged)
{
    // A task whose settle time is over and that the relay no longer shows is simply done.
    if (const auto* settling = scheduler_.settling(flight.slot);
        settling != nullptr && now >= settling->until) {
        settled_.push_back(flight.row);
        scheduler_.remove(flight.slot);
        return;
    }
    if (verdict == Verdict::none)
        return;
    // It stays in flight until its event is recorded, so that no second look overtakes it.
    scheduler_.take(flight.slot);
    judged.push_back({.flight = flight, .verdict = verdict});
}

asio::awaitable<void> Poller::note_contradictions()
{
    std::vector<Contradiction> contradictions = std::exchange(contradictions_, {});
    for (Contradiction& contradiction : contradictions) {
        // A relay that forgets contradicts thousands; each is noted at its task.
        const bool is_news = contradicted_.happened(with_.clock->steady_now()) != base::Episode::Line::none;
        spdlog::log(
            is_news ? spdlog::level::warn : spdlog::level::debug,
            "task.contradicted: provider={} task={} upstream_status=\"{}\"",
            name_,
            contradiction.id,
            base::printable(contradiction.word)
        );
        auto noted = co_await with_.store->note_contradiction(
            contradiction.task, std::move(contradiction.word), with_.clock->now()
        );
        if (!noted && noted.error() != store::Errc::full)
            store::throw_if_failed(noted);
    }
}

asio::awaitable<void> Poller::end_settling()
{
    if (settled_.empty())
        co_return;
    std::vector<store::TaskRow> rows = std::exchange(settled_, {});
    auto ended = co_await with_.store->end_settling(rows);
    if (!ended && ended.error() == store::Errc::full)
        settled_.insert(settled_.end(), rows.begin(), rows.end());  // with the next ones
    else
        store::throw_if_failed(ended);
}

asio::awaitable<void> Poller::announce(std::vector<Judged> judged, Steps& steps)
{
    for (const auto& [flight, verdict] : judged) {
        // The answer had nothing new, so the event tells what the last one told.
        auto body = co_await with_.store->last_event_body(flight.row);
        store::throw_if_failed(body);
        if (!still_there(flight))
            continue;
        const auto transition =
            task::decide(scheduler_.known(flight.slot), event_of(verdict), with_.clock->now());
        add_step(flight, transition, task::snapshot_of(*body), steps);
    }
}

void Poller::add_step(
    const Flight& flight, const task::Transition& transition, const task::Snapshot& snapshot, Steps& steps
)
{
    const std::string_view action = snapshot.action ? *snapshot.action : std::string_view();
    Destinations to = with_.routing->destinations(name_, action, transition);
    store::Change change;
    change.task = flight.row;
    change.key = {.provider = name_, .id = scheduler_.id(flight.slot)};
    change.transition = transition;
    change.upstream_status = snapshot.upstream_status;
    change.event = task::draft_event(change.key, transition, snapshot);
    change.addressees = std::move(to.addressees);
    change.to_task_webhook = to.task_webhook;
    change.task_webhook_latest = to.task_webhook_latest;
    change.result_digest = snapshot.result_digest;
    if (const auto origin = webhook_origin(snapshot.callback_url)) {
        change.callback_url = *snapshot.callback_url;
        change.callback_origin = *origin;
    }

    Step step{
        .flight = flight,
        .type = transition.type,
        .next = task::apply(scheduler_.known(flight.slot), transition, snapshot.upstream_status),
        .settling = std::nullopt,
    };
    const bool ended_here = transition.to == task::Status::lost || transition.to == task::Status::expired;
    if (is_terminal(transition.to) && !ended_here && !snapshot.complete) {
        const auto* before = scheduler_.settling(flight.slot);
        step.settling = Scheduler::Settling{
            .until = before != nullptr ? before->until : with_.clock->steady_now() + settle_time,
            .result_digest = snapshot.result_digest,
            .contradicted = before != nullptr && before->contradicted,
        };
        change.settle_until = with_.clock->now() + (step.settling->until - with_.clock->steady_now());
    }
    steps.changes.push_back(std::move(change));
    steps.steps.push_back(step);
}

asio::awaitable<void> Poller::record(Steps steps)
{
    if (steps.changes.empty())
        co_return;
    const store::ClaimPolicy policy = with_.intake->policy();
    auto recorded = co_await with_.store->record(std::move(steps.changes), policy);
    if (!recorded) {
        with_.intake->accept(policy.room, {}, {});
        if (recorded.error() != store::Errc::full)
            store::throw_if_failed(recorded);
        // Nothing was written, so the next look finds the same change again.
        if (not_recorded_.happened(with_.clock->steady_now()) != base::Episode::Line::none)
            spdlog::error(
                "poll.not_recorded: provider={} changes={} error=\"the store is full\"",
                name_,
                steps.steps.size()
            );
        for (const Step& step : steps.steps)
            if (still_there(step.flight))
                scheduler_.unanswered(step.flight.slot, with_.clock->steady_now());
        co_return;
    }
    if (const auto length = not_recorded_.ended(with_.clock->steady_now()))
        spdlog::info(
            "poll.recorded_again: provider={} after={}",
            name_,
            base::format_duration(std::chrono::floor<std::chrono::seconds>(*length))
        );
    with_.intake->accept(policy.room, std::move(recorded->claimed), recorded->waiting);
    for (std::size_t i = 0; i < steps.steps.size(); ++i) {
        const Step& step = steps.steps[i];
        if (!still_there(step.flight))
            continue;
        if (recorded->applied.at(i)) {
            ++counters_.transitions;
            ++counters_.transitions_by_type.at(static_cast<std::size_t>(step.type));
            land(step);
        } else {
            spdlog::error("poll.conflict: provider={} task={}", name_, scheduler_.id(step.flight.slot));
            scheduler_.remove(step.flight.slot);
        }
    }
}

void Poller::land(const Step& step)
{
    const Slot slot = step.flight.slot;
    const base::SteadyPoint now = with_.clock->steady_now();
    if (is_terminal(step.next.status) && !step.settling) {
        scheduler_.finished(slot, step.next.status, now);
        return;
    }
    scheduler_.changed(slot, step.next, now);
    if (step.settling)
        scheduler_.settle(slot, *step.settling);
}

}  // namespace pollhook::poll
