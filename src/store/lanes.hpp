#pragma once

#include "claims.hpp"
#include "counts.hpp"
#include "in_flight.hpp"
#include "pollhook/store/store.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::store {

/// The tables `deliveries` and `attempts`. A lane is what goes from one task to one destination; its
/// deliveries end in the order of their sequence (docs/delivery.md), so only its head, the first that
/// has not ended, is due. Which are in flight is in memory only.
class Lanes {
public:
    /// Both must outlive this.
    Lanes(SQLite::Database& database, Counts& counts);

    struct NewDelivery {
        DeliveryKey key;
        OriginId origin{};
        std::int64_t event = 0;  ///< row
        task::EventType type{};
        bool latest = false;  ///< the destination's order: supersedes what waits
        base::TimePoint at{};
    };
    /// Whether it was claimed: the caller then hands it to the dispatcher.
    bool add(const NewDelivery& delivery, Claims& claims);
    /// Adds a delivery that ended before it began.
    void add_cancelled(const NewDelivery& delivery, const std::string& reason);

    std::vector<OriginBacklog> backlog();
    Claimed claim(const std::vector<ClaimRequest>& requests, base::TimePoint now);
    void settle(const std::vector<Settlement>& batch, base::TimePoint now, Claims& claims);
    void cancel_task_webhook(TaskRow task, const std::string& reason, base::TimePoint now);

    struct Reopened {
        Reopening result{};
        OriginId origin{};
    };
    /// A delivery that has ended is pending again; it is due when it is the first of its lane that is open,
    /// and what was due there waits for it.
    Reopened reopen_ended(const DeliveryKey& key, base::TimePoint now);
    /// Also makes a head that waits for its time due now.
    Reopening reopen(const DeliveryKey& key, base::TimePoint now);
    /// Adds a delivery wherever it belongs in its lane; it waits or is due like one that was re-opened.
    void add_late(const NewDelivery& delivery, base::TimePoint now);
    /// Ends what waits for sinks that are not configured, of events before `before`; looks at no more than
    /// `limit` lanes of each sink. How many deliveries were ended.
    int cancel_unconfigured(base::TimePoint before, std::size_t limit, base::TimePoint now);

    [[nodiscard]] InFlight& in_flight() noexcept { return in_flight_; }

private:
    /// A delivery that waits.
    struct Waiting {
        DeliveryKey key;
        OriginId origin{};
        std::int64_t event = 0;
        std::uint32_t attempts = 0;
        std::uint32_t attempts_before = 0;  // the last re-opening
        std::uint32_t rejected = 0;         // since then
        task::EventType type{};
        std::optional<base::TimePoint> due;         // of the head of its lane
        std::optional<base::TimePoint> not_before;  // its next attempt, when it is not the head
    };

    void settle(const Settlement& settlement, base::TimePoint now, Claims& claims);
    [[nodiscard]] std::optional<Waiting> first_open(const LaneKey& lane);
    [[nodiscard]] std::uint32_t sequence_in_flight(const LaneKey& lane) const;
    [[nodiscard]] bool must_let_pass(const DeliveryKey& key);
    void take_place(const DeliveryKey& key, base::TimePoint now);
    void insert(const NewDelivery& delivery, DeliveryState state, std::optional<base::TimePoint> due);
    int cancel_lane(const LaneKey& lane, base::TimePoint before, base::TimePoint now);
    [[nodiscard]] bool was_overtaken(const DeliveryKey& key, task::EventType type);
    /// Why nothing more is sent to the task's own URL; empty: it is open.
    [[nodiscard]] std::string why_gone(const DeliveryKey& key);
    void keep_attempt(const DeliveryKey& key, std::uint32_t number, const Attempt& attempt);
    void end(
        const DeliveryKey& key,
        std::uint32_t attempts,
        const Settlement& settlement,
        DeliveryState state,
        const std::string& reason,
        base::TimePoint now
    );
    void move_on(const LaneKey& lane, base::TimePoint now, Claims& claims);
    void hand_over(const Waiting& next, Claims& claims);

    Counts& counts_;
    InFlight in_flight_;
    Statement supersede_;
    Statement insert_;
    Statement origins_;
    Statement due_;
    Statement next_due_;
    Statement wait_;
    Statement end_;
    Statement first_open_;
    Statement next_open_;
    Statement waits_below_;
    Statement set_aside_;
    Statement overtaken_;
    Statement attempt_;
    Statement event_;
    Statement gone_;
    Statement close_webhook_;
    Statement cancel_;
    Statement find_;
    Statement reopen_;
    Statement reopen_webhook_;
    Statement make_due_;
    Statement hurry_;
    Statement unconfigured_;
    Statement old_heads_;
    Statement cancel_lane_;
};

}  // namespace pollhook::store
