#pragma once

#include "pollhook/store/outbox.hpp"

#include <span>
#include <vector>

namespace pollhook::store {

/// Who takes the deliveries that a commit claimed: the dispatcher. Whoever records changes asks it for its
/// room before and hands the claims over afterwards, so that a fresh event goes out without another trip to
/// the store. Lives on the loop.
class DeliveryIntake {
public:
    DeliveryIntake() = default;
    DeliveryIntake(const DeliveryIntake&) = delete;
    DeliveryIntake& operator=(const DeliveryIntake&) = delete;
    virtual ~DeliveryIntake() = default;

    /// Room is promised to the operation that it is given to, until accept() is called with what came of it.
    [[nodiscard]] virtual ClaimPolicy policy() = 0;
    /// `waiting`: origins that got deliveries which were not claimed.
    virtual void accept(std::vector<ClaimedDelivery> claimed, std::span<const OriginId> waiting) = 0;
};

}  // namespace pollhook::store
