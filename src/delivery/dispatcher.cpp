#include "pollhook/delivery/dispatcher.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/task/trace.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pollhook::delivery {

namespace asio = boost::asio;

namespace {

/// Claims in memory: enough to keep every slot busy between two commits, and some megabytes at the most.
constexpr std::size_t most_claims = 4096;
/// What one operation may claim, so that none takes all the room.
constexpr std::size_t most_claims_at_once = 512;
/// Of one queue, for each attempt that it may have under way: what goes out while a commit runs.
constexpr std::size_t claims_per_slot = 16;
/// Of the names of sinks' queues.
constexpr std::string_view sink_prefix = "sink:";

/// Probes as far apart as the first retries are, so that a breaker does not outlast a short schedule.
BreakerPauses breaker_pauses(const std::vector<base::Duration>& schedule)
{
    BreakerPauses pauses;
    if (schedule.empty())
        return pauses;
    constexpr base::Duration shortest = std::chrono::milliseconds(100);
    pauses.first = std::clamp(2 * schedule.front(), shortest, pauses.longest);
    pauses.longest = std::clamp(std::ranges::max(schedule), pauses.first, pauses.longest);
    return pauses;
}

}  // namespace

Dispatcher::Dispatcher(
    asio::any_io_executor loop, const config::Delivery& settings, Surroundings surroundings
)
    : loop_(loop),
      max_in_flight_(settings.max_in_flight),
      schedules_{.standard = settings.retry_schedule, .rejected = settings.rejected_retry_schedule},
      per_origin_(settings.max_in_flight_per_origin),
      with_(surroundings),
      queues_(most_claims, claims_per_slot),
      jobs_(
          *surroundings.store,
          *surroundings.clock,
          [this] { return outbox_now(); },
          [this](std::span<const store::OriginId> origins) { add_waiting(origins); }
      ),
      workers_(loop),
      wake_pump_(surroundings.clock->make_timer()),
      wake_settler_(surroundings.clock->make_timer()),
      worker_left_(surroundings.clock->make_timer()),
      settled_all_(surroundings.clock->make_timer()),
      sink_ended_(*surroundings.clock),
      started_wall_(surroundings.clock->now()),
      started_steady_(surroundings.clock->steady_now())
{
    take_settings(settings);
}

void Dispatcher::take_settings(const config::Delivery& settings)
{
    attempt_timeout_ = settings.attempt_timeout;
    queues_.set_defaults(
        {.max_in_flight = per_origin_, .max_per_second = settings.max_per_second_per_origin},
        breaker_pauses(settings.retry_schedule),
        with_.clock->steady_now()
    );
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::add_sink(
    const store::SinkRow& row, const config::Sink& settings, std::shared_ptr<sink::Sink> sink
)
{
    Destination& added = destinations_[row.id];
    added.row = row;
    added.settings = settings;
    install(added, std::move(sink));
    arrange(added);
    if (row.paused)
        queues_.pause(row.origin);
    if (added.sink->asks_for_consent())
        queues_.await_allowance(row.origin);
}

void Dispatcher::arrange(Destination& to)
{
    const OriginLimits limits{
        .max_in_flight = to.settings.max_in_flight.value_or(static_cast<unsigned>(per_origin_)),
        .max_per_second = to.settings.max_per_second,
    };
    const std::size_t per_request = to.sink->messages_per_request();
    queues_.configure(to.row.origin, to.row.host, limits, per_request, with_.clock->steady_now());
    to.schedules.standard = to.settings.retry_schedule.value_or(schedules_.standard);
    to.schedules.rejected = to.settings.rejected_retry_schedule.value_or(schedules_.rejected);
}

void Dispatcher::set_task_webhooks(const config::TaskWebhooks& settings, std::shared_ptr<sink::Sink> sink)
{
    Destination& urls = destinations_[store::task_webhook];
    urls.settings.name = "task";
    urls.sink = std::move(sink);
    urls.schedules.standard = settings.retry_schedule.value_or(schedules_.standard);
    urls.schedules.rejected = settings.rejected_retry_schedule.value_or(schedules_.rejected);
}

void Dispatcher::reopen_sinks()
{
    for (auto& [id, destination] : destinations_)
        destination.sink->reopen();
}

asio::awaitable<base::Result<void>> Dispatcher::load()
{
    const base::Result<void> begun = co_await with_.store->start_outbox(outbox_now());
    if (!begun && begun.error() != store::Errc::full)
        co_return begun.error();
    auto backlog = co_await with_.store->backlog();
    if (!backlog)
        co_return backlog.error();
    for (const store::OriginBacklog& origin : *backlog) {
        // What waits for a sink that is not configured stays in the store, in case it comes back.
        const bool of_sink = origin.name.starts_with(sink_prefix);
        if (of_sink && find(std::string_view(origin.name).substr(sink_prefix.size())) == nullptr) {
            spdlog::warn(
                "sink.not_configured: queue={} hint=\"its deliveries wait\"", base::printable(origin.name)
            );
            unconfigured_.insert(origin.origin);
        } else
            queues_.add_backlog(origin.origin, to_steady(origin.next_due));
    }
    for (auto& [id, destination] : destinations_) {
        auto failing = co_await with_.store->meta(store::failing_note("sink/" + destination.name()));
        if (!failing)
            co_return failing.error();
        if (failing->value_or("") == "1")
            destination.health.restore_failing();
    }
    co_return base::Result<void>();
}

asio::awaitable<void> Dispatcher::run()
{
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return;  // too late to pass it on to the loops
    base::TaskGroup loops(loop_);
    running_ = true;
    loops.spawn(pump());
    loops.spawn(settle_outcomes());
    loops.spawn(jobs_.run());
    std::exception_ptr failure;
    try {
        co_await loops.join();
    } catch (...) {
        failure = std::current_exception();
    }
    // The workers use this object's queues, so they are gone before run() is, also when it was cancelled.
    co_await asio::this_coro::throw_if_cancelled(false);
    stopping_ = true;
    workers_.cancel();
    co_await workers_.join();
    running_ = false;
    settled_all_->wake();
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<void> Dispatcher::stop(base::Duration grace)
{
    stopping_ = true;
    const std::vector<store::ClaimedDelivery> queued = queues_.drain();
    for (const store::ClaimedDelivery& delivery : queued)
        give_back(delivery, outbox_now());
    for (auto& [id, destination] : destinations_)
        destination.sink->recall();
    sink_ended_.wake_all();
    co_await wait_for_workers(with_.clock->steady_now() + grace);
    workers_.cancel();
    co_await workers_.join();
    while (running_ && (settling_ || has_news())) {
        wake_settler_->wake();
        co_await settled_all_->wait_until(base::SteadyPoint::max());
    }
}

asio::awaitable<void> Dispatcher::wait_for_workers(base::SteadyPoint deadline)
{
    while (working_ > 0 && with_.clock->steady_now() < deadline)
        co_await worker_left_->wait_until(deadline);
}

std::size_t Dispatcher::free_room() const
{
    const std::size_t room = queues_.room();
    return std::min(most_claims_at_once, room - std::min(room, promised_));
}

store::ClaimPolicy Dispatcher::policy()
{
    store::ClaimPolicy policy;
    policy.now = outbox_now();
    if (!stopping_) {
        policy.room = free_room();
        policy.saturated = queues_.saturated(with_.clock->steady_now());
    }
    promised_ += policy.room;
    return policy;
}

void Dispatcher::accept(
    std::size_t promised,
    std::vector<store::ClaimedDelivery> claimed,
    std::span<const store::OriginId> waiting
)
{
    promised_ -= promised;
    for (store::ClaimedDelivery& delivery : claimed) {
        // One origin may have got more from a single commit than it may hold; the rest is for the others.
        if (stopping_ || unconfigured_.contains(delivery.origin) || queues_.room(delivery.origin) == 0)
            give_back(delivery, outbox_now());
        else
            queues_.push(std::move(delivery));
    }
    for (const store::OriginId origin : waiting)
        note_backlog(origin, with_.clock->steady_now());
    start_workers();
    // What is left waits for the store or for a rate limit.
    if (!waiting.empty() || queues_.size() > queues_.in_flight())
        wake_pump_->wake();
}

void Dispatcher::add_waiting(std::span<const store::OriginId> origins)
{
    for (const store::OriginId origin : origins)
        note_backlog(origin, with_.clock->steady_now());
    wake_pump_->wake();
}

void Dispatcher::send_now(std::span<const store::OriginId> origins)
{
    add_waiting(origins);
    for (const store::OriginId origin : origins)
        if (!unconfigured_.contains(origin))
            queues_.hurry(origin, with_.clock->steady_now());
}

void Dispatcher::note_backlog(store::OriginId queue, base::SteadyPoint due)
{
    if (!unconfigured_.contains(queue))
        queues_.add_backlog(queue, due);
}

bool Dispatcher::has_backlog() const
{
    return queues_.size() > 0 || queues_.has_backlog();
}

asio::awaitable<void> Dispatcher::pump()
{
    for (;;) {
        if (failure_)
            std::rethrow_exception(failure_);
        start_workers();
        if (!claiming_ && !stopping_ && with_.clock->steady_now() >= claim_after_) {
            auto wanted = queues_.claimable(with_.clock->steady_now(), free_room());
            if (!wanted.empty()) {
                claiming_ = true;
                ++pumped_;
                workers_.spawn(claim(std::move(wanted)));
            }
        }
        const base::SteadyPoint soon = with_.clock->steady_now() + base::Duration(1);
        co_await wake_pump_->wait_until(std::max(next_start(), soon));
    }
}

base::SteadyPoint Dispatcher::next_start()
{
    base::SteadyPoint next = base::SteadyPoint::max();
    if (stopping_)
        return next;
    const base::SteadyPoint now = with_.clock->steady_now();
    if (const auto permit = queues_.next_permit(now); permit && working_ < max_in_flight_)
        next = *permit;
    if (claiming_ || free_room() == 0)
        return next;
    if (const auto due = queues_.next_backlog(now))
        next = std::min(next, std::max(*due, claim_after_));
    return next;
}

bool Dispatcher::is_overdue(base::SteadyPoint then)
{
    const base::SteadyPoint now = with_.clock->steady_now();
    const bool works = running_ && !stopping_;
    const bool could_pump = works && (claiming_ || next_start() <= now);
    const bool could_settle = works && (settling_ || has_news());
    const bool could_step = works && jobs_.due() <= now;
    const bool pump = pump_stall_.lasts(could_pump, pumped_, now, then);
    const bool settler = settler_stall_.lasts(could_settle, settled_, now, then);
    const bool jobs = jobs_stall_.lasts(could_step, jobs_.done(), now, then);
    return pump || settler || jobs;
}

void Dispatcher::start_workers()
{
    while (!stopping_ && working_ < max_in_flight_) {
        auto delivery = queues_.pop(with_.clock->steady_now());
        if (!delivery)
            return;
        ++working_;
        ++pumped_;
        const store::OriginId host = queues_.host(delivery->origin);
        workers_.spawn(work(std::move(*delivery), host));
    }
}

asio::awaitable<void> Dispatcher::work(store::ClaimedDelivery delivery, store::OriginId host)
{
    // A stop cuts the attempt short, but not what has to be noted of it.
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        for (;;) {
            const base::SteadyPoint started = with_.clock->steady_now();
            sink::Outcome outcome;
            outcome.cancelled = stopping_;
            if (!stopping_)
                outcome = co_await attempt(delivery);
            // The outcome first: with it the queue has a backlog and is not forgotten.
            conclude(delivery, outcome);
            const base::SteadyPoint now = with_.clock->steady_now();
            const Condition condition = condition_of(outcome);
            const auto opened =
                queues_.finished(delivery.origin, host, condition, started, now, *with_.random);
            if (opened)
                hold_back(*opened);
            if (leaving_.contains(delivery.key.sink) && queues_.is_idle(delivery.origin))
                leaving_.erase(delivery.key.sink);
            sink_ended_.wake_all();
            if (stopping_)
                break;
            auto next = queues_.pop(with_.clock->steady_now());
            if (!next)
                break;
            ++pumped_;
            delivery = std::move(*next);
            host = queues_.host(delivery.origin);
        }
    } catch (...) {
        failure_ = std::current_exception();
    }
    --working_;
    worker_left_->wake();
    wake_pump_->wake();
}

asio::awaitable<sink::Outcome> Dispatcher::attempt(const store::ClaimedDelivery& delivery)
{
    const auto to = destinations_.find(delivery.key.sink);
    if (to == destinations_.end()) {
        sink::Outcome none;
        none.cancelled = true;
        co_return none;
    }
    const store::StoredEvent& event = *delivery.event;
    const std::string trace = task::trace_of_attempt(
        event.traceparent, static_cast<std::int32_t>(delivery.key.sink), delivery.attempts + 1
    );
    const sink::Message message{
        .row = event.row,
        .event_id = event.id,
        .type = event.type,
        .event_time = event.at,
        .provider = event.task.provider,
        .task_id = event.task.id,
        .sequence = event.sequence,
        .body = event.body,
        .upstream_at = event.upstream_at,
        .url = delivery.url,
        .attempt = delivery.attempts + 1,
        .now = with_.clock->now(),
        .event_trace = event.traceparent,
        .trace = trace,
        .tracestate = event.tracestate,
    };
    const std::shared_ptr<sink::Sink> sink = to->second.sink;
    sink::Outcome outcome;
    if (to->second.former.empty())
        outcome = co_await sink->deliver(message);
    else
        outcome = co_await hand_over(sink, to->second.former, message);
    co_return outcome;
}

/// `message` belongs to the caller, who waits.
asio::awaitable<sink::Outcome> Dispatcher::hand_over(
    std::shared_ptr<sink::Sink> sink, Writers::Former former, const sink::Message& message
)
{
    const base::SteadyPoint deadline = with_.clock->steady_now() + attempt_timeout_;
    while (Writers::any_left(former) && !stopping_ && with_.clock->steady_now() < deadline)
        co_await sink_ended_.wait_until(deadline);
    sink::Outcome outcome;
    outcome.cancelled = stopping_;
    if (!stopping_ && Writers::any_left(former)) {
        outcome.error_class = "timeout";
        outcome.detail = "what was being written before the reload has not ended";
    } else if (!stopping_)
        outcome = co_await sink->deliver(message);
    co_return outcome;
}

}  // namespace pollhook::delivery
