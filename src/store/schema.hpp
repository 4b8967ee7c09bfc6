#pragma once

#include <SQLiteCpp/Database.h>

#include <functional>
#include <span>

namespace pollhook::store {

/// The steps that lead from an empty database to today's schema: step N makes version N out of version N - 1.
/// A released step is never changed; what is new is a new step.
std::span<const char* const> schema_steps() noexcept;

/// Throws StartError when the database is newer than `steps` or is not pollhook's; reads only.
void check_version(SQLite::Database& database, std::span<const char* const> steps);

/// Brings `database` to the version of the last of `steps`, one transaction each. `backup` is called with the
/// version before each step that changes a database with content. Throws like check_version().
void migrate(
    SQLite::Database& database, std::span<const char* const> steps, const std::function<void(int)>& backup
);

}  // namespace pollhook::store
