#include "pollhook/http/origin.hpp"
#include "pollhook/poll/poller.hpp"
#include "pollhook/store/failure.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace pollhook::poll {

namespace asio = boost::asio;

asio::awaitable<void> Poller::discover()
{
    while (!provider_->discovers())
        co_await wake_discovery_->wait_until(base::SteadyPoint::max());
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

    base::Timer& timer = *wake_discovery_;
    for (;;) {
        if (!discovers())
            co_await timer.wait_until(base::SteadyPoint::max());
        else if (health_.blocked_until() > with_.clock->steady_now())
            co_await timer.wait_until(health_.blocked_until());
        else
            co_await discover_once(timer);
    }
}

/// `timer` outlives it.
asio::awaitable<void> Poller::discover_once(base::Timer& timer)
{
    const Asked asked = provider_;
    provider::LookResult result = co_await asked->discover();
    // On credit, because looks that are always due would take every token first.
    const double requests = static_cast<double>(result.answer.requests);
    bucket_.take(requests, with_.clock->steady_now());
    const base::Duration half_of_the_rate(static_cast<std::int64_t>(2000.0 * requests / rate_));
    note(*asked, result);
    std::vector<Flight> flights;
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await watch_discovered(*asked, result.answer, flights);
    co_await apply(asked, std::move(result), std::move(flights));
    co_await asio::this_coro::throw_if_cancelled(true);
    const base::SteadyPoint next = with_.clock->steady_now() + std::max(poll_interval_, half_of_the_rate);
    // A reload or a pause wakes it early; the pace holds all the same.
    while (with_.clock->steady_now() < next)
        co_await timer.wait_until(next);
}

asio::awaitable<void> Poller::watch_discovered(
    const provider::Provider& asked, const provider::Answer& answer, std::vector<Flight>& flights
)
{
    constexpr std::size_t most_finished = 10'000;
    if (finished_.size() > most_finished)
        finished_.clear();

    std::vector<store::Registration> batch;
    for (const task::Observation& seen : answer.observations) {
        if (scheduler_.find(seen.id) || finished_.contains(std::string(seen.id)))
            continue;
        const auto snapshot = asked.snapshot(seen.raw);
        if (!snapshot)
            continue;
        // The pages show the account's past too; what ended before anybody watched is no news.
        const auto last_sign = snapshot->finished_at ? snapshot->finished_at : snapshot->submitted_at;
        if (is_terminal(seen.status) && (!last_sign || *last_sign < discovering_since_)) {
            finished_.emplace(seen.id);
            continue;
        }
        store::Registration registration;
        registration.is_over = is_terminal(seen.status);
        registration.key = {.provider = name_, .id = std::string(seen.id)};
        registration.resume = false;  // somebody does not want to know
        if (const auto origin = webhook_origin(snapshot->callback_url)) {
            registration.webhook_url = *snapshot->callback_url;
            registration.webhook_origin = *origin;
        }
        batch.push_back(std::move(registration));
    }
    if (!batch.empty()) {
        auto registered = co_await with_.store->register_tasks(std::move(batch), with_.clock->now());
        if (!registered && registered.error() == store::Errc::full) {
            if (not_discovered_.happened(with_.clock->steady_now()) != base::Episode::Line::none)
                spdlog::warn("discover.paused: provider={} error=\"the store is full\"", name_);
            co_return;
        }
        store::throw_if_failed(registered);
        if (const auto length = not_discovered_.ended(with_.clock->steady_now()))
            spdlog::info(
                "discover.resumed: provider={} after={}",
                name_,
                base::format_duration(std::chrono::floor<std::chrono::seconds>(*length))
            );
        for (const store::Registered& one : *registered) {
            if (one.forgotten || one.stopped ||
                (is_terminal(one.task.known.status) && !one.task.settle_until)) {
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
            flights.push_back({.slot = *slot, .row = scheduler_.row(*slot), .due = base::SteadyPoint::max()});
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
