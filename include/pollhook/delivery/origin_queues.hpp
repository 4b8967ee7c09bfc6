#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/base/token_bucket.hpp"
#include "pollhook/store/outbox.hpp"

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

namespace pollhook::delivery {

/// The limits of one origin.
struct OriginLimits {
    std::size_t max_in_flight = 16;
    std::optional<double> max_per_second;
};

/// The claimed deliveries by origin, and whose turn it is: round-robin over the origins that have work and a
/// free slot, so that a hung receiver holds only its own slots and its own queue. Pure: the caller brings the
/// time. Bounded by `most` claims in all and a few batches for each origin; what does not fit waits in the
/// store.
class OriginQueues {
public:
    /// `most`: claims in memory, queued and in flight.
    explicit OriginQueues(std::size_t most) : most_(most) {}

    /// Limits of a configured sink's origin; others have the defaults.
    void set_default_limits(OriginLimits limits) { defaults_ = limits; }
    void set_limits(store::OriginId origin, OriginLimits limits, base::SteadyPoint now);

    void push(store::ClaimedDelivery delivery);
    /// The next delivery in turn that may go out now; empty when there is none. It counts as in flight until
    /// finished().
    [[nodiscard]] std::optional<store::ClaimedDelivery> pop(base::SteadyPoint now);
    void finished(store::OriginId origin);
    /// Everything that is queued, to be given back.
    [[nodiscard]] std::vector<store::ClaimedDelivery> drain();

    /// Claims in memory.
    [[nodiscard]] std::size_t size() const noexcept { return queued_ + in_flight_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t room() const noexcept { return size() >= most_ ? 0 : most_ - size(); }
    /// How many more claims an origin may hold.
    [[nodiscard]] std::size_t room(store::OriginId origin) const;
    /// Origins with no room, sorted.
    [[nodiscard]] std::vector<store::OriginId> saturated() const;
    /// When a rate limit next lets something out; empty when none holds anything back.
    [[nodiscard]] std::optional<base::SteadyPoint> next_token(base::SteadyPoint now);

    /// The store has unclaimed deliveries for `origin`, the first one due at `due`; empty: it has none.
    void set_backlog(store::OriginId origin, std::optional<base::TimePoint> due);
    /// The store has deliveries for `origin` no later than `due`.
    void add_backlog(store::OriginId origin, base::TimePoint due);
    /// Origins whose backlog is due and that have run low, with how many to claim; at most `limit` in all, in
    /// even shares. Where those are used up, the next call goes on with the next origin.
    [[nodiscard]] std::vector<std::pair<store::OriginId, std::size_t>> claimable(
        base::TimePoint now, std::size_t limit
    );
    /// The earliest moment at which a backlog that has room becomes due.
    [[nodiscard]] std::optional<base::TimePoint> next_backlog() const;

private:
    struct Queue {
        std::list<store::ClaimedDelivery> ready;  // a list, because an empty one takes no memory of its own
        OriginLimits limits;
        std::optional<base::TokenBucket> bucket;
        std::size_t in_flight = 0;
        bool in_turn = false;
        bool configured = false;
        std::optional<base::TimePoint> backlog;
    };
    using Queues = std::unordered_map<store::OriginId, Queue>;

    Queue& queue(store::OriginId origin);
    /// Forgets an origin that has nothing, so that strangers' URLs do not fill the memory.
    void forget_if_idle(Queues::iterator entry);
    [[nodiscard]] static std::size_t held(const Queue& queue);
    [[nodiscard]] static std::size_t capacity(const OriginLimits& limits);
    [[nodiscard]] static bool is_low(const Queue& queue);
    void enter_turn(store::OriginId origin, Queue& queue);

    std::size_t most_;
    OriginLimits defaults_;
    Queues queues_;
    std::list<store::OriginId> turn_;  // origins with queued work and a free slot, the next one first
    store::OriginId last_claimed_{};
    std::size_t queued_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace pollhook::delivery
