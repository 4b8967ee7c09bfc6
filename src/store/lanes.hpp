#pragma once

#include "claims.hpp"
#include "counts.hpp"
#include "pollhook/store/store.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::store {

/// The tables `deliveries` and `attempts`. A lane is what goes from one task to one destination; its
/// deliveries end in the order of their sequence (delivery.md section 3), so only its head, the first that
/// has not ended, can be due or claimed.
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
    Settled settle(const std::vector<Settlement>& batch, base::TimePoint now, const ClaimPolicy& policy);
    void cancel_task_webhook(TaskRow task, const std::string& reason, base::TimePoint now);

    /// After a crash: what was claimed is due again, at once.
    void release_claimed();

private:
    struct Head {
        DeliveryKey key;
        OriginId origin{};
        std::int64_t event = 0;
        std::uint32_t attempts = 0;
        task::EventType type{};
    };

    void settle(const Settlement& settlement, base::TimePoint now, Claims& claims);
    [[nodiscard]] std::optional<Head> find_claimed(const DeliveryKey& key);
    [[nodiscard]] std::optional<Head> next_waiting(const DeliveryKey& after);
    [[nodiscard]] bool was_overtaken(const Head& head);
    /// Why nothing more is sent to the task's own URL; empty: it is open.
    [[nodiscard]] std::string why_gone(const DeliveryKey& key);
    void keep_attempt(const DeliveryKey& key, std::uint32_t number, const Attempt& attempt);
    void end(const Head& head, DeliveryState state, const std::string& reason, base::TimePoint now);
    void promote(const DeliveryKey& ended, base::TimePoint now, Claims& claims);
    void hand_over(const Head& head, Claims& claims);
    std::shared_ptr<const StoredEvent> load(std::int64_t event, Claims& claims);

    Counts& counts_;
    SQLite::Statement supersede_;
    SQLite::Statement has_open_;
    SQLite::Statement insert_;
    SQLite::Statement origins_;
    SQLite::Statement due_;
    SQLite::Statement next_due_;
    SQLite::Statement mark_;
    SQLite::Statement end_;
    SQLite::Statement find_claimed_;
    SQLite::Statement next_waiting_;
    SQLite::Statement overtaken_;
    SQLite::Statement attempt_;
    SQLite::Statement url_;
    SQLite::Statement event_;
    SQLite::Statement gone_;
    SQLite::Statement close_webhook_;
    SQLite::Statement cancel_;
    SQLite::Statement release_;
};

}  // namespace pollhook::store
