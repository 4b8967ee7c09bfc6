#include "database.hpp"
#include "fixture.hpp"
#include "schema.hpp"

#include <SQLiteCpp/Database.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

class StartTest : public StoreTest {
protected:
    /// The error that keeps the store from opening, and its text in `text_`.
    boost::system::error_code start_error(const SqliteOptions& options)
    {
        try {
            open(options);
        } catch (const StartError& failure) {
            text_ = failure.what();
            return failure.code();
        }
        return {};
    }
    boost::system::error_code start_error() { return start_error(options()); }
    void change_file(const std::string& sql) const
    {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec(sql);
    }
    static mode_t mode(const std::filesystem::path& path)
    {
        struct stat status{};
        ::stat(path.c_str(), &status);
        return status.st_mode & 07777;
    }
    [[nodiscard]] bool says(const std::string& words) const { return text_.find(words) != std::string::npos; }

    std::string text_;
};

TEST_F(StartTest, WhatWasRecordedIsThereAfterACrash)
{
    open();
    Story a = add_task("a", "https://hooks.example.com/a");
    const Recorded recorded = record(a.progress(10));
    reopen();
    EXPECT_EQ(run(store().last_event_body(a.row())), recorded.claimed.front().event->body);
    expect_right_counts();
}

TEST_F(StartTest, WhatWasClaimedIsDueAgainAfterACrash)
{
    open();
    Story a = add_task("a", "https://hooks.example.com/a");
    const ClaimedDelivery before = record(a.progress(10)).claimed.front();
    record(a.progress(20));
    reopen();

    EXPECT_EQ(state(before.key), DeliveryState::pending);
    const Claimed claimed = run(store().claim({{before.origin, 10}}, noon + std::chrono::hours(1)));
    ASSERT_EQ(claimed.claimed.size(), 1U);
    EXPECT_EQ(claimed.claimed[0].key, before.key);
    EXPECT_EQ(claimed.claimed[0].event->id, before.event->id);
    EXPECT_EQ(claimed.claimed[0].event->body, before.event->body);
    expect_right_counts();
}

TEST_F(StartTest, ACopyOfTheFilesTakenAtAnyTimeIsSound)
{
    open();
    Story a = add_task("a", "https://hooks.example.com/a");
    record(a.progress(10));
    const TemporaryDirectory copy;
    for (const char* name : {"pollhook.db", "pollhook.db-wal"})
        std::filesystem::copy_file(directory() / name, copy.path() / name);
    record(a.progress(20));

    SqliteOptions other = options();
    other.directory = copy.path();
    open(other);
    const TaskDetail detail = run(store().task(a.key())).value();
    EXPECT_EQ(detail.summary.sequence, 1U);
    ASSERT_EQ(detail.deliveries.size(), 1U);
    EXPECT_EQ(detail.deliveries[0].state, DeliveryState::pending);
}

TEST_F(StartTest, FilesAreReadByTheirOwnerAlone)
{
    SqliteOptions deep = options();
    deep.directory = directory() / "state" / "pollhook";
    open(deep);
    run(store().set_meta("a", "b"));
    EXPECT_EQ(mode(deep.directory), 0700U);
    for (const char* name : {"pollhook.db", "pollhook.db-wal", "pollhook.db-shm", "lock", "reserve"})
        EXPECT_EQ(mode(deep.directory / name), 0600U) << name;
}

TEST_F(StartTest, UsesTheSettingsOfTheReliabilityRules)
{
    const SqliteOptions given = options();
    SQLite::Database writer = open_writer(given, given.vfs);
    SQLite::Database reader = open_reader(given);
    const auto value = [](SQLite::Database& database, const std::string& name) {
        return database.execAndGet("PRAGMA " + name).getString();
    };
    for (SQLite::Database* database : {&writer, &reader}) {
        EXPECT_EQ(value(*database, "journal_mode"), "wal");
        EXPECT_EQ(value(*database, "foreign_keys"), "1");
        EXPECT_EQ(value(*database, "trusted_schema"), "0");
        EXPECT_EQ(value(*database, "cell_size_check"), "1");
        EXPECT_EQ(value(*database, "mmap_size"), "0");
        EXPECT_EQ(value(*database, "temp_store"), "2");
        EXPECT_EQ(value(*database, "wal_autocheckpoint"), "0");
    }
    EXPECT_EQ(value(writer, "synchronous"), "2");
    EXPECT_EQ(value(writer, "auto_vacuum"), "2");
    EXPECT_EQ(value(writer, "journal_size_limit"), "67108864");
    EXPECT_EQ(value(reader, "query_only"), "1");
}

TEST_F(StartTest, NormalSynchronousIsAChoice)
{
    SqliteOptions given = options();
    given.synchronous = Synchronous::normal;
    EXPECT_EQ(open_writer(given, given.vfs).execAndGet("PRAGMA synchronous").getInt(), 1);
}

TEST_F(StartTest, ADirectoryServesOneProcess)
{
    open();
    try {
        const SqliteStore second(loop_.get_executor(), options());
        FAIL() << "opened twice";
    } catch (const StartError& failure) {
        EXPECT_EQ(failure.code(), Errc::in_use);
        EXPECT_EQ(
            failure.what(),
            fmt::format("another pollhook uses {} (process {})", directory().string(), ::getpid())
        );
    }
    close();
    EXPECT_FALSE(start_error());
}

TEST_F(StartTest, ADirectoryThatIsAFileIsRefused)
{
    SqliteOptions wrong = options();
    wrong.directory = directory() / "file";
    std::ofstream(wrong.directory) << "x";
    EXPECT_EQ(start_error(wrong), Errc::not_writable);
    EXPECT_TRUE(says(wrong.directory.string()));
}

TEST_F(StartTest, ADatabaseThatIsADirectoryIsRefused)
{
    std::filesystem::create_directory(file());
    EXPECT_EQ(start_error(), Errc::not_writable);
    EXPECT_TRUE(says("pollhook.db"));
}

TEST_F(StartTest, GarbageIsNoDatabase)
{
    std::ofstream(file()) << std::string(16'384, 'x');
    EXPECT_EQ(start_error(), Errc::corrupt);
    EXPECT_TRUE(says("restore a backup"));
}

TEST_F(StartTest, ADamagedDatabaseIsFound)
{
    open();
    for (int i = 0; i < 100; ++i)
        add_task(fmt::format("task-{}", i));
    close();
    {
        std::fstream raw(file(), std::ios::in | std::ios::out | std::ios::binary);
        for (int page = 2; page < 20; ++page) {
            raw.seekp(page * 4096 + 3);
            raw.write("\xff\xff\xff\xff\xff", 5);
        }
    }
    EXPECT_EQ(start_error(), Errc::corrupt);
    EXPECT_TRUE(says("damaged"));
}

TEST_F(StartTest, ADatabaseOfANewerVersionIsRefusedUntouched)
{
    open();
    close();
    change_file("PRAGMA user_version = 99");
    const auto before = std::filesystem::last_write_time(file());
    EXPECT_EQ(start_error(), Errc::newer_schema);
    EXPECT_TRUE(says("version 99"));
    EXPECT_EQ(std::filesystem::last_write_time(file()), before);
}

TEST_F(StartTest, ADatabaseOfAnotherProgramIsRefusedUntouched)
{
    change_file("CREATE TABLE songs (title TEXT)");
    EXPECT_EQ(start_error(), Errc::corrupt);
    EXPECT_TRUE(says("another program"));
    SQLite::Database database(file().string());
    EXPECT_EQ(database.execAndGet("PRAGMA journal_mode").getString(), "delete");
    EXPECT_EQ(database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt(), 1);
}

TEST_F(StartTest, ADatabaseThatCannotBeWrittenIsRefused)
{
    open();
    close();
    change_file("CREATE TRIGGER no BEFORE INSERT ON meta BEGIN SELECT raise(ABORT, 'read only'); END");
    EXPECT_EQ(start_error(), Errc::not_writable);
    EXPECT_TRUE(says("read only"));
}

TEST_F(StartTest, AMigrationKeepsTheContentAndABackupOfTheOlderVersion)
{
    open();
    add_task("a");
    close();
    const std::array steps{
        schema_steps()[0],
        schema_steps()[1],
        schema_steps()[2],
        schema_steps()[3],
        "ALTER TABLE tasks ADD COLUMN note TEXT NOT NULL DEFAULT 'none'",
        "UPDATE tasks SET note = 'fifth'",
    };
    SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
    migrate(database, steps, [&](int version) {
        back_up(database, options(), directory() / fmt::format("pollhook.db.v{}.backup", version));
    });

    EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 6);
    EXPECT_EQ(database.execAndGet("SELECT note FROM tasks").getString(), "fifth");
    const std::filesystem::path backup = directory() / "pollhook.db.v4.backup";
    EXPECT_EQ(mode(backup), 0600U);
    SQLite::Database older(backup.string());
    EXPECT_EQ(older.execAndGet("PRAGMA user_version").getInt(), 4);
    EXPECT_EQ(older.execAndGet("SELECT task_id FROM tasks").getString(), "a");
    EXPECT_TRUE(std::filesystem::exists(directory() / "pollhook.db.v5.backup"));
}

TEST_F(StartTest, AFileOfVersion1IsTakenOver)
{
    {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        migrate(database, schema_steps().first(1), [](int) { ADD_FAILURE() << "nothing to back up"; });
        database.exec(R"sql(
            INSERT INTO origins (id, name) VALUES (1, 'sink:ops'), (2, 'https://hooks.example.com');
            INSERT INTO sinks (id, name, origin) VALUES (1, 'ops', 1);
            INSERT INTO tasks (id, provider, task_id, status, sequence, webhook_url, webhook_origin,
                registered_at, changed_at) VALUES (1, 'relay', 'a', 1, 3, 'https://hooks.example.com/a', 2, 5, 6);
            INSERT INTO events (id, task, sequence, type, at, event_id, upstream_at, body)
                VALUES (1, 1, 1, 1, 5, 'evt_1', 0, X'6F6E65'), (2, 1, 2, 2, 6, 'evt_2', 0, X'74776F'),
                (3, 1, 3, 2, 7, 'evt_3', 0, X'7468726565');
            INSERT INTO deliveries (task, sink, sequence, event, type, origin, state, latest, due, attempts,
                created_at, ended_at, reason)
                VALUES (1, 0, 1, 1, 1, 2, 3, 0, NULL, 2, 5, 9, 'dead: HTTP 404'),
                (1, 0, 2, 2, 2, 2, 1, 0, 9223372036854775807, 0, 6, NULL, ''),
                (1, 0, 3, 3, 2, 2, 0, 0, NULL, 0, 7, NULL, ''),
                (1, 1, 1, 1, 1, 1, 2, 0, NULL, 1, 5, 8, ''),
                (1, 1, 2, 2, 2, 1, 0, 0, 77, 1, 6, NULL, '');
            INSERT INTO attempts VALUES (1, 1, 1, 1, 5, 200, '', 'delivered', '192.0.2.1:443', 1, 2, 3, 4, 5, X'6F6B');
            INSERT INTO attempts VALUES (1, 0, 1, 1, 5, 503, 'http', 'retry', '', 0, 0, 0, 0, 9, X'6E6F');
            INSERT INTO attempts VALUES (1, 0, 1, 2, 6, 404, 'http', 'dead', '', 0, 0, 0, 0, 9, X'6E6F');
            INSERT INTO counts VALUES (0, 'relay', 1, 1), (1, '', 0, 2), (1, '', 1, 1), (1, '', 2, 1),
                (1, '', 3, 1), (2, '', 0, 3);
        )sql");
    }
    open();
    EXPECT_TRUE(std::filesystem::exists(directory() / "pollhook.db.v1.backup"));
    expect_right_counts();

    const SinkRow ops = open_sink("ops");
    EXPECT_EQ(ops.id, SinkId{1});
    EXPECT_FALSE(ops.paused);
    const Claimed claimed = run(store().claim({{OriginId{2}, 10}, {OriginId{1}, 10}}, noon));
    ASSERT_EQ(claimed.claimed.size(), 2U);
    EXPECT_EQ(claimed.claimed[0].key.sequence, 2U);
    EXPECT_EQ(claimed.claimed[0].event->body, "two");
    EXPECT_EQ(claimed.claimed[1].attempts, 1U);
    EXPECT_EQ(claimed.claimed[1].spent, 1U);

    const DeliveryDetail delivered = run(store().delivery({TaskRow{1}, SinkId{1}, 1})).value();
    ASSERT_EQ(delivered.attempts.size(), 1U);
    EXPECT_EQ(delivered.attempts[0].peer, "192.0.2.1:443");
    EXPECT_EQ(delivered.attempts[0].total, std::chrono::milliseconds(5));
    const DeliveryKey dead{TaskRow{1}, task_webhook, 1};
    EXPECT_EQ(run(store().delivery(dead))->attempts.size(), 2U);
    EXPECT_EQ(run(store().reopen(dead, noon)), Reopening::reopened);
    EXPECT_EQ(settle(claimed.claimed[0].key, DeliveryState::delivered).claimed.at(0).key, dead);
    EXPECT_EQ(settle(dead, DeliveryState::delivered).claimed.at(0).key.sequence, 3U);
    EXPECT_EQ(run(store().delivery(dead))->attempts.size(), 3U);
    expect_right_counts();
}

TEST_F(StartTest, AFailedMigrationLeavesTheOlderVersion)
{
    open();
    close();
    const std::array steps{
        schema_steps()[0],
        schema_steps()[1],
        schema_steps()[2],
        schema_steps()[3],
        "CREATE TABLE half (x); CREATE TABLE half (x)"
    };
    SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
    EXPECT_THROW(migrate(database, steps, [](int) {}), SQLite::Exception);
    EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 4);
    EXPECT_FALSE(database.tableExists("half"));
}

TEST_F(StartTest, StoppedTasksOfVersion3AreNotCountedEither)
{
    {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        migrate(database, schema_steps().first(3), [](int) { ADD_FAILURE() << "nothing to back up"; });
        database.exec(R"sql(
            INSERT INTO tasks (provider, task_id, status, registered_at, changed_at, ended_at) VALUES
                ('relay', 'running', 1, 5, 6, NULL), ('relay', 'stopped', 1, 5, 6, 7),
                ('relay', 'done', 4, 5, 6, 7), ('other', 'stopped', 0, 5, 6, 7);
            INSERT INTO counts VALUES (0, 'relay', 1, 2), (0, 'relay', 4, 1), (0, 'other', 0, 1);
        )sql");
    }
    open();
    expect_right_counts();
}

TEST_F(StartTest, ANewDatabaseNeedsNoBackup)
{
    open();
    for (const auto& entry : std::filesystem::directory_iterator(directory()))
        EXPECT_NE(entry.path().extension(), ".backup");
}

TEST_F(StartTest, ABackupReplacesAnOlderOne)
{
    const SqliteOptions given = options();
    SQLite::Database database = open_writer(given, given.vfs);
    const std::filesystem::path target = directory() / "copy";
    back_up(database, given, target);
    database.exec("INSERT INTO meta VALUES ('later', '1')");
    back_up(database, given, target);
    SQLite::Database copy(target.string());
    EXPECT_EQ(copy.execAndGet("SELECT count(*) FROM meta WHERE name = 'later'").getInt(), 1);
}

}  // namespace
}  // namespace pollhook::store
