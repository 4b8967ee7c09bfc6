#pragma once

#include "pollhook/store/outbox.hpp"

#include <cstddef>
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

    /// The room is kept for the operation that it is given to, until accept() is called with what came of it.
    [[nodiscard]] virtual ClaimPolicy policy() = 0;
    /// `promised` is the room of that policy; `waiting` are origins that got deliveries which were not
    /// claimed.
    virtual void accept(
        std::size_t promised, std::vector<ClaimedDelivery> claimed, std::span<const OriginId> waiting
    ) = 0;
};

}  // namespace pollhook::store
