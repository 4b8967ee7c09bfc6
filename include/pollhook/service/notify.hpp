#pragma once

#include "pollhook/base/time.hpp"

#include <optional>
#include <string_view>

namespace pollhook::service {

/// Tells systemd about the service's state (sd_notify(3)): `READY=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=…`.
/// Does nothing when NOTIFY_SOCKET is not set. Never blocks and never fails: a lost message is systemd's to
/// notice.
void notify(std::string_view state);

/// `RELOADING=1` with the time that systemd asks for (MONOTONIC_USEC); `READY=1` ends it.
void notify_reloading();

/// How often systemd wants `WATCHDOG=1` at least (WATCHDOG_USEC, for this process); empty when it does not
/// watch us.
std::optional<base::Duration> watchdog_interval();

}  // namespace pollhook::service
