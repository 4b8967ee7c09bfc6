#pragma once

#include <memory>
#include <string>

struct sqlite3_vfs;

namespace pollhook::store {

/// A SQLite VFS that hands the write-ahead log to the system in one piece for each commit. SQLite writes each
/// page of it in two pieces, and what the system does for a piece costs more than copying it: a third of the
/// writing thread's time.
///
/// Only for the connection that writes, and only with synchronous = FULL: what was gathered is written before
/// the log is synced, which a commit does before anybody else is told of it, and before the log is read,
/// measured or cut. So nobody sees a difference; an error of the gathered write is the sync's error.
/// Everything else goes to the underlying VFS.
class LogGathering {
public:
    /// On top of the VFS of that name; empty: the system's. Throws std::runtime_error when there is none.
    explicit LogGathering(const std::string& base);
    LogGathering(const LogGathering&) = delete;
    LogGathering& operator=(const LogGathering&) = delete;
    /// After the last connection that uses it.
    ~LogGathering();

    /// What to open a database with.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace pollhook::store
