#include "database.hpp"

#include "pollhook/base/text.hpp"
#include "schema.hpp"
#include "state_directory.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <chrono>
#include <string>

namespace pollhook::store {
namespace {

/// For the shell of an administrator who looks into the file: waits this long for its lock.
constexpr int busy_timeout_ms = 10'000;
constexpr int open_flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

SQLite::Database connect(const SqliteOptions& options, const std::string& vfs)
{
    SQLite::Database database((options.directory / options.file).string(), open_flags, busy_timeout_ms, vfs);
    database.exec(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
        "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0"
    );
    // A crash and an end without close() shall leave the same files; close() checkpoints by itself.
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return database;
}

void check(SQLite::Database& database)
{
    const std::string answer = database.execAndGet("PRAGMA quick_check(1)").getString();
    if (answer != "ok")
        throw StartError(
            Errc::corrupt, fmt::format("{} is damaged ({}): restore a backup", database.getFilename(), answer)
        );
}

void probe(SQLite::Database& database)
{
    try {
        database.exec(
            "INSERT INTO meta (name, value) VALUES ('write_probe', '1') "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1"
        );
    } catch (const SQLite::Exception& failure) {
        if (meaning_of(failure) == Errc::full)
            throw;
        throw StartError(
            Errc::not_writable,
            fmt::format("{} cannot be written: {}", database.getFilename(), failure.what())
        );
    }
}

/// Once what the log holds is in the database, the next commits take its place in the log: mostly that is all
/// the space they need. Without even that the database opens all the same, since what it holds can be
/// delivered.
void probe_in_need(SQLite::Database& database)
{
    sqlite3_wal_checkpoint_v2(database.getHandle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    try {
        probe(database);
    } catch (const SQLite::Exception& failure) {
        spdlog::error(
            "store.nothing_writable: error=\"{}\" (what is stored is delivered, and is delivered again after "
            "a "
            "restart, since its outcome cannot be kept)",
            base::printable(failure.what())
        );
    }
}

/// The events that come after a restore get positions that neither the source nor an earlier restore has
/// given out: their readers would not see them a second time. Time goes on whatever was restored, and JSON's
/// exact integers hold its microseconds for more than two centuries.
void part_from_source(SQLite::Database& database)
{
    if (!database.tableExists("meta") ||
        database.execAndGet("SELECT count(*) FROM meta WHERE name = 'copied'").getInt() == 0)
        return;
    const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    database.exec(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'events', 0"
        " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'events')"
    );
    database.exec(fmt::format(
        "UPDATE sqlite_sequence SET seq = max(seq, {}) WHERE name = 'events'", now.time_since_epoch().count()
    ));
    database.exec("DELETE FROM meta WHERE name = 'copied'");
    transaction.commit();
}

}  // namespace

SQLite::Database open_writer(const SqliteOptions& options, const std::string& vfs, FullDisk full_disk)
{
    SQLite::Database database = connect(options, vfs);
    check_version(database, schema_steps());
    // Before the first table, and before the journal mode writes the first page. In a database that exists it
    // would write too, which a full disk does not allow.
    if (database.execAndGet("PRAGMA page_count").getInt() == 0)
        database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    const std::string mode = database.execAndGet("PRAGMA journal_mode = WAL").getString();
    if (mode != "wal")
        throw StartError(
            Errc::not_writable,
            fmt::format(
                "{} cannot use a write-ahead log here (journal mode {})", database.getFilename(), mode
            )
        );
    database.exec(
        options.synchronous == Synchronous::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"
    );
    // 32 MiB, taken as needed: with the default of 2 MiB half of the time goes into reading pages again.
    database.exec("PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768");
    check(database);
    migrate(database, schema_steps(), [&](int version) {
        back_up(database, options, options.directory / fmt::format("{}.v{}.backup", options.file, version));
    });
    part_from_source(database);
    if (full_disk == FullDisk::is_borne)
        probe_in_need(database);
    else
        probe(database);
    return database;
}

SQLite::Database open_reader(const SqliteOptions& options)
{
    SQLite::Database database = connect(options, options.vfs);
    database.exec("PRAGMA query_only = ON");
    return database;
}

SQLite::Database open_to_look(const std::filesystem::path& file)
{
    SQLite::Database database(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, busy_timeout_ms);
    database.exec(
        "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
        "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0"
    );
    // Only the daemon's connection may checkpoint.
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return database;
}

void back_up(SQLite::Database& database, const SqliteOptions& options, const std::filesystem::path& target)
{
    {
        SQLite::Database copy(target.string(), open_flags, busy_timeout_ms, options.vfs);
        SQLite::Backup backup(copy, database);
        backup.executeStep(-1);
    }
    if (options.vfs.empty()) {
        std::filesystem::permissions(
            target, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
        );
        sync_to_disk(target);
        sync_to_disk(target.parent_path());
    }
    spdlog::info("store.backup: file=\"{}\"", base::printable(target.string()));
}

Errc meaning_of(const SQLite::Exception& failure) noexcept
{
    switch (failure.getErrorCode() & 0xff) {
        case SQLITE_FULL: return Errc::full;
        case SQLITE_CONSTRAINT:
        case SQLITE_TOOBIG:
        case SQLITE_MISMATCH: return Errc::conflict;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Errc::corrupt;
        default: return Errc::failed;
    }
}

}  // namespace pollhook::store
