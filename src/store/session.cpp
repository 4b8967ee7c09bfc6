#include "session.hpp"

#include "statement.hpp"

#include <sqlite3.h>

#include <memory>

namespace pollhook::store {
namespace {

/// A checkpoint of this many pages of 4 KiB takes some tens of milliseconds, in which nothing is committed.
constexpr int idle_checkpoint_pages = 1000;
/// Under steady load the log grows to this before a commit has to wait.
constexpr int busy_checkpoint_pages = 16'000;

}  // namespace

Session::Session(const SqliteOptions& options, FullDisk full_disk)
    : log_gathering_(
          options.synchronous == Synchronous::full ? std::make_unique<LogGathering>(options.vfs) : nullptr
      ),
      database_(open_writer(options, log_gathering_ ? log_gathering_->name() : options.vfs, full_disk)),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      page_count_(database_, "PRAGMA page_count"),
      find_meta_(database_, "SELECT value FROM meta WHERE name = ?"),
      set_meta_(
          database_,
          "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2"
      ),
      page_size_(static_cast<std::uint64_t>(database_.execAndGet("PRAGMA page_size").getInt64())),
      checkpoint_at_(idle_checkpoint_pages),
      counts_(database_),
      origins(database_),
      tasks(database_, counts_, origins),
      lanes(database_, counts_),
      recorder(database_, counts_, origins, lanes),
      announcer(database_, counts_, lanes),
      jobs(database_, lanes),
      outbox_clock(database_)
{
    sqlite3_wal_hook(database_.getHandle(), &Session::on_commit_to_log, this);
}

void Session::begin()
{
    execute(begin_);
}

void Session::commit()
{
    counts_.write();
    execute(commit_);
    lanes.in_flight().commit();
}

void Session::roll_back()
{
    counts_.discard();
    origins.forget();
    lanes.in_flight().roll_back();
    if (sqlite3_get_autocommit(database_.getHandle()) == 0)
        database_.exec("ROLLBACK");
}

std::uint64_t Session::size_bytes()
{
    Run run(page_count_);
    run.next();
    return (static_cast<std::uint64_t>(run.integer(0)) + static_cast<std::uint64_t>(log_pages_)) * page_size_;
}

int Session::on_commit_to_log(void* session, sqlite3*, const char*, int pages)
{
    auto& self = *static_cast<Session*>(session);
    if (pages < self.log_pages_)  // the log was begun anew
        self.checkpoint_at_ = idle_checkpoint_pages;
    self.log_pages_ = pages;
    return SQLITE_OK;
}

void Session::checkpoint_if_due(Load load)
{
    const int margin = load == Load::idle ? 0 : busy_checkpoint_pages - idle_checkpoint_pages;
    if (log_pages_ >= checkpoint_at_ + margin)
        checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

void Session::checkpoint_all()
{
    checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

void Session::begin_log_anew()
{
    checkpoint(SQLITE_CHECKPOINT_RESTART);
}

void Session::checkpoint(int mode)
{
    const int result = sqlite3_wal_checkpoint_v2(database_.getHandle(), nullptr, mode, nullptr, nullptr);
    // While a reader holds the log, pages are added to it; trying again pays when there are enough new ones.
    checkpoint_at_ = log_pages_ + idle_checkpoint_pages;
    if (result != SQLITE_OK && result != SQLITE_BUSY && result != SQLITE_LOCKED)
        throw SQLite::Exception(database_.getHandle(), result);
}

Pruned Session::prune(base::TimePoint before, std::size_t limit, base::TimePoint now)
{
    const int cancelled = lanes.cancel_unconfigured(before, limit, now);
    jobs.prune(before);
    Pruned result = tasks.prune(before, limit);
    result.is_done = result.is_done && cancelled == 0;
    return result;
}

Settled Session::settle(
    const std::vector<Settlement>& batch,
    const std::vector<Announcing>& announcements,
    base::TimePoint now,
    const ClaimPolicy& policy
)
{
    outbox_clock.note(policy);
    Claims claims(policy);
    lanes.settle(batch, now, claims);
    announcer.announce(announcements, claims);
    Settled result;
    result.claimed = claims.take_claimed();
    result.waiting = claims.take_waiting();
    return result;
}

std::optional<std::string> Session::meta(const std::string& name)
{
    Run find(find_meta_, name);
    return find.next() ? std::optional(find.text(0)) : std::nullopt;
}

void Session::set_meta(const std::string& name, const std::string& value)
{
    execute(set_meta_, name, value);
}

}  // namespace pollhook::store
