#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/delivery/destination.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/task/announcement.hpp"

#include <string_view>

namespace pollhook::delivery {

/// What pollhook says of its own about a sink: `sink.failing`, `sink.recovered`, `sink.paused`. `reason` is
/// empty for the second.
task::Announcement announcement_of_sink(
    task::EventType type, const Destination& sink, std::string_view reason, base::TimePoint at
);

/// `delivery.dead`, with what it takes to find the delivery and to try it again.
task::Announcement announcement_of_dead(
    const store::ClaimedDelivery& delivery, const Destination& to, std::string_view reason, base::TimePoint at
);

}  // namespace pollhook::delivery
