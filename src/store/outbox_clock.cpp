#include "outbox_clock.hpp"

#include <algorithm>
#include <chrono>

namespace pollhook::store {

OutboxClock::OutboxClock(SQLite::Database& database)
    : read_(database, "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'outbox_clock'"),
      keep_(
          database,
          "INSERT INTO meta (name, value) VALUES ('outbox_clock', ?1) "
          "ON CONFLICT (name) DO UPDATE SET value = ?1"
      ),
      bring_forward_(database, "UPDATE deliveries SET due = max(?1, due - ?2) WHERE due > ?1"),
      bring_waiting_forward_(
          database, "UPDATE deliveries SET not_before = max(?1, not_before - ?2) WHERE not_before > ?1"
      )
{
}

void OutboxClock::note(const ClaimPolicy& policy)
{
    constexpr base::Duration precision = std::chrono::seconds(1);
    if (policy.now && *policy.now >= noted_ + precision)
        keep(*policy.now);
}

void OutboxClock::start(base::TimePoint now)
{
    base::TimePoint last = now;
    if (Run row(read_); row.next())
        last = row.time(0);
    if (last > now) {
        execute(bring_forward_, now, last - now);
        execute(bring_waiting_forward_, now, last - now);
    }
    keep(now);
}

/// Should its transaction be rolled back, the next second keeps it again.
void OutboxClock::keep(base::TimePoint now)
{
    execute(keep_, now);
    noted_ = now;
}

}  // namespace pollhook::store
