#pragma once

#include "pollers.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>

namespace pollhook::service {

/// What the watchdog asks; all of it outlives it.
struct Watched {
    base::Clock* clock = nullptr;
    store::Store* store = nullptr;
    delivery::Dispatcher* dispatcher = nullptr;
    const Pollers* pollers = nullptr;
    const bool* stopping = nullptr;  ///< a daemon that drains starts nothing any more
};

/// Tells systemd three times in each `interval` that the daemon works, unless a part of it hangs. That it
/// comes to it proves that the loop turns, and the store's answer that its thread does. Until cancelled;
/// throws when the store fails.
[[nodiscard]] boost::asio::awaitable<void> feed_watchdog(Watched watched, base::Duration interval);

}  // namespace pollhook::service
