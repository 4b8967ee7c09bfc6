#include "pollhook/config/events.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/store/failure.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <optional>
#include <utility>

namespace pollhook::delivery {

namespace asio = boost::asio;

namespace {

/// Between two tries to write into a store that is full.
constexpr base::Duration full_pause = std::chrono::seconds(1);

}  // namespace

void Dispatcher::give_back(const store::ClaimedDelivery& delivery, base::TimePoint due)
{
    add_outcome(delivery, {.key = delivery.key, .due = due});
}

void Dispatcher::add_outcome(const store::ClaimedDelivery& delivery, store::Settlement settlement)
{
    outcomes_.push_back(std::move(settlement));
    outcome_origins_.push_back(delivery.origin);
    wake_settler_->wake();
}

asio::awaitable<void> Dispatcher::settle_outcomes()
{
    for (;;) {
        if (!has_news()) {
            settled_all_->wake();
            co_await wake_settler_->wait_until(base::SteadyPoint::max());
            continue;
        }
        settling_ = true;
        ++settled_;
        co_await settle_batch();
        ++settled_;
        settling_ = false;
    }
}

asio::awaitable<void> Dispatcher::settle_batch()
{
    // Taken before anything is waited for: later outcomes belong to the next batch.
    const std::vector<store::Settlement> batch = std::exchange(outcomes_, {});
    const std::vector<store::OriginId> origins = std::exchange(outcome_origins_, {});
    const std::vector<task::Announcement> announcements = std::exchange(announcements_, {});
    // First, so that the settlement does not hand out the next delivery to a URL that wants nothing more.
    base::Result<void> closed = co_await close_gone_webhooks();
    if (closed)
        closed = co_await pause_closed_sinks();
    base::error_code failure = closed ? base::error_code() : closed.error();
    if (!failure) {
        const store::ClaimPolicy claims = policy();
        std::vector<store::Announcing> announcing = addressed(announcements);
        auto settled = co_await with_.store->settle(batch, std::move(announcing), with_.clock->now(), claims);
        if (settled) {
            if (const auto length = not_settled_.ended(with_.clock->steady_now()))
                spdlog::info(
                    "delivery.settled_again: after={}",
                    base::format_duration(std::chrono::floor<std::chrono::seconds>(*length))
                );
            for (std::size_t i = 0; i < batch.size(); ++i)
                if (batch[i].state == store::DeliveryState::pending)
                    note_backlog(origins[i], to_steady(batch[i].due));
            accept(claims.room, std::move(settled->claimed), settled->waiting);
            // After the announcement is stored: one that comes twice is better than one that is lost.
            const base::Result<void> noted = co_await note_troubles(announcements);
            if (!noted && noted.error() != store::Errc::full)
                throw store::Failure(noted.error());
            // There is room again, whatever the workers are busy with, and some of these are due again.
            wake_pump_->wake();
            co_return;
        }
        accept(claims.room, {}, {});
        failure = settled.error();
    }
    if (failure != store::Errc::full)
        throw store::Failure(failure);
    if (stopping_) {
        spdlog::error(
            "delivery.not_settled: outcomes={} error=\"the store is full\" next=\"sent again after the "
            "start\"",
            batch.size()
        );
        gone_.clear();
        paused_.clear();
        co_return;
    }
    if (not_settled_.happened(with_.clock->steady_now()) != base::Episode::Line::none)
        spdlog::error("delivery.not_settled: outcomes={} error=\"the store is full\"", batch.size());
    outcomes_.insert(outcomes_.begin(), batch.begin(), batch.end());
    outcome_origins_.insert(outcome_origins_.begin(), origins.begin(), origins.end());
    announcements_.insert(announcements_.begin(), announcements.begin(), announcements.end());
    co_await with_.clock->sleep_for(full_pause);
}

asio::awaitable<base::Result<void>> Dispatcher::close_gone_webhooks()
{
    while (!gone_.empty()) {
        Gone gone = std::move(gone_.back());
        gone_.pop_back();
        auto cancelled =
            co_await with_.store->cancel_task_webhook(gone.task, gone.reason, with_.clock->now());
        if (!cancelled) {
            gone_.push_back(std::move(gone));
            co_return cancelled.error();
        }
    }
    co_return base::Result<void>();
}

asio::awaitable<base::Result<void>> Dispatcher::pause_closed_sinks()
{
    while (!paused_.empty()) {
        Closed closed = std::move(paused_.back());
        paused_.pop_back();
        if (const Destination* const to = find(closed.sink); to != nullptr && !to->row.paused)
            continue;  // resumed meanwhile
        const base::Result<void> stored =
            co_await with_.store->pause_sink(closed.sink, closed.reason, with_.clock->now());
        if (!stored) {
            paused_.push_back(std::move(closed));
            co_return stored.error();
        }
        // The store has the last word: a resume that it carried out before this may have ended meanwhile.
        if (Destination* const to = find(closed.sink); to != nullptr && !to->row.paused)
            hold(*to, closed.reason);
    }
    co_return base::Result<void>();
}

/// `announcements` belongs to settle_batch(), which waits.
asio::awaitable<base::Result<void>> Dispatcher::note_troubles(
    const std::vector<task::Announcement>& announcements
) const
{
    using Type = task::EventType;
    for (const task::Announcement& announcement : announcements) {
        const Type type = announcement.type;
        const bool begins = type == Type::sink_failing || type == Type::provider_failing;
        const bool ends = type == Type::sink_recovered || type == Type::provider_recovered;
        if (!begins && !ends)
            continue;
        const base::Result<void> stored =
            co_await with_.store->set_meta(store::failing_note(announcement.subject), begins ? "1" : "0");
        if (!stored)
            co_return stored.error();
    }
    co_return base::Result<void>();
}

bool Dispatcher::has_news() const noexcept
{
    return !outcomes_.empty() || !announcements_.empty() || !gone_.empty() || !paused_.empty();
}

void Dispatcher::announce(task::Announcement announcement)
{
    announcements_.push_back(std::move(announcement));
    wake_settler_->wake();
}

std::vector<store::Announcing> Dispatcher::addressed(const std::vector<task::Announcement>& all) const
{
    std::vector<store::Announcing> announcing;
    announcing.reserve(all.size());
    for (const task::Announcement& announcement : all) {
        store::Announcing& added = announcing.emplace_back();
        added.announcement = announcement;
        for (const auto& [id, to] : destinations_) {
            // A sink in trouble is the last one to tell about it.
            const bool is_about_it = announcement.subject == "sink/" + to.name();
            if (!to.is_task_webhook() && to.settings.enabled && !is_about_it &&
                config::event_matches(to.settings.events, name(announcement.type)))
                added.sinks.push_back(to.row);
        }
    }
    return announcing;
}

asio::awaitable<void> Dispatcher::claim(std::vector<std::pair<store::OriginId, std::size_t>> wanted)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    std::vector<store::ClaimRequest> requests;
    std::size_t promised = 0;
    requests.reserve(wanted.size());
    for (const auto& [origin, limit] : wanted) {
        requests.push_back({.origin = origin, .limit = limit});
        promised += limit;
    }
    promised_ += promised;
    auto claimed = co_await with_.store->claim(std::move(requests), outbox_now());
    claiming_ = false;
    ++pumped_;
    if (claimed) {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const std::optional<base::TimePoint> due = claimed->next_due.at(i);
            if (!unconfigured_.contains(wanted[i].first))
                queues_.set_backlog(wanted[i].first, due ? std::optional(to_steady(*due)) : std::nullopt);
        }
        accept(promised, std::move(claimed->claimed), {});
    } else {
        promised_ -= promised;
        claim_after_ = with_.clock->steady_now() + full_pause;
        if (claimed.error() != store::Errc::full)
            failure_ = std::make_exception_ptr(store::Failure(claimed.error()));
    }
    wake_pump_->wake();
}

}  // namespace pollhook::delivery
