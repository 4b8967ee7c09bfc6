#pragma once

#include "invariant_findings.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

namespace pollhook::store {

/// I4, I6, I8: what goes to each destination, in its order.
class OutboxInvariants {
public:
    /// `database` and `findings` are the caller's, and outlive this.
    OutboxInvariants(SQLite::Database& database, Findings& findings);
    /// The tasks above `after` up to `last`; to be called within one transaction.
    void check(TaskRow after, TaskRow last);

private:
    struct Lane {
        Place place;  ///< of the last one that was seen
        bool has_open = false;
        bool last_superseded = false;
    };

    void delivery(const Run& row);
    /// Only the first open one of a lane is due; that is also so while it is in flight.
    void open(const Run& row);
    void delivered(const Run& row);
    void superseded(const Run& row);
    void ended(const Run& row);
    void leave_lane();

    Findings& findings_;
    Statement rows_;
    Lane lane_;
};

}  // namespace pollhook::store
