#include "pollhook/delivery/dispatcher.hpp"

#include "pollhook/base/text.hpp"

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

}  // namespace

Dispatcher::Dispatcher(
    asio::any_io_executor loop, const config::Delivery& settings, Surroundings surroundings
)
    : loop_(loop),
      max_in_flight_(settings.max_in_flight),
      schedule_(settings.retry_schedule),
      per_origin_(settings.max_in_flight_per_origin),
      with_(surroundings),
      queues_(most_claims),
      workers_(loop),
      wake_pump_(surroundings.clock->make_timer()),
      wake_settler_(surroundings.clock->make_timer()),
      worker_left_(surroundings.clock->make_timer()),
      settled_all_(surroundings.clock->make_timer()),
      started_wall_(surroundings.clock->now()),
      started_steady_(surroundings.clock->steady_now())
{
    queues_.set_default_limits({.max_in_flight = per_origin_, .max_per_second = std::nullopt});
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::add_sink(store::SinkRow row, const config::Sink& settings, std::unique_ptr<sink::Sink> sink)
{
    const OriginLimits limits{
        .max_in_flight = settings.max_in_flight.value_or(static_cast<unsigned>(per_origin_)),
        .max_per_second = settings.max_per_second,
    };
    queues_.set_limits(row.origin, limits, with_.clock->steady_now());
    destinations_[row.id] = {
        .name = settings.name,
        .sink = std::move(sink),
        .schedule = settings.retry_schedule.value_or(schedule_),
    };
}

void Dispatcher::set_task_webhooks(std::unique_ptr<sink::Sink> sink)
{
    destinations_[store::task_webhook] = {.name = "task", .sink = std::move(sink), .schedule = schedule_};
}

void Dispatcher::reopen_sinks()
{
    for (auto& [id, destination] : destinations_)
        destination.sink->reopen();
}

asio::awaitable<base::Result<void>> Dispatcher::load()
{
    auto backlog = co_await with_.store->backlog();
    if (!backlog)
        co_return backlog.error();
    for (const store::OriginBacklog& origin : *backlog)
        queues_.add_backlog(origin.origin, origin.next_due);
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
    co_await wait_for_workers(with_.clock->steady_now() + grace);
    workers_.cancel();
    co_await workers_.join();
    while (running_ && (settling_ || !outcomes_.empty())) {
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
        policy.saturated = queues_.saturated();
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
        if (stopping_ || queues_.room(delivery.origin) == 0)
            give_back(delivery, outbox_now());
        else
            queues_.push(std::move(delivery));
    }
    for (const store::OriginId origin : waiting)
        queues_.add_backlog(origin, outbox_now());
    start_workers();
    // What is left waits for the store or for a rate limit.
    if (!waiting.empty() || queues_.size() > queues_.in_flight())
        wake_pump_->wake();
}

asio::awaitable<void> Dispatcher::pump()
{
    for (;;) {
        if (failure_)
            std::rethrow_exception(failure_);
        start_workers();
        if (!claiming_ && !stopping_ && with_.clock->steady_now() >= claim_after_) {
            auto wanted = queues_.claimable(outbox_now(), free_room());
            if (!wanted.empty()) {
                claiming_ = true;
                workers_.spawn(claim(std::move(wanted)));
            }
        }
        co_await wake_pump_->wait_until(next_wake());
    }
}

base::SteadyPoint Dispatcher::next_wake()
{
    base::SteadyPoint next = base::SteadyPoint::max();
    if (stopping_)
        return next;
    const base::SteadyPoint soon = with_.clock->steady_now() + base::Duration(1);
    if (const auto token = queues_.next_token(with_.clock->steady_now()); token && working_ < max_in_flight_)
        next = std::max(*token, soon);
    if (const auto due = queues_.next_backlog(); due && !claiming_ && free_room() > 0) {
        const base::SteadyPoint then = started_steady_ + (*due - started_wall_);
        next = std::min(next, std::max({then, claim_after_, soon}));
    }
    return next;
}

void Dispatcher::start_workers()
{
    while (!stopping_ && working_ < max_in_flight_) {
        auto delivery = queues_.pop(with_.clock->steady_now());
        if (!delivery)
            return;
        ++working_;
        workers_.spawn(work(std::move(*delivery)));
    }
}

asio::awaitable<void> Dispatcher::work(store::ClaimedDelivery delivery)
{
    // A stop cuts the attempt short, but not what has to be noted of it.
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        for (;;) {
            if (stopping_)
                give_back(delivery, outbox_now());
            else
                co_await attempt(delivery);
            queues_.finished(delivery.origin);
            if (stopping_)
                break;
            auto next = queues_.pop(with_.clock->steady_now());
            if (!next)
                break;
            delivery = std::move(*next);
        }
    } catch (...) {
        failure_ = std::current_exception();
    }
    --working_;
    worker_left_->wake();
    wake_pump_->wake();
}

asio::awaitable<void> Dispatcher::attempt(const store::ClaimedDelivery& delivery)
{
    const auto to = destinations_.find(delivery.key.sink);
    if (to == destinations_.end()) {
        // The sink is no longer configured: its deliveries wait, a day at a time, in case it comes back.
        give_back(delivery, outbox_now() + std::chrono::days(1));
        co_return;
    }
    const store::StoredEvent& event = *delivery.event;
    const sink::Message message{
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
    };
    const sink::Outcome outcome = co_await to->second.sink->deliver(message);
    conclude(delivery, outcome);
}

void Dispatcher::conclude(const store::ClaimedDelivery& delivery, const sink::Outcome& outcome)
{
    if (outcome.cancelled) {
        give_back(delivery, outbox_now());
        return;
    }
    const Destination& to = destinations_.at(delivery.key.sink);
    const Decision decision = decide(outcome, delivery.attempts + 1, to.schedule, *with_.random);
    note_outcome(delivery, to, decision);

    store::Settlement settlement{.key = delivery.key};
    settlement.attempt = attempt_record(outcome, decision, with_.clock->now());
    using Kind = Decision::Kind;
    switch (decision.kind) {
        case Kind::delivered: settlement.state = store::DeliveryState::delivered; break;
        case Kind::retry:
            settlement.state = store::DeliveryState::pending;
            settlement.due = outbox_now() + decision.pause;
            break;
        case Kind::gone:
            if (delivery.key.sink == store::task_webhook)
                gone_.push_back({.task = delivery.key.task, .reason = "HTTP 410 Gone"});
            [[fallthrough]];
        case Kind::dead:
            settlement.state = store::DeliveryState::dead;
            settlement.reason = decision.text;
            break;
    }
    add_outcome(delivery, std::move(settlement));
}

void Dispatcher::note_outcome(
    const store::ClaimedDelivery& delivery, const Destination& to, const Decision& decision
)
{
    using Kind = Decision::Kind;
    ++counters_.attempts;
    const auto log = [&](spdlog::level::level_enum level, std::string_view what) {
        spdlog::log(
            level,
            "{}: sink={} delivery={} provider={} task={} event={} attempt={} decision=\"{}\"",
            what,
            to.name,
            delivery.key.text(),
            delivery.event->task.provider,
            delivery.event->task.id,
            name(delivery.event->type),
            delivery.attempts + 1,
            base::printable(decision.text)
        );
    };
    if (decision.kind == Kind::delivered) {
        ++counters_.delivered;
        log(spdlog::level::debug, "delivery.delivered");
        if (failing_.erase(delivery.origin) > 0)
            log(spdlog::level::info, "delivery.recovered");
        return;
    }
    ++counters_.failed;
    if (decision.kind != Kind::retry) {
        ++counters_.dead;
        log(spdlog::level::err, "delivery.dead");
        return;
    }
    // A receiver that is down fails thousands of times; the first one is news.
    constexpr std::size_t most_failing = 10'000;
    const bool first = failing_.size() < most_failing && failing_.insert(delivery.origin).second;
    log(first ? spdlog::level::warn : spdlog::level::debug, "delivery.failing");
}

base::TimePoint Dispatcher::outbox_now() const
{
    return started_wall_ + (with_.clock->steady_now() - started_steady_);
}

}  // namespace pollhook::delivery
