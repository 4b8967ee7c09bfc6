#include "log_gathering.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace pollhook::store {
namespace {

/// A commit's frames, or so much of them. SQLite's own VFS writes no more than 128 KiB less a byte at a time,
/// and takes a rest of just 128 KiB for a full disk (seekAndWriteFd() in os_unix.c).
constexpr std::int64_t room = 120 * 1024;

/// A log as SQLite sees it; SQLite allocates and frees it. The file of the underlying VFS follows it.
struct LogFile {
    sqlite3_file file;
    char* gathered;
    std::int64_t begin;  ///< where in the file it belongs
    std::int64_t size;

    [[nodiscard]] sqlite3_file* real() noexcept { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
static_assert(sizeof(LogFile) % 8 == 0, "SQLite gives files an alignment of eight");

LogFile& log_of(sqlite3_file* file)
{
    return *reinterpret_cast<LogFile*>(file);
}

/// What could not be written is forgotten: SQLite is told so, and does not count on it.
int write_gathered(LogFile& log)
{
    const std::int64_t size = std::exchange(log.size, 0);
    if (size == 0)
        return SQLITE_OK;
    return log.real()->pMethods->xWrite(log.real(), log.gathered, static_cast<int>(size), log.begin);
}

/// `action` on the real file, after what was gathered.
template <class Action>
int after_gathered(sqlite3_file* file, Action action)
{
    LogFile& log = log_of(file);
    if (const int result = write_gathered(log); result != SQLITE_OK)
        return result;
    return action(log.real());
}

int close(sqlite3_file* file)
{
    LogFile& log = log_of(file);
    const int written = write_gathered(log);
    delete[] std::exchange(log.gathered, nullptr);
    const int closed = log.real()->pMethods->xClose(log.real());
    return written != SQLITE_OK ? written : closed;
}

int read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset)
{
    return after_gathered(file, [&](sqlite3_file* real) {
        return real->pMethods->xRead(real, into, count, offset);
    });
}

int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset)
{
    LogFile& log = log_of(file);
    if (offset != log.begin + log.size || log.size + count > room)
        if (const int result = write_gathered(log); result != SQLITE_OK)
            return result;
    if (count > room)
        return log.real()->pMethods->xWrite(log.real(), from, count, offset);
    if (log.size == 0)
        log.begin = offset;
    std::memcpy(log.gathered + log.size, from, static_cast<std::size_t>(count));
    log.size += count;
    return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size)
{
    return after_gathered(file, [&](sqlite3_file* real) { return real->pMethods->xTruncate(real, size); });
}

int sync(sqlite3_file* file, int flags)
{
    return after_gathered(file, [&](sqlite3_file* real) { return real->pMethods->xSync(real, flags); });
}

int file_size(sqlite3_file* file, sqlite3_int64* size)
{
    return after_gathered(file, [&](sqlite3_file* real) { return real->pMethods->xFileSize(real, size); });
}

int lock(sqlite3_file* file, int level)
{
    sqlite3_file* const real = log_of(file).real();
    return real->pMethods->xLock(real, level);
}

int unlock(sqlite3_file* file, int level)
{
    sqlite3_file* const real = log_of(file).real();
    return real->pMethods->xUnlock(real, level);
}

int check_reserved_lock(sqlite3_file* file, int* result)
{
    sqlite3_file* const real = log_of(file).real();
    return real->pMethods->xCheckReservedLock(real, result);
}

int control(sqlite3_file* file, int operation, void* argument)
{
    sqlite3_file* const real = log_of(file).real();
    return real->pMethods->xFileControl(real, operation, argument);
}

int sector_size(sqlite3_file* file)
{
    sqlite3_file* const real = log_of(file).real();
    return real->pMethods->xSectorSize(real);
}

int characteristics(sqlite3_file* file)
{
    sqlite3_file* const real = log_of(file).real();
    return real->pMethods->xDeviceCharacteristics(real);
}

constexpr sqlite3_io_methods log_methods{
    .iVersion = 1,  // shared memory belongs to the database file, and logs are not mapped
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
};

sqlite3_vfs* base_of(sqlite3_vfs* vfs)
{
    return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags)
{
    sqlite3_vfs* const base = base_of(vfs);
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return base->xOpen(base, name, file, flags, out_flags);
    LogFile& log = *new (file) LogFile{};
    log.real()->pMethods = nullptr;
    log.gathered = new (std::nothrow) char[room];
    const int result =
        log.gathered == nullptr ? SQLITE_NOMEM : base->xOpen(base, name, log.real(), flags, out_flags);
    if (log.real()->pMethods != nullptr)
        log.file.pMethods = &log_methods;  // SQLite closes it, also when it could not be opened
    else
        delete[] std::exchange(log.gathered, nullptr);
    return result;
}

std::unique_ptr<sqlite3_vfs> on_top_of(sqlite3_vfs* base, const std::string& name)
{
    auto vfs = std::make_unique<sqlite3_vfs>(*base);
    vfs->iVersion = 2;
    vfs->szOsFile = static_cast<int>(sizeof(LogFile)) + base->szOsFile;
    vfs->pNext = nullptr;
    vfs->zName = name.c_str();
    vfs->pAppData = base;
    vfs->xOpen = open;
    vfs->xDelete = [](sqlite3_vfs* self, const char* path, int sync_directory) {
        return base_of(self)->xDelete(base_of(self), path, sync_directory);
    };
    vfs->xAccess = [](sqlite3_vfs* self, const char* path, int flags, int* result) {
        return base_of(self)->xAccess(base_of(self), path, flags, result);
    };
    vfs->xFullPathname = [](sqlite3_vfs* self, const char* path, int size, char* full) {
        return base_of(self)->xFullPathname(base_of(self), path, size, full);
    };
    vfs->xDlOpen = nullptr;  // no extensions
    vfs->xDlError = nullptr;
    vfs->xDlSym = nullptr;
    vfs->xDlClose = nullptr;
    vfs->xRandomness = [](sqlite3_vfs* self, int size, char* bytes) {
        return base_of(self)->xRandomness(base_of(self), size, bytes);
    };
    vfs->xSleep = [](sqlite3_vfs* self, int microseconds) {
        return base_of(self)->xSleep(base_of(self), microseconds);
    };
    vfs->xCurrentTime = [](sqlite3_vfs* self, double* days) {
        return base_of(self)->xCurrentTime(base_of(self), days);
    };
    vfs->xGetLastError = [](sqlite3_vfs* self, int size, char* text) {
        return base_of(self)->xGetLastError(base_of(self), size, text);
    };
    vfs->xCurrentTimeInt64 = [](sqlite3_vfs* self, sqlite3_int64* milliseconds) {
        return base_of(self)->xCurrentTimeInt64(base_of(self), milliseconds);
    };
    return vfs;
}

std::string unused_name()
{
    static std::atomic<unsigned> made{0};
    return "pollhook-log-gathering-" + std::to_string(++made);
}

}  // namespace

LogGathering::LogGathering(const std::string& base) : name_(unused_name())
{
    sqlite3_vfs* const found = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
    if (found == nullptr)
        throw std::runtime_error("SQLite has no VFS named " + base);
    vfs_ = on_top_of(found, name_);
    sqlite3_vfs_register(vfs_.get(), 0);
}

LogGathering::~LogGathering()
{
    sqlite3_vfs_unregister(vfs_.get());
}

}  // namespace pollhook::store
