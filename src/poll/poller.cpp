#include "pollhook/poll/poller.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/store/failure.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace pollhook::poll {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

/// How long a finished task's result may still change (upstream.md section 5.16).
constexpr base::Duration settle_time = 2min;
/// `200 []` for a batch is a relay's database trouble at first; after so many in a row it is an answer.
constexpr std::uint32_t suspicious_answers = 3;
/// So many single tasks refused one after the other are a refusing relay.
constexpr std::uint32_t refused_answers = 3;
constexpr std::size_t load_page = 10'000;

Pace pace_of(const config::Provider& settings)
{
    return {
        .poll_interval = settings.poll_interval,
        .max_poll_interval = std::max(settings.max_poll_interval, settings.poll_interval),
        .missing_grace = settings.missing_grace,
        .lost_misses = settings.lost_after.misses,
        .lost_time = settings.lost_after.time,
        .stalled_after = settings.stalled_after,
        .max_age = settings.max_age,
    };
}

task::EventType event_of(Verdict verdict)
{
    switch (verdict) {
        case Verdict::lost: return task::EventType::lost;
        case Verdict::expired: return task::EventType::expired;
        default: return task::EventType::stalled;
    }
}

}  // namespace

Poller::Poller(const config::Provider& settings, Surroundings surroundings)
    : name_(settings.name),
      max_in_flight_(settings.max_in_flight),
      poll_interval_(settings.poll_interval),
      with_(surroundings),
      scheduler_(pace_of(settings)),
      health_(settings.poll_interval),
      bucket_(
          settings.max_requests_per_second, settings.max_requests_per_second, surroundings.clock->steady_now()
      ),
      wake_up_(surroundings.clock->make_timer())
{
}

asio::awaitable<base::Result<void>> Poller::load()
{
    store::TaskRow after{};
    for (;;) {
        auto page = co_await with_.store->watched(name_, after, load_page);
        if (!page)
            co_return page.error();
        for (const store::WatchedTask& task : *page)
            watch(task);
        if (page->size() < load_page)
            co_return base::Result<void>();
        after = page->back().row;
    }
}

asio::awaitable<void> Poller::run()
{
    base::TaskGroup looks(co_await asio::this_coro::executor);
    started_ = true;
    looks.spawn(schedule(looks));
    if (with_.provider->discovers())
        looks.spawn(discover());
    co_await looks.join();
}

void Poller::watch(const store::WatchedTask& task)
{
    if (scheduler_.add(task, with_.clock->steady_now(), with_.clock->now()))
        wake_up_->wake();
}

void Poller::forget(std::string_view id)
{
    if (const auto slot = scheduler_.find(id))
        scheduler_.remove(*slot);
}

asio::awaitable<void> Poller::schedule(base::TaskGroup& looks)
{
    for (;;) {
        while (may_start()) {
            const base::SteadyPoint now = with_.clock->steady_now();
            const std::vector<Slot> batch = scheduler_.take(now, with_.provider->batch_size());
            if (batch.empty())
                break;
            // Read here, since a slot may change hands before the look begins.
            std::vector<std::string> ids;
            std::vector<Flight> flights;
            ids.reserve(batch.size());
            flights.reserve(batch.size());
            for (const Slot slot : batch) {
                ids.push_back(scheduler_.id(slot));
                flights.push_back({.slot = slot, .row = scheduler_.row(slot)});
            }
            bucket_.take(1, now);
            ++looks_;
            looks.spawn(look(std::move(ids), std::move(flights)));
        }
        co_await wake_up_->wait_until(next_start());
    }
}

bool Poller::is_overdue(base::SteadyPoint then)
{
    return started_ && next_start() < then;
}

std::size_t Poller::looks_allowed() const
{
    return health_.probing() ? 1 : max_in_flight_;
}

bool Poller::may_start()
{
    const base::SteadyPoint now = with_.clock->steady_now();
    return looks_ < looks_allowed() && now >= health_.blocked_until() && bucket_.ready(now);
}

base::SteadyPoint Poller::next_start()
{
    // The end of a look, a registration and a stop wake the scheduler; an idle one sleeps.
    const auto due = scheduler_.next_due();
    if (!due || looks_ >= looks_allowed())
        return base::SteadyPoint::max();
    return std::max({*due, health_.blocked_until(), bucket_.next(with_.clock->steady_now())});
}

asio::awaitable<void> Poller::look(std::vector<std::string> ids, std::vector<Flight> flights)
{
    // A stop cuts the request short, but what was learnt is kept and every flight ends.
    co_await asio::this_coro::throw_if_cancelled(false);
    provider::LookResult result = co_await with_.provider->look(ids);
    if (result.answer.requests > 1)
        bucket_.take(static_cast<double>(result.answer.requests - 1), with_.clock->steady_now());
    note(result);
    co_await apply(std::move(result), std::move(flights));
    --looks_;
    wake_up_->wake();
}

asio::awaitable<void> Poller::discover()
{
    const std::string since_name = "discovering_since:" + name_;
    auto since = co_await with_.store->meta(since_name);
    store::throw_if_failed(since);
    discovering_since_ = with_.clock->now();
    if (*since) {
        discovering_since_ = base::parse_rfc3339(**since).value_or(discovering_since_);
    } else {
        std::string since_text = base::format_rfc3339(discovering_since_);
        auto kept = co_await with_.store->set_meta(since_name, std::move(since_text));
        if (!kept && kept.error() != store::Errc::full)
            store::throw_if_failed(kept);
    }

    const std::unique_ptr<base::Timer> timer = with_.clock->make_timer();
    for (;;) {
        const base::SteadyPoint now = with_.clock->steady_now();
        const base::SteadyPoint turn = std::max(health_.blocked_until(), bucket_.next(now));
        if (turn > now) {
            co_await timer->wait_until(turn);
            continue;
        }
        bucket_.take(1, now);
        provider::LookResult result = co_await with_.provider->discover();
        if (result.answer.requests > 1)
            bucket_.take(static_cast<double>(result.answer.requests - 1), with_.clock->steady_now());
        note(result);
        std::vector<Flight> flights;
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await watch_discovered(result.answer, flights);
        co_await apply(std::move(result), std::move(flights));
        co_await asio::this_coro::throw_if_cancelled(true);
        co_await timer->wait_until(with_.clock->steady_now() + poll_interval_);
    }
}

asio::awaitable<void> Poller::watch_discovered(const provider::Answer& answer, std::vector<Flight>& flights)
{
    constexpr std::size_t most_finished = 10'000;
    if (finished_.size() > most_finished)
        finished_.clear();

    std::vector<store::Registration> batch;
    for (const task::Observation& seen : answer.observations) {
        if (scheduler_.find(seen.id) || finished_.contains(std::string(seen.id)))
            continue;
        const auto snapshot = with_.provider->snapshot(seen.raw);
        if (!snapshot)
            continue;
        // The pages show the account's past too; what ended before anybody watched is no news.
        const auto last_sign = snapshot->finished_at ? snapshot->finished_at : snapshot->submitted_at;
        if (is_terminal(seen.status) && (!last_sign || *last_sign < discovering_since_)) {
            finished_.emplace(seen.id);
            continue;
        }
        store::Registration registration;
        registration.key = {.provider = name_, .id = std::string(seen.id)};
        if (const auto origin = webhook_origin(snapshot->callback_url)) {
            registration.webhook_url = *snapshot->callback_url;
            registration.webhook_origin = *origin;
        }
        batch.push_back(std::move(registration));
    }
    if (!batch.empty()) {
        auto registered = co_await with_.store->register_tasks(std::move(batch), with_.clock->now());
        if (!registered && registered.error() == store::Errc::full) {
            spdlog::warn("discover.paused: provider={} error=\"the store is full\"", name_);
            co_return;
        }
        store::throw_if_failed(registered);
        for (const store::Registered& one : *registered) {
            if (is_terminal(one.task.known.status) && !one.task.settle_until) {
                finished_.insert(one.task.id);
                continue;
            }
            if (one.created)
                spdlog::info("task.discovered: provider={} task={}", name_, one.task.id);
            watch(one.task);
        }
    }
    for (const task::Observation& seen : answer.observations)
        if (const auto slot = scheduler_.find(seen.id); slot && scheduler_.take(*slot))
            flights.push_back({.slot = *slot, .row = scheduler_.row(*slot)});
}

bool Poller::still_there(const Flight& flight) const
{
    return scheduler_.row(flight.slot) == flight.row;
}

void Poller::note(const provider::LookResult& result)
{
    const provider::Answer& answer = result.answer;
    counters_.requests += answer.requests;
    counters_.bytes += answer.bytes;
    counters_.looks += answer.observations.size();
    counters_.malformed += answer.malformed;
    counters_.foreign += answer.foreign;
    if (!answer.observations.empty()) {
        suspicious_ = 0;
        refused_ = 0;
    }

    const auto& failure = result.failure;
    if (failure && failure->kind == provider::Errc::cancelled)
        return;
    if (failure)
        ++counters_.failed_looks;
    const bool one_task_refused =
        failure && failure->kind == provider::Errc::refused && ++refused_ < refused_answers;
    const bool empty_but_often =
        failure && failure->kind == provider::Errc::suspicious_empty && ++suspicious_ >= suspicious_answers;
    if (!failure || empty_but_often || (one_task_refused && !answer.observations.empty())) {
        if (health_.succeeded(with_.clock->steady_now(), with_.clock->now()) ==
            ProviderHealth::Step::recovered)
            spdlog::info("provider.recovered: provider={}", name_);
        return;
    }
    if (!one_task_refused)
        warn(*failure, health_.failed(*failure, with_.clock->steady_now(), *with_.random));
}

void Poller::warn(const provider::LookFailure& failure, ProviderHealth::Step step) const
{
    using Health = ProviderHealth::Step;
    const auto pause = health_.blocked_until() - with_.clock->steady_now();
    if (step == Health::key_refused)
        spdlog::error(
            "provider.key_refused: provider={} error=\"{}\" hint=\"check api_key; tasks stay pending\" "
            "next_probe={}",
            name_,
            base::printable(failure.detail),
            base::format_duration(pause)
        );
    else
        spdlog::log(
            step == Health::first_failure ? spdlog::level::warn : spdlog::level::debug,
            "provider.failing: provider={} kind={} error=\"{}\" failures={} next={}",
            name_,
            provider::name(failure.kind),
            base::printable(failure.detail),
            health_.failures_in_a_row(),
            base::format_duration(pause)
        );
}

bool Poller::believes_missing(const provider::LookResult& result) const
{
    return !result.failure || result.failure->kind != provider::Errc::suspicious_empty ||
           suspicious_ >= suspicious_answers;
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

asio::awaitable<void> Poller::apply(provider::LookResult result, std::vector<Flight> flights)
{
    const base::SteadyPoint now = with_.clock->steady_now();
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
                observe_settling(seen, *flight, steps);
            else
                observe(seen, *flight, steps, judged);
        }

    if (believes_missing(result))
        for (const std::string& id : result.answer.missing)
            if (Flight* flight = flight_of(id)) {
                flight->landed = true;
                judge(scheduler_.missing(flight->slot, now), *flight, judged);
            }

    const bool answered = was_about_tasks(result);
    for (Flight& flight : flights) {
        if (flight.landed)
            continue;
        flight.landed = true;
        if (answered)
            judge(scheduler_.unanswered(flight.slot, now), flight, judged);
        else
            scheduler_.postponed(flight.slot, now);
    }

    co_await note_contradictions();
    co_await end_settling();
    co_await announce(std::move(judged), steps);
    co_await record(std::move(steps));
}

void Poller::observe(const task::Observation& seen, Flight& flight, Steps& steps, std::vector<Judged>& judged)
{
    const base::SteadyPoint now = with_.clock->steady_now();
    const auto transition = task::detect(
        scheduler_.known(flight.slot), seen.status, seen.progress, seen.upstream_status, with_.clock->now()
    );
    if (!transition) {
        flight.landed = true;
        judge(scheduler_.unchanged(flight.slot, now), flight, judged);
        return;
    }
    auto snapshot = with_.provider->snapshot(seen.raw);
    if (!snapshot) {
        ++counters_.malformed;
        return;
    }
    flight.landed = true;
    add_step(flight, *transition, *snapshot, steps);
}

void Poller::observe_settling(const task::Observation& seen, Flight& flight, Steps& steps)
{
    const base::SteadyPoint now = with_.clock->steady_now();
    Scheduler::Settling settling = *scheduler_.settling(flight.slot);
    const task::Known& known = scheduler_.known(flight.slot);
    if (seen.status != known.status) {
        if (!std::exchange(settling.contradicted, true))
            contradictions_.push_back({.task = flight.row, .word = std::string(seen.upstream_status)});
        scheduler_.settle(flight.slot, settling);
    } else if (auto snapshot = with_.provider->snapshot(seen.raw);
               snapshot && snapshot->result_digest != settling.result_digest) {
        flight.landed = true;
        add_step(flight, task::decide(known, task::EventType::updated, with_.clock->now()), *snapshot, steps);
        return;
    }
    flight.landed = true;
    scheduler_.unchanged(flight.slot, now);
    if (now >= settling.until) {
        settled_.push_back(flight.row);
        scheduler_.remove(flight.slot);
    }
}

void Poller::judge(Verdict verdict, const Flight& flight, std::vector<Judged>& judged)
{
    // A task whose settle time is over and that the relay no longer shows is simply done.
    if (const auto* settling = scheduler_.settling(flight.slot);
        settling != nullptr && with_.clock->steady_now() >= settling->until) {
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
        spdlog::warn(
            "task.contradicted: provider={} row={} upstream_status={}",
            name_,
            static_cast<std::int64_t>(contradiction.task),
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
    Destinations to = with_.routing->destinations(name_, transition);
    store::Change change;
    change.task = flight.row;
    change.key = {.provider = name_, .id = scheduler_.id(flight.slot)};
    change.transition = transition;
    change.upstream_status = snapshot.upstream_status;
    change.event = task::draft_event(change.key, transition, snapshot);
    change.sinks = std::move(to.sinks);
    change.latest_sinks = std::move(to.latest);
    change.to_task_webhook = to.task_webhook;
    change.result_digest = snapshot.result_digest;
    if (const auto origin = webhook_origin(snapshot.callback_url)) {
        change.callback_url = *snapshot.callback_url;
        change.callback_origin = *origin;
    }

    Step step{
        .flight = flight,
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
    steps.steps.push_back(std::move(step));
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
        spdlog::error(
            "poll.not_recorded: provider={} changes={} error=\"the store is full\"", name_, steps.steps.size()
        );
        for (const Step& step : steps.steps)
            if (still_there(step.flight))
                scheduler_.unanswered(step.flight.slot, with_.clock->steady_now());
        co_return;
    }
    with_.intake->accept(policy.room, std::move(recorded->claimed), recorded->waiting);
    for (std::size_t i = 0; i < steps.steps.size(); ++i) {
        const Step& step = steps.steps[i];
        if (!still_there(step.flight))
            continue;
        if (recorded->applied.at(i)) {
            ++counters_.transitions;
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

std::optional<std::string> Poller::webhook_origin(const std::optional<std::string>& url) const
{
    if (!url)
        return std::nullopt;
    const auto parsed = http::parse_url(*url);
    if (!parsed || !with_.guard->check(*parsed))
        return std::nullopt;
    return parsed->origin.text();
}

}  // namespace pollhook::poll
