#pragma once

#include "disk.hpp"
#include "timeline.hpp"

#include <SQLiteCpp/Database.h>

#include <string>

namespace pollhook::simulation {

/// What is deleted from the daemon's database is kept in tables beside it, by triggers: in the transaction
/// that deletes it, with the wall clock's time. So the checks know what retention took and what was lost, and
/// a crash that takes a deletion back takes back the copy too.
///
/// `open_archive` makes these tables; no process may run. False: there is no database yet.
bool open_archive(Disk& disk, const Timeline& timeline);

/// For FROM: the rows of a table of the daemon's, also those that were deleted, with one column more:
/// `deleted_at`, which is null for those that are there.
std::string with_archive(SQLite::Database& database, const std::string& table);

}  // namespace pollhook::simulation
