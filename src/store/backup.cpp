#include "pollhook/store/backup.hpp"

#include "database.hpp"
#include "pollhook/store/file_names.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "schema.hpp"
#include "state_directory.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace pollhook::store {
namespace {

/// A few megabytes, so that progress moves and others get at the disk.
constexpr int step_pages = 1000;

[[noreturn]] void cannot_write(const std::filesystem::path& path, const std::string& why)
{
    throw StartError(Errc::not_writable, fmt::format("cannot write {}: {}", path.string(), why));
}

[[noreturn]] void cannot_write(const std::filesystem::path& path, int error)
{
    cannot_write(path, std::system_category().message(error));
}

/// A new file beside the target, which is gone at the end unless it took the target's place.
class Draft {
public:
    explicit Draft(const std::filesystem::path& target) : path_(target.string() + ".XXXXXX")
    {
        const int descriptor = ::mkstemp(path_.data());  // mode 0600
        if (descriptor < 0)
            cannot_write(target, errno);
        ::close(descriptor);
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    ~Draft()
    {
        if (!path_.empty())
            ::unlink(path_.c_str());
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    void become(const std::filesystem::path& target, Existing existing)
    {
        int error = 0;
        if (existing == Existing::is_replaced)
            error = ::rename(path_.c_str(), target.c_str()) == 0 ? 0 : errno;
        else if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0)
            error = errno;
        if (error != 0)
            cannot_write(target, error);
        path_.clear();
    }

private:
    std::string path_;
};

/// Not even --force may put a copy in the place of what it is made from: the daemon would go on in a file
/// that nobody finds again.
void refuse_itself(const std::filesystem::path& file, const std::filesystem::path& target)
{
    for (const char* suffix : side_files) {
        std::error_code ignored;
        if (std::filesystem::equivalent(file.string() + suffix, target, ignored) ||
            std::filesystem::equivalent(file, target.string() + suffix, ignored))
            cannot_write(target, "it belongs to the database that is to be copied");
    }
}

/// SQLite would take the log of an earlier database of that name for the copy's.
void clear_away(const std::filesystem::path& target, Existing existing)
{
    for (const char* suffix : side_files) {
        const std::filesystem::path path = target.string() + suffix;
        std::error_code ec;
        if (!std::filesystem::exists(std::filesystem::symlink_status(path, ec)))
            continue;
        if (existing == Existing::is_kept)
            cannot_write(target, path == target ? "it exists" : path.string() + " exists");
        if (path != target && !std::filesystem::remove(path, ec))
            cannot_write(path, ec.value());
    }
}

std::uint64_t copy_pages(
    SQLite::Database& source,
    const std::string& path,
    const std::function<void(std::uint64_t done, std::uint64_t all)>& progress
)
{
    SQLite::Database copy(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
    // Nobody needs half a copy; it is made durable as a whole.
    copy.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    const auto page_size = static_cast<std::uint64_t>(source.execAndGet("PRAGMA page_size").getInt64());
    SQLite::Backup backup(copy, source);
    const auto bytes = [&](int pages) { return static_cast<std::uint64_t>(pages) * page_size; };
    for (int result = SQLITE_OK; result == SQLITE_OK;) {
        result = backup.executeStep(step_pages);
        const int all = backup.getTotalPageCount();
        if (progress)
            progress(bytes(all - backup.getRemainingPageCount()), bytes(all));
        if (result != SQLITE_OK && result != SQLITE_DONE)
            throw SQLite::Exception(copy.getHandle(), result);
    }
    return bytes(backup.getTotalPageCount());
}

/// Makes of copied pages a database of its own: without a log, so that whoever looks into it leaves nothing
/// beside it (the daemon gives it one again), and marked for part_from_source().
void make_independent(const std::string& path)
{
    SQLite::Database copy(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
    copy.execAndGet("PRAGMA journal_mode = DELETE");
    copy.exec("INSERT OR REPLACE INTO meta (name, value) VALUES ('copied', '1')");
}

}  // namespace

std::uint64_t copy_database(
    const std::filesystem::path& file,
    const std::filesystem::path& target,
    Existing existing,
    const std::function<void(std::uint64_t done, std::uint64_t all)>& progress
)
{
    try {
        SQLite::Database source = open_to_look(file);
        check_version(source, schema_steps());
        refuse_itself(file, target);
        if (existing == Existing::is_kept)
            clear_away(target, existing);  // refuses before the work, not after it
        Draft draft(target);
        // One read transaction around all steps: without it every commit in between would begin the copy
        // anew.
        SQLite::Transaction moment(source, SQLite::TransactionBehavior::DEFERRED);
        source.execAndGet("SELECT count(*) FROM sqlite_schema");
        const std::uint64_t bytes = copy_pages(source, draft.path(), progress);
        make_independent(draft.path());
        sync_to_disk(draft.path());
        clear_away(target, existing);
        draft.become(target, existing);
        sync_to_disk(std::filesystem::absolute(target).parent_path());
        return bytes;
    } catch (const SQLite::Exception& failure) {
        throw StartError(
            meaning_of(failure), fmt::format("cannot copy {}: {}", file.string(), failure.what())
        );
    }
}

}  // namespace pollhook::store
