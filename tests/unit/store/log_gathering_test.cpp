#include "log_gathering.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Savepoint.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace pollhook::store {
namespace {

/// The system's VFS, which counts what is written to logs, and writes nothing to them when it shall not.
class CountingVfs {
public:
    CountingVfs()
    {
        writes = 0;
        largest = 0;
        fails = false;
        vfs_ = *sqlite3_vfs_find(nullptr);
        vfs_.zName = "counting";
        vfs_.pNext = nullptr;
        vfs_.xOpen = open;
        sqlite3_vfs_register(&vfs_, 0);
    }
    CountingVfs(const CountingVfs&) = delete;
    CountingVfs& operator=(const CountingVfs&) = delete;
    ~CountingVfs() { sqlite3_vfs_unregister(&vfs_); }

    static inline int writes = 0;
    static inline int largest = 0;
    static inline bool fails = false;

private:
    static int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags)
    {
        sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
        const int result = system->xOpen(system, name, file, flags, out_flags);
        if (result == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
            system_write_ = file->pMethods->xWrite;
            methods_ = *file->pMethods;
            methods_.xWrite = write;
            file->pMethods = &methods_;
        }
        return result;
    }
    static int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset)
    {
        if (fails)
            return SQLITE_FULL;
        ++writes;
        largest = std::max(largest, count);
        return system_write_(file, from, count, offset);
    }

    static inline int (*system_write_)(sqlite3_file*, const void*, int, sqlite3_int64) = nullptr;
    static inline sqlite3_io_methods methods_{};
    sqlite3_vfs vfs_;
};

class LogGatheringTest : public testing::Test {
protected:
    LogGatheringTest()
    {
        writer_.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
        writer_.exec("CREATE TABLE pages (text TEXT)");
        CountingVfs::writes = 0;
    }
    ~LogGatheringTest() override { std::filesystem::remove_all(directory_); }

    static std::string make_directory()
    {
        std::string name = (std::filesystem::temp_directory_path() / "pollhook-log-XXXXXX").string();
        return ::mkdtemp(name.data()) == nullptr ? std::string() : name;
    }

    void insert(int rows)
    {
        for (int i = 0; i < rows; ++i)
            writer_.exec(fmt::format("INSERT INTO pages VALUES (printf('%.3500c', '{}'))", i % 10));
    }
    static int count(SQLite::Database& database)
    {
        return database.execAndGet("SELECT count(*) FROM pages").getInt();
    }
    /// As a reader of its own sees it, who knows nothing of the gathering.
    [[nodiscard]] int seen_by_others() const
    {
        SQLite::Database reader(file(), SQLite::OPEN_READONLY);
        EXPECT_EQ(reader.execAndGet("PRAGMA integrity_check").getString(), "ok");
        return count(reader);
    }
    [[nodiscard]] std::string file() const { return directory_ + "/test.db"; }

    std::string directory_ = make_directory();
    CountingVfs counting_;
    LogGathering gathering_{"counting"};
    SQLite::Database writer_{file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 0, gathering_.name()};
};

TEST_F(LogGatheringTest, ACommitIsOneWrite)
{
    SQLite::Transaction transaction(writer_);
    insert(20);
    EXPECT_EQ(CountingVfs::writes, 0);
    transaction.commit();
    EXPECT_EQ(CountingVfs::writes, 1);
    EXPECT_EQ(seen_by_others(), 20);
}

TEST_F(LogGatheringTest, ALargeCommitIsWrittenInParts)
{
    SQLite::Transaction transaction(writer_);
    insert(1000);
    transaction.commit();
    EXPECT_GT(CountingVfs::writes, 1000 * 4096 / (128 * 1024));
    EXPECT_LT(CountingVfs::writes, 100);
    EXPECT_LT(CountingVfs::largest, 128 * 1024);
    EXPECT_EQ(seen_by_others(), 1000);
}

TEST_F(LogGatheringTest, WhatLeftTheCacheIsReadBack)
{
    writer_.exec("PRAGMA cache_size = 10");
    SQLite::Transaction transaction(writer_);
    insert(50);
    EXPECT_GT(CountingVfs::writes, 0);
    {
        const SQLite::Savepoint undone(writer_, "undone");
        insert(70);
        EXPECT_EQ(count(writer_), 120);
    }
    EXPECT_EQ(count(writer_), 50);
    insert(30);
    EXPECT_EQ(seen_by_others(), 0);
    transaction.commit();
    EXPECT_EQ(seen_by_others(), 80);
}

TEST_F(LogGatheringTest, WhatCannotBeWrittenIsNotCommitted)
{
    {
        SQLite::Transaction transaction(writer_);
        insert(10);
        CountingVfs::fails = true;
        try {
            transaction.commit();
            FAIL() << "a commit without its pages";
        } catch (const SQLite::Exception& failure) {
            EXPECT_EQ(failure.getErrorCode(), SQLITE_FULL);
        }
        CountingVfs::fails = false;
    }
    EXPECT_EQ(seen_by_others(), 0);
    insert(3);
    EXPECT_EQ(seen_by_others(), 3);
}

TEST_F(LogGatheringTest, ACheckpointFindsTheWholeLog)
{
    insert(40);
    ASSERT_EQ(
        sqlite3_wal_checkpoint_v2(writer_.getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr),
        SQLITE_OK
    );
    EXPECT_EQ(std::filesystem::file_size(file() + "-wal"), 0U);
    EXPECT_EQ(seen_by_others(), 40);
}

TEST(LogGathering, NeedsAVfs)
{
    EXPECT_THROW(LogGathering("none of this name"), std::runtime_error);
}

}  // namespace
}  // namespace pollhook::store
