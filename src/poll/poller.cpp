#include "pollhook/poll/poller.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/store/failure.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace pollhook::poll {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

/// So many single tasks refused one after the other are a refusing relay.
constexpr std::uint32_t refused_answers = 3;
constexpr std::size_t load_page = 10'000;

// In seconds. A request is cut off by request_timeout; a task may wait for as long as a relay is down.
constexpr std::array request_bounds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0};
constexpr std::array delay_bounds{
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0
};

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

std::string subject_of(const std::string& provider)
{
    return "provider/" + provider;
}

}  // namespace

Poller::Poller(const config::Provider& settings, Surroundings surroundings)
    : Poller(
          settings,
          std::shared_ptr<provider::Provider>(std::shared_ptr<void>(), surroundings.provider),
          surroundings
      )
{
}

Poller::Poller(
    const config::Provider& settings, std::shared_ptr<provider::Provider> provider, Surroundings surroundings
)
    : name_(settings.name),
      max_in_flight_(settings.max_in_flight),
      poll_interval_(settings.poll_interval),
      rate_(settings.max_requests_per_second),
      lost_time_(settings.lost_after.time),
      with_(surroundings),
      provider_(std::move(provider)),
      scheduler_(pace_of(settings)),
      health_(settings.poll_interval),
      bucket_(
          settings.max_requests_per_second, settings.max_requests_per_second, surroundings.clock->steady_now()
      ),
      wake_up_(surroundings.clock->make_timer()),
      wake_discovery_(surroundings.clock->make_timer()),
      request_times_(request_bounds),
      detection_delays_(delay_bounds)
{
}

asio::awaitable<base::Result<void>> Poller::load()
{
    auto failing = co_await with_.store->meta(store::failing_note(subject_of(name_)));
    if (!failing)
        co_return failing.error();
    announced_failing_ = failing->value_or("") == "1";
    auto pauses = co_await with_.store->meta(Pauses::note_name(name_));
    if (!pauses)
        co_return pauses.error();
    pauses_ = Pauses::parse(pauses->value_or(""));
    paused_at_ = with_.clock->steady_now();
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
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none || closing_)
        co_return;  // too late to pass it on to the looks
    base::TaskGroup looks(co_await asio::this_coro::executor);
    started_ = true;
    running_ = &looks;
    looks.spawn(schedule(looks));
    looks.spawn(discover());
    std::exception_ptr failure;
    try {
        co_await looks.join();
    } catch (...) {
        failure = std::current_exception();
    }
    running_ = nullptr;
    started_ = false;
    if (failure)
        std::rethrow_exception(failure);
}

void Poller::close()
{
    closing_ = true;
    if (running_ != nullptr)
        running_->cancel();
}

void Poller::adopt(Next next)
{
    const base::SteadyPoint now = with_.clock->steady_now();
    const config::Provider& settings = next.settings;
    max_in_flight_ = settings.max_in_flight;
    rate_ = settings.max_requests_per_second;
    lost_time_ = settings.lost_after.time;
    bucket_.set_limits(rate_, rate_, now);
    scheduler_.set_pace(pace_of(settings));
    if (std::exchange(poll_interval_, settings.poll_interval) != settings.poll_interval)
        health_.set_poll_interval(settings.poll_interval);
    if (next.provider) {
        provider_ = std::move(next.provider);
        health_.forgive();
        empty_.end();
        failing_.end();
        refused_ = 0;
    }
    adopt(*next.routing, *next.guard);
    wake_up_->wake();
    wake_discovery_->wake();
}

void Poller::adopt(const Routing& routing, const http::AddressGuard& guard)
{
    with_.routing = &routing;
    with_.guard = &guard;
}

void Poller::set_pauses(Pauses pauses)
{
    const bool was_paused = pauses_.is_paused();
    pauses_ = std::move(pauses);
    if (pauses_.is_paused() == was_paused)
        return;
    if (was_paused) {
        scheduler_.skip_time(paused_at_, with_.clock->steady_now());
        // Nobody knows what the relay would have answered meanwhile.
        empty_.end();
        failing_.end();
        spdlog::info("provider.resumed: provider={}", name_);
    } else {
        paused_at_ = with_.clock->steady_now();
        spdlog::warn("provider.paused: provider={} reason=\"{}\"", name_, base::printable(pauses_.reason()));
    }
    wake_up_->wake();
    wake_discovery_->wake();
}

void Poller::watch(const store::WatchedTask& task)
{
    const base::TimePoint now = with_.clock->now();
    store::WatchedTask known = task;
    // What was paused since does not count as its age.
    known.registered_at += pauses_.within(task.registered_at, now);
    known.changed_at += pauses_.within(task.changed_at, now);
    if (scheduler_.add(known, with_.clock->steady_now(), now))
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
            const std::vector<Slot> batch = scheduler_.take(now, provider_->batch_size());
            if (batch.empty())
                break;
            // Read here, since a slot may change hands before the look begins.
            std::vector<std::string> ids;
            std::vector<Flight> flights;
            ids.reserve(batch.size());
            flights.reserve(batch.size());
            for (const Slot slot : batch) {
                ids.push_back(scheduler_.id(slot));
                flights.push_back({.slot = slot, .row = scheduler_.row(slot), .due = scheduler_.due(slot)});
            }
            bucket_.take(1, now);
            ++looks_;
            ++started_looks_;
            looks.spawn(look(std::move(ids), std::move(flights)));
        }
        co_await wake_up_->wait_until(next_start());
    }
}

bool Poller::is_overdue(base::SteadyPoint then)
{
    const base::SteadyPoint now = with_.clock->steady_now();
    const bool could_start = started_ && !closing_ && next_start() <= now;
    return stall_.lasts(could_start, started_looks_, now, then);
}

std::size_t Poller::looks_allowed() const
{
    return health_.probing() ? 1 : max_in_flight_;
}

bool Poller::may_start()
{
    const base::SteadyPoint now = with_.clock->steady_now();
    return !pauses_.is_paused() && looks_ < looks_allowed() && now >= health_.blocked_until() &&
           bucket_.ready(now);
}

base::SteadyPoint Poller::next_start()
{
    // The end of a look, a registration and a stop wake the scheduler; an idle one sleeps.
    const auto due = scheduler_.next_due(provider_->batch_size());
    if (!due || pauses_.is_paused() || looks_ >= looks_allowed())
        return base::SteadyPoint::max();
    return std::max({*due, health_.blocked_until(), bucket_.next(with_.clock->steady_now())});
}

asio::awaitable<void> Poller::look(std::vector<std::string> ids, std::vector<Flight> flights)
{
    // A stop cuts the request short, but what was learnt is kept and every flight ends.
    co_await asio::this_coro::throw_if_cancelled(false);
    const Asked asked = provider_;
    provider::LookResult result = co_await asked->look(ids);
    if (result.answer.requests > 1)
        bucket_.take(static_cast<double>(result.answer.requests - 1), with_.clock->steady_now());
    suspect(result);
    note(*asked, result);
    note_delays(result, flights);
    co_await apply(asked, std::move(result), std::move(flights));
    --looks_;
    wake_up_->wake();
}

void Poller::note(const provider::Provider& asked, const provider::LookResult& result)
{
    const provider::Answer& answer = result.answer;
    counters_.requests += answer.requests;
    counters_.bytes += answer.bytes;
    counters_.looks += answer.observations.size();
    counters_.malformed += answer.malformed;
    counters_.foreign += answer.foreign;
    if (answer.malformed > 0)
        warn_of_unreadable(answer.malformed_id);
    if (&asked != provider_.get())
        return;
    if (!answer.observations.empty())
        refused_ = 0;

    for (const base::Duration time : answer.request_times)
        request_times_.observe(time);

    const auto& failure = result.failure;
    const std::uint64_t bad = failure && answer.requests > 0 ? 1 : 0;
    counters_.results[0] += answer.requests - bad;
    if (bad > 0)
        counters_.results.at(static_cast<std::size_t>(failure->kind)) += bad;
    if (failure && failure->kind == provider::Errc::cancelled)
        return;
    note_streaks(result);
    if (failure)
        ++counters_.failed_looks;
    const bool one_task_refused =
        failure && failure->kind == provider::Errc::refused && ++refused_ < refused_answers;
    if (!failure || (one_task_refused && !answer.observations.empty())) {
        if (health_.succeeded(with_.clock->steady_now(), with_.clock->now()) ==
            ProviderHealth::Step::recovered)
            spdlog::info("provider.recovered: provider={}", name_);
        announce_recovery();
        return;
    }
    if (one_task_refused)
        return;
    warn(*failure, health_.failed(*failure, with_.clock->steady_now(), *with_.random));
    announce_trouble(failure->detail);
}

void Poller::note_streaks(const provider::LookResult& result)
{
    using provider::Errc;
    const auto& failure = result.failure;
    const base::SteadyPoint now = with_.clock->steady_now();
    const bool shows_tasks = !result.answer.observations.empty();
    if (failure && failure->kind == Errc::suspicious_empty && !shows_tasks)
        empty_.happened(now);
    else
        empty_.end();
    // Whoever refuses the key is there, and tells about the tasks once the key is right.
    if (failure && failure->kind != Errc::unauthorized && !shows_tasks)
        failing_.happened(now);
    else
        failing_.end();
}

void Poller::warn_of_unreadable(std::string_view id)
{
    if (not_readable_.happened(with_.clock->steady_now()) == base::Episode::Line::none)
        return;
    spdlog::warn(
        "provider.item_unreadable: provider={} task={} next=\"{}\"",
        name_,
        id.empty() ? "-" : base::printable(id),
        id.empty() ? "no task that this answer lacks counts as missing; they expire by max_age"
                   : "it keeps its state, and expires by max_age"
    );
}

void Poller::note_delays(const provider::LookResult& result, const std::vector<Flight>& flights)
{
    if (!was_about_tasks(result))
        return;
    const base::SteadyPoint now = with_.clock->steady_now();
    for (const Flight& flight : flights)
        if (flight.due <= now)
            detection_delays_.observe(now - flight.due);
}

void Poller::announce_trouble(std::string_view reason)
{
    constexpr std::uint32_t trouble = 3;
    if (health_.failures_in_a_row() < trouble && !health_.key_refused())
        return;
    if (!std::exchange(announced_failing_, true))
        announce(task::EventType::provider_failing, reason);
}

void Poller::announce_recovery()
{
    if (!health_.probing() && std::exchange(announced_failing_, false))
        announce(task::EventType::provider_recovered, {});
}

void Poller::announce(task::EventType type, std::string_view reason)
{
    boost::json::object facts;
    facts["provider"] = name_;
    if (!reason.empty())
        facts["reason"] = boost::json::string_view(reason.data(), reason.size());
    task::Announcement announcement;
    announcement.type = type;
    announcement.subject = subject_of(name_);
    announcement.members = task::members_of(facts);
    announcement.at = with_.clock->now();
    with_.announcements->announce(std::move(announcement));
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

}  // namespace pollhook::poll
