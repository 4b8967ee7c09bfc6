#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>

/// What the daemon does for its store now and then. Each runs until cancelled, and throws when the store
/// fails; one that is full is asked again. What they refer to outlives them.
namespace pollhook::service {

/// Deletes what is older than `retention`, which a reload may change, in small steps.
[[nodiscard]] boost::asio::awaitable<void> keep_retention(
    base::Clock& clock, store::Store& store, const base::Duration& retention
);

/// Notes the time of the outbox, so that a restart after the wall clock was set back makes no retry late.
[[nodiscard]] boost::asio::awaitable<void> keep_outbox_time(
    base::Clock& clock, store::Store& store, const delivery::Dispatcher& dispatcher
);
/// Once, now.
[[nodiscard]] boost::asio::awaitable<void> note_outbox_time(
    store::Store& store, const delivery::Dispatcher& dispatcher
);

}  // namespace pollhook::service
