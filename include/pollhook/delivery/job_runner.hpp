#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/episode.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace pollhook::delivery {

/// Carries out the store's jobs, one step after the other, no faster than each one's rate. A job that a
/// restart interrupted goes on where it was. Lives on the loop.
class JobRunner {
public:
    /// Called with the queues that got deliveries.
    using OnWaiting = std::function<void(std::span<const store::OriginId>)>;
    using OutboxNow = std::function<base::TimePoint()>;

    /// Everything outlives it.
    JobRunner(store::Store& store, base::Clock& clock, OutboxNow outbox_now, OnWaiting on_waiting);

    /// A job was created.
    void wake()
    {
        has_changed_ = true;
        due_ = clock_.steady_now();
        changed_->wake();
    }
    /// When it goes on by itself; past while it is at work.
    [[nodiscard]] base::SteadyPoint due() const noexcept { return due_; }
    /// A count that grows with whatever it does.
    [[nodiscard]] std::uint64_t done() const noexcept { return done_; }
    /// Until cancelled. Throws when a step fails; a store that is full is asked again, and so is one whose
    /// jobs cannot be read.
    [[nodiscard]] boost::asio::awaitable<void> run();

private:
    /// The jobs that are not finished; empty when they could not be read.
    [[nodiscard]] boost::asio::awaitable<std::optional<std::vector<store::Job>>> running();
    /// How long to wait before the job's next step.
    [[nodiscard]] boost::asio::awaitable<base::Duration> step(const store::Job& job);

    store::Store& store_;
    base::Clock& clock_;
    OutboxNow outbox_now_;
    OnWaiting on_waiting_;
    std::unique_ptr<base::Timer> changed_;
    bool has_changed_ = false;
    base::SteadyPoint due_ = base::SteadyPoint::max();
    std::uint64_t done_ = 0;  // lists read and steps made
    base::Episode not_advanced_;
    base::Duration read_pause_{};                           // after a failed read
    std::map<std::int64_t, base::SteadyPoint> next_steps_;  // of running jobs, by id
};

}  // namespace pollhook::delivery
