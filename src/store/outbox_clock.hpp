#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/store/outbox.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

namespace pollhook::store {

/// The time by which deliveries are due: the wall clock at the dispatcher's start, steady from there on. When
/// the wall clock has been set back since the last start, what waits would wait for as much longer; so the
/// last moment is kept in the database, to a second.
class OutboxClock {
public:
    /// `database` must outlive this.
    explicit OutboxClock(SQLite::Database& database);

    /// Keeps the policy's time, when it has one. Within a transaction.
    void note(const ClaimPolicy& policy);
    /// The dispatcher starts at `now`: what was planned by a later clock is planned anew. Within a
    /// transaction.
    void start(base::TimePoint now);

private:
    void keep(base::TimePoint now);

    Statement read_;
    Statement keep_;
    Statement bring_forward_;
    Statement bring_waiting_forward_;
    base::TimePoint noted_{};
};

}  // namespace pollhook::store
