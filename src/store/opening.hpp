#pragma once

#include "pollhook/store/sqlite_store.hpp"
#include "queries.hpp"
#include "session.hpp"
#include "state_directory.hpp"

#include <memory>

// The parts of a store that are opened at its start. What cannot be opened is a StartError for people.

namespace pollhook::store {

/// Null where a VFS of the caller's holds the files.
std::unique_ptr<StateDirectory> open_directory(const SqliteOptions& options);
/// The connection that writes. On a full disk it gives up the reserve of `directory`: what is there goes on
/// being delivered.
std::unique_ptr<Session> open_session(const SqliteOptions& options, StateDirectory* directory);
/// The connection that reads for people.
std::unique_ptr<Queries> open_queries(const SqliteOptions& options);

}  // namespace pollhook::store
