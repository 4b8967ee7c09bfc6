#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/store/failure.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

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
        if (outcomes_.empty()) {
            settled_all_->wake();
            co_await wake_settler_->wait_until(base::SteadyPoint::max());
            continue;
        }
        settling_ = true;
        co_await settle_batch();
        settling_ = false;
    }
}

asio::awaitable<void> Dispatcher::settle_batch()
{
    // Taken before anything is waited for: later outcomes belong to the next batch.
    const std::vector<store::Settlement> batch = std::exchange(outcomes_, {});
    const std::vector<store::OriginId> origins = std::exchange(outcome_origins_, {});
    // First, so that the settlement does not hand out the next delivery to a URL that wants nothing more.
    base::Result<void> closed = co_await close_gone_webhooks();
    base::error_code failure = closed ? base::error_code() : closed.error();
    if (!failure) {
        const store::ClaimPolicy claims = policy();
        auto settled = co_await with_.store->settle(batch, with_.clock->now(), claims);
        if (settled) {
            for (std::size_t i = 0; i < batch.size(); ++i)
                if (batch[i].state == store::DeliveryState::pending)
                    queues_.add_backlog(origins[i], batch[i].due);
            accept(claims.room, std::move(settled->claimed), settled->waiting);
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
        co_return;
    }
    spdlog::error("delivery.not_settled: outcomes={} error=\"the store is full\"", batch.size());
    outcomes_.insert(outcomes_.begin(), batch.begin(), batch.end());
    outcome_origins_.insert(outcome_origins_.begin(), origins.begin(), origins.end());
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
    if (claimed) {
        for (std::size_t i = 0; i < wanted.size(); ++i)
            queues_.set_backlog(wanted[i].first, claimed->next_due.at(i));
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
