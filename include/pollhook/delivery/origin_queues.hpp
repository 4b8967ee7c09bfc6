#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/base/token_bucket.hpp"
#include "pollhook/delivery/origin_pace.hpp"
#include "pollhook/store/outbox.hpp"

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pollhook::delivery {

struct OriginLimits {
    std::size_t max_in_flight = 16;
    std::optional<double> max_per_second;
};

/// The claimed deliveries by queue, and whose turn it is: round-robin over the queues that have work and may
/// send, so that a hung receiver holds only its own slots and its own queue. Pure: the caller brings the
/// time.
///
/// A queue is a configured sink's, or that of the origin which tasks' own URLs share. Each one sends to a
/// host, the origin that is really approached: two sinks at one host, and the tasks' URLs there, share its
/// pace. What is learned about a host outlives its work, for the 4096 hosts that were used last.
///
/// Bounded by `most` claims in all and a share of them for each queue; what does not fit waits in the store.
class OriginQueues {
public:
    using OriginId = store::OriginId;

    /// `most`: claims in memory, queued and in flight. `per_slot`: those of one queue, for each attempt that
    /// it may have under way.
    OriginQueues(std::size_t most, std::size_t per_slot) : most_(most), per_slot_(per_slot) {}

    /// Limits of queues and hosts that no sink configures, and the pauses of all breakers. Those of sinks'
    /// queues are up to configure().
    void set_defaults(OriginLimits limits, BreakerPauses pauses, base::SteadyPoint now);
    /// A configured sink's queue; `per_request`: how many deliveries it puts into one request. Again: with
    /// other settings, where attempts that are under way end at the host at which they began.
    void configure(
        OriginId id, OriginId host, OriginLimits limits, std::size_t per_request, base::SteadyPoint now
    );
    /// The queue is no configured sink's any more. What is queued is for the caller to give back; attempts
    /// that are under way end as ever.
    [[nodiscard]] std::vector<store::ClaimedDelivery> remove(OriginId id);
    /// One delivery at a time until set_allowed(): nobody knows yet how fast the receiver wants them.
    void await_allowance(OriginId id);
    /// It is another receiver, or one that is not asked: what was said about the pace is void.
    void forget_allowance(OriginId id);
    /// What the receiver allows, beside the configured limit; empty: it sets none.
    void set_allowed(OriginId id, std::optional<double> per_second, base::SteadyPoint now);
    /// Nothing goes out until resume(); what is queued stays, for the caller to drain.
    void pause(OriginId id);
    void resume(OriginId id, base::SteadyPoint now);

    /// Of a queue that a sink configures or that has a backlog: when its host's breaker is open, the next
    /// probe may start now.
    void hurry(OriginId id, base::SteadyPoint now) { queues_.at(id).pace->hurry(now); }

    void push(store::ClaimedDelivery delivery);
    /// The next delivery in turn that may go out now; empty when there is none. It counts as in flight until
    /// finished().
    [[nodiscard]] std::optional<store::ClaimedDelivery> pop(base::SteadyPoint now);
    /// The host that a queue with work sends to now: where the attempt that begins now will end.
    [[nodiscard]] OriginId host(OriginId id) const { return queues_.at(id).host; }
    /// Whether the queue holds nothing.
    [[nodiscard]] bool is_idle(OriginId id) const;
    /// What a breaker that opens leaves to the caller.
    struct Opened {
        base::SteadyPoint failing_since{};            ///< it was never closed since
        std::vector<store::ClaimedDelivery> waiting;  ///< for the host, to be given back
    };
    /// An attempt of the queue `id` at `host` ended. A value when this made the host's breaker open, also
    /// again.
    [[nodiscard]] std::optional<Opened> finished(
        OriginId id,
        OriginId host,
        Condition condition,
        base::SteadyPoint started_at,
        base::SteadyPoint now,
        base::Random& random
    );
    /// What is queued, to be given back.
    [[nodiscard]] std::vector<store::ClaimedDelivery> drain();
    [[nodiscard]] std::vector<store::ClaimedDelivery> drain(OriginId id);

    /// Claims in memory.
    [[nodiscard]] std::size_t size() const noexcept { return queued_ + in_flight_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t room() const noexcept { return size() >= most_ ? 0 : most_ - size(); }
    /// How many more claims a queue may hold.
    [[nodiscard]] std::size_t room(OriginId id) const;
    /// Queues for which nothing more should be claimed now, sorted.
    [[nodiscard]] std::vector<OriginId> saturated(base::SteadyPoint now) const;
    /// When a rate limit or a breaker next lets something out; empty when none holds anything back.
    [[nodiscard]] std::optional<base::SteadyPoint> next_permit(base::SteadyPoint now);

    /// The store has unclaimed deliveries for the queue `id`, the first one due at `due`; empty: it has none.
    void set_backlog(OriginId id, std::optional<base::SteadyPoint> due);
    /// The store has deliveries for the queue `id` no later than `due`.
    void add_backlog(OriginId id, base::SteadyPoint due);
    /// Queues whose backlog is due and that have run low, with how many to claim; at most `limit` in all, in
    /// even shares. Where those are used up, the next call goes on with the next queue.
    [[nodiscard]] std::vector<std::pair<OriginId, std::size_t>> claimable(
        base::SteadyPoint now, std::size_t limit
    );
    /// The earliest moment at which a backlog that has room becomes due.
    [[nodiscard]] std::optional<base::SteadyPoint> next_backlog(base::SteadyPoint now) const;

    /// Whether the store has unclaimed deliveries for any queue.
    [[nodiscard]] bool has_backlog() const;

    /// What is known of the host that a queue sends to; null when nothing is.
    [[nodiscard]] const OriginPace* pace(OriginId id) const;
    /// How many hosts have a breaker that is not closed.
    [[nodiscard]] std::size_t open_breakers() const;
    [[nodiscard]] std::size_t known_hosts() const noexcept { return hosts_.size(); }

private:
    struct Host {
        explicit Host(OriginPace learned) : pace(learned) {}
        OriginPace pace;
        std::vector<OriginId> queues;   // that send there
        std::vector<OriginId> waiting;  // of these, with work, for a slot; the next one first
        std::optional<std::list<OriginId>::iterator> idle;
    };
    struct Queue {
        std::list<store::ClaimedDelivery> ready;  // a list, because an empty one takes no memory of its own
        OriginId host{};
        OriginPace* pace = nullptr;  // the host's, which lives as long as it has a queue
        OriginLimits limits;
        std::optional<base::TokenBucket> bucket;   // the configured limit
        std::optional<base::TokenBucket> allowed;  // what the receiver allows
        std::size_t in_flight = 0;
        bool in_turn = false;
        bool waits_for_host = false;
        bool configured = false;
        bool paused = false;
        bool awaits_allowance = false;
        std::optional<base::SteadyPoint> backlog;
    };
    using Queues = std::unordered_map<OriginId, Queue>;

    Queue& queue(OriginId id);
    OriginPace& join(OriginId host, OriginId queue, const OriginLimits& limits);
    /// The queues that wait for a slot of the host may have one.
    void wake_waiting(OriginId host);
    /// The most that anybody at the host may have under way.
    [[nodiscard]] std::size_t most_at(const Host& host) const;
    /// Forgets a queue that has nothing, so that strangers' URLs do not fill the memory.
    void forget_if_idle(Queues::iterator entry);
    void leave(OriginId host, OriginId queue);
    std::vector<store::ClaimedDelivery> drain_host(OriginId host);
    void take_queued(Queue& queue, std::vector<store::ClaimedDelivery>& all);
    [[nodiscard]] static std::size_t held(const Queue& queue);
    [[nodiscard]] std::size_t capacity(const Queue& queue) const;
    [[nodiscard]] bool is_low(const Queue& queue) const;
    [[nodiscard]] static std::size_t limit(const Queue& queue);
    [[nodiscard]] static bool has_slot(const Queue& queue);
    [[nodiscard]] static bool rate_permits(Queue& queue, base::SteadyPoint now);
    /// When the host's breaker lets a claim be of use.
    [[nodiscard]] static base::SteadyPoint usable_from(const Queue& queue, base::SteadyPoint due);
    void enter_turn(OriginId id, Queue& queue);

    std::size_t most_;
    std::size_t per_slot_;
    OriginLimits defaults_;
    BreakerPauses breaker_pauses_;
    Queues queues_;
    std::unordered_map<OriginId, Host> hosts_;
    std::list<OriginId> idle_hosts_;  // without queues, the one that was used longest ago first
    std::list<OriginId> turn_;        // queues with work and a free slot, the next one first
    OriginId last_claimed_{};
    std::size_t queued_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace pollhook::delivery
