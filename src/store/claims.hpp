#pragma once

#include "pollhook/store/outbox.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pollhook::store {

/// What one operation claims for the dispatcher, within the dispatcher's policy.
class Claims {
public:
    /// `policy` must outlive this.
    explicit Claims(const ClaimPolicy& policy) noexcept : policy_(policy), room_(policy.room) {}

    /// Whether another delivery to `origin` may be claimed; takes the room for it.
    bool take_room(OriginId origin);
    /// When what is left in the store is due.
    [[nodiscard]] base::TimePoint due(base::TimePoint at) const { return policy_.now.value_or(at); }
    void add(ClaimedDelivery delivery) { claimed_.push_back(std::move(delivery)); }
    /// A delivery to `origin` was left in the store.
    void leave(OriginId origin) { waiting_.push_back(origin); }

    /// Deliveries of one event share its body; null when it was not seen before.
    [[nodiscard]] std::shared_ptr<const StoredEvent> event(std::int64_t row) const;
    void remember(std::shared_ptr<const StoredEvent> event);

    [[nodiscard]] std::vector<ClaimedDelivery> take_claimed() { return std::move(claimed_); }
    /// Sorted, each once.
    [[nodiscard]] std::vector<OriginId> take_waiting();

private:
    const ClaimPolicy& policy_;
    std::size_t room_;
    std::vector<ClaimedDelivery> claimed_;
    std::vector<OriginId> waiting_;
    boost::unordered_flat_map<std::int64_t, std::shared_ptr<const StoredEvent>> events_;
};

}  // namespace pollhook::store
