#pragma once

#include "pollhook/store/outbox.hpp"
#include "pollhook/task/announcement.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
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

/// Who takes pollhook's own events: the dispatcher. It stores them soon, with deliveries to the sinks that
/// want them. Lives on the loop.
class AnnouncementIntake {
public:
    AnnouncementIntake() = default;
    AnnouncementIntake(const AnnouncementIntake&) = delete;
    AnnouncementIntake& operator=(const AnnouncementIntake&) = delete;
    virtual ~AnnouncementIntake() = default;

    virtual void announce(task::Announcement announcement) = 0;
};

/// The name under which Store::meta() holds `1` from the announcement that a subject is failing to the one
/// that it has recovered, so that the second comes also after a restart.
inline std::string failing_note(std::string_view subject)
{
    return "failing:" + std::string(subject);
}

}  // namespace pollhook::store
