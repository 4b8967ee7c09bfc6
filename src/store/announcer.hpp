#pragma once

#include "claims.hpp"
#include "counts.hpp"
#include "lanes.hpp"
#include "pollhook/store/store.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <vector>

namespace pollhook::store {

/// Stores pollhook's own events. A subject is a row of `tasks` without a provider, ended when its last event
/// happened; so its lanes, its pruning and the queries are those of any task.
class Announcer {
public:
    /// All must outlive this.
    Announcer(SQLite::Database& database, Counts& counts, Lanes& lanes);

    void announce(const std::vector<Announcing>& batch, Claims& claims);

private:
    void announce(const Announcing& announcing, Claims& claims);

    SQLite::Database& database_;
    Counts& counts_;
    Lanes& lanes_;
    Statement advance_;
    Statement event_;
};

}  // namespace pollhook::store
