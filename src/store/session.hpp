#pragma once

#include "announcer.hpp"
#include "counts.hpp"
#include "database.hpp"
#include "jobs.hpp"
#include "lanes.hpp"
#include "log_gathering.hpp"
#include "origins.hpp"
#include "outbox_clock.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "recorder.hpp"
#include "statement.hpp"
#include "tasks.hpp"

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct sqlite3;

namespace pollhook::store {

/// The writing connection with its prepared statements, and its transactions. Used on one thread at a time.
class Session {
public:
    /// Opens the database (see open_writer()).
    explicit Session(const SqliteOptions& options, FullDisk full_disk = FullDisk::is_error);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void begin();
    void commit();
    /// After any failure within a transaction, also when SQLite ended it by itself.
    void roll_back();

    /// Whether the commits since the last question stored an event.
    [[nodiscard]] bool take_new_events() noexcept { return counts_.take_new_events(); }

    /// Of the database and its log.
    [[nodiscard]] std::uint64_t size_bytes();

    enum class Load { idle, busy };
    /// Moves the log's content into the database when that pays: early while there is nothing else to do,
    /// late otherwise.
    void checkpoint_if_due(Load load);
    /// Moves everything and empties the log: before the end.
    void checkpoint_all();
    /// Moves everything, so that what is written next takes the log's place instead of new space.
    void begin_log_anew();

    /// Deletes what is older than `before` and done, in a small step.
    Pruned prune(base::TimePoint before, std::size_t limit, base::TimePoint now);
    Settled settle(
        const std::vector<Settlement>& batch,
        const std::vector<Announcing>& announcements,
        base::TimePoint now,
        const ClaimPolicy& policy
    );
    std::optional<std::string> meta(const std::string& name);
    void set_meta(const std::string& name, const std::string& value);

private:
    static int on_commit_to_log(void* session, sqlite3* database, const char* name, int pages);
    void checkpoint(int mode);

    std::unique_ptr<LogGathering> log_gathering_;  // null: others see a commit before the log is synced
    SQLite::Database database_;
    Statement begin_;
    Statement commit_;
    Statement page_count_;
    Statement find_meta_;
    Statement set_meta_;
    std::uint64_t page_size_;
    int log_pages_ = 0;
    int checkpoint_at_;  // pages in the log
    Counts counts_;

public:
    Origins origins;
    Tasks tasks;
    Lanes lanes;
    Recorder recorder;
    Announcer announcer;
    Jobs jobs;
    OutboxClock outbox_clock;
};

}  // namespace pollhook::store
