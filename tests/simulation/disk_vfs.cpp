#include "disk_vfs.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace pollhook::simulation {
namespace {

constexpr int most_path = 256;
constexpr int reported_sector = 4096;

struct Handle;

/// What the handles of one file share while a boot lasts: locks and shared memory.
struct Sharing {
    std::vector<Handle*> handles;
    struct Slot {
        int shared = 0;
        Handle* exclusive = nullptr;
    };
    std::array<Slot, SQLITE_SHM_NLOCK> slots;
    std::vector<std::vector<char>> regions;
    int mapped = 0;
};

struct Machine {
    Disk& disk;
    const Timeline& timeline;
    base::Random random;
    std::map<std::pair<std::uint64_t, std::string>, Sharing> sharing;  // by boot
};

/// A sqlite3_file; SQLite allocates and frees it.
struct Handle {
    sqlite3_file base;
    Machine* machine;
    Disk::File* file;
    Disk::FilePtr* owner;
    Sharing* sharing;
    std::uint64_t boot;
    int lock;
    bool is_mapped;
    std::array<bool, SQLITE_SHM_NLOCK> shm_shared;

    [[nodiscard]] bool is_dead() const { return boot != machine->disk.boot(); }
};

Handle& handle_of(sqlite3_file* file)
{
    return *reinterpret_cast<Handle*>(file);
}
Machine& machine_of(sqlite3_vfs* vfs)
{
    return *static_cast<Machine*>(vfs->pAppData);
}

int code_of(Disk::Fate fate, int io_error)
{
    switch (fate) {
        case Disk::Fate::done: return SQLITE_OK;
        case Disk::Fate::full: return SQLITE_FULL;
        default: return io_error;
    }
}

int unlock(sqlite3_file* file, int level)
{
    Handle& handle = handle_of(file);
    handle.lock = std::min(handle.lock, level);
    return SQLITE_OK;
}

int lock(sqlite3_file* file, int level)
{
    Handle& handle = handle_of(file);
    if (handle.is_dead())
        return SQLITE_IOERR_LOCK;
    if (handle.lock >= level)
        return SQLITE_OK;
    int highest = SQLITE_LOCK_NONE;
    for (const Handle* other : handle.sharing->handles)
        if (other != &handle)
            highest = std::max(highest, other->lock);
    const bool is_free = level == SQLITE_LOCK_SHARED     ? highest < SQLITE_LOCK_PENDING
                         : level == SQLITE_LOCK_RESERVED ? highest < SQLITE_LOCK_RESERVED
                                                         : highest == SQLITE_LOCK_NONE;
    if (is_free)
        handle.lock = level;
    else if (level == SQLITE_LOCK_EXCLUSIVE && highest == SQLITE_LOCK_SHARED)
        handle.lock = SQLITE_LOCK_PENDING;
    return is_free ? SQLITE_OK : SQLITE_BUSY;
}

int check_reserved(sqlite3_file* file, int* result)
{
    const Handle& handle = handle_of(file);
    *result = std::ranges::any_of(handle.sharing->handles, [](const Handle* other) {
        return other->lock >= SQLITE_LOCK_RESERVED;
    });
    return SQLITE_OK;
}

void unlock_shared_memory(Handle& handle, std::size_t slot)
{
    Sharing::Slot& place = handle.sharing->slots.at(slot);
    if (place.exclusive == &handle)
        place.exclusive = nullptr;
    if (std::exchange(handle.shm_shared.at(slot), false))
        --place.shared;
}

int unmap_shared_memory(sqlite3_file* file, int)
{
    Handle& handle = handle_of(file);
    for (std::size_t slot = 0; slot < SQLITE_SHM_NLOCK; ++slot)
        unlock_shared_memory(handle, slot);
    if (std::exchange(handle.is_mapped, false) && --handle.sharing->mapped == 0)
        handle.sharing->regions.clear();
    return SQLITE_OK;
}

int close(sqlite3_file* file)
{
    Handle& handle = handle_of(file);
    unmap_shared_memory(file, 0);
    std::erase(handle.sharing->handles, &handle);
    delete handle.owner;
    return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset)
{
    const Handle& handle = handle_of(file);
    if (handle.is_dead())
        return SQLITE_IOERR_READ;
    const std::string& content = handle.file->content;
    const auto from = std::min(static_cast<std::size_t>(offset), content.size());
    const auto wanted = static_cast<std::size_t>(count);
    const std::size_t there = std::min(wanted, content.size() - from);
    std::memcpy(into, content.data() + from, there);
    if (there == wanted)
        return SQLITE_OK;
    std::memset(static_cast<char*>(into) + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset)
{
    const Handle& handle = handle_of(file);
    if (handle.is_dead())
        return SQLITE_IOERR_WRITE;
    const std::string_view view(static_cast<const char*>(bytes), static_cast<std::size_t>(count));
    return code_of(
        handle.machine->disk.write(*handle.file, static_cast<std::size_t>(offset), view), SQLITE_IOERR_WRITE
    );
}

int truncate(sqlite3_file* file, sqlite3_int64 size)
{
    const Handle& handle = handle_of(file);
    if (handle.is_dead())
        return SQLITE_IOERR_TRUNCATE;
    return code_of(
        handle.machine->disk.truncate(*handle.file, static_cast<std::size_t>(size)), SQLITE_IOERR_TRUNCATE
    );
}

int sync(sqlite3_file* file, int)
{
    const Handle& handle = handle_of(file);
    if (handle.is_dead())
        return SQLITE_IOERR_FSYNC;
    return code_of(handle.machine->disk.sync(*handle.file), SQLITE_IOERR_FSYNC);
}

int file_size(sqlite3_file* file, sqlite3_int64* size)
{
    *size = static_cast<sqlite3_int64>(handle_of(file).file->content.size());
    return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*)
{
    return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*)
{
    return reported_sector;
}
int device_characteristics(sqlite3_file*)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int map_shared_memory(sqlite3_file* file, int region, int size, int extend, void volatile** into)
{
    Handle& handle = handle_of(file);
    *into = nullptr;
    if (handle.is_dead())
        return SQLITE_IOERR_SHMMAP;
    Sharing& sharing = *handle.sharing;
    if (!std::exchange(handle.is_mapped, true))
        ++sharing.mapped;
    const auto index = static_cast<std::size_t>(region);
    if (index >= sharing.regions.size()) {
        if (extend == 0)
            return SQLITE_OK;
        while (sharing.regions.size() <= index)
            sharing.regions.emplace_back(static_cast<std::size_t>(size));
    }
    *into = sharing.regions[index].data();
    return SQLITE_OK;
}

int lock_shared_memory(sqlite3_file* file, int offset, int count, int flags)
{
    Handle& handle = handle_of(file);
    const auto first = static_cast<std::size_t>(offset);
    const std::size_t end = first + static_cast<std::size_t>(count);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        for (std::size_t slot = first; slot < end; ++slot)
            unlock_shared_memory(handle, slot);
        return SQLITE_OK;
    }
    if (handle.is_dead())
        return SQLITE_IOERR_SHMLOCK;
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (std::size_t slot = first; slot < end; ++slot) {
        const Sharing::Slot& place = handle.sharing->slots.at(slot);
        const int others = place.shared - (handle.shm_shared.at(slot) ? 1 : 0);
        const bool is_taken = place.exclusive != nullptr && place.exclusive != &handle;
        if (is_taken || (exclusive && others > 0))
            return SQLITE_BUSY;
    }
    for (std::size_t slot = first; slot < end; ++slot) {
        Sharing::Slot& place = handle.sharing->slots.at(slot);
        if (exclusive)
            place.exclusive = &handle;
        else if (!std::exchange(handle.shm_shared.at(slot), true))
            ++place.shared;
    }
    return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

const sqlite3_io_methods methods{
    .iVersion = 2,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = map_shared_memory,
    .xShmLock = lock_shared_memory,
    .xShmBarrier = barrier,
    .xShmUnmap = unmap_shared_memory,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* into, int flags, int* flags_out)
{
    Machine& machine = machine_of(vfs);
    Handle& handle = handle_of(into);
    handle.base.pMethods = nullptr;
    const std::string name = path != nullptr ? path : "";
    Disk::FilePtr file = machine.disk.find(name);
    if (!file && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    if (!file)
        file = machine.disk.create(name);
    handle.machine = &machine;
    handle.file = file.get();
    handle.owner = new Disk::FilePtr(file);
    handle.boot = machine.disk.boot();
    handle.sharing = &machine.sharing[{handle.boot, name}];
    handle.sharing->handles.push_back(&handle);
    handle.lock = SQLITE_LOCK_NONE;
    handle.is_mapped = false;
    handle.shm_shared = {};
    handle.base.pMethods = &methods;
    if (flags_out != nullptr)
        *flags_out = flags;
    return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int)
{
    Disk& disk = machine_of(vfs).disk;
    if (!disk.find(name))
        return SQLITE_IOERR_DELETE_NOENT;
    return code_of(disk.remove(name), SQLITE_IOERR_DELETE);
}

int access(sqlite3_vfs* vfs, const char* name, int, int* result)
{
    const Disk::FilePtr file = machine_of(vfs).disk.find(name);
    *result = file ? 1 : 0;
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* into)
{
    sqlite3_snprintf(size, into, "%s", name);
    return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int count, char* into)
{
    base::Random& random = machine_of(vfs).random;
    for (int i = 0; i < count; ++i)
        into[i] = static_cast<char>(random.between(0, 255));
    return count;
}

int sleep(sqlite3_vfs*, int microseconds)
{
    return microseconds;
}

int current_time(sqlite3_vfs* vfs, sqlite3_int64* into)
{
    constexpr sqlite3_int64 julian_unix_epoch_ms = 210'866'760'000'000;
    *into = julian_unix_epoch_ms + base::to_unix_ms(machine_of(vfs).timeline.wall());
    return SQLITE_OK;
}

int current_time_in_days(sqlite3_vfs* vfs, double* into)
{
    sqlite3_int64 milliseconds = 0;
    current_time(vfs, &milliseconds);
    *into = static_cast<double>(milliseconds) / 86'400'000.0;
    return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*)
{
    return SQLITE_OK;
}

}  // namespace

class DiskVfs::Impl {
public:
    Impl(Disk& disk, const Timeline& timeline, const std::string& name, Role role, std::uint64_t seed)
        : machine_{.disk = disk, .timeline = timeline, .random = base::Random(seed), .sharing = {}}
    {
        vfs_.iVersion = 2;
        vfs_.szOsFile = sizeof(Handle);
        vfs_.mxPathname = most_path;
        vfs_.zName = name.c_str();
        vfs_.pAppData = &machine_;
        vfs_.xOpen = open;
        vfs_.xDelete = remove;
        vfs_.xAccess = access;
        vfs_.xFullPathname = full_path;
        vfs_.xRandomness = randomness;
        vfs_.xSleep = sleep;
        vfs_.xCurrentTime = current_time_in_days;
        vfs_.xGetLastError = last_error;
        vfs_.xCurrentTimeInt64 = current_time;
        sqlite3_vfs_register(&vfs_, role == Role::machine ? 1 : 0);
        if (role == Role::machine)
            sqlite3_randomness(0, nullptr);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { sqlite3_vfs_unregister(&vfs_); }

private:
    Machine machine_;
    sqlite3_vfs vfs_{};
};

DiskVfs::DiskVfs(Disk& disk, const Timeline& timeline, std::string name, Role role, std::uint64_t seed)
    : name_(std::move(name)),
      impl_(std::make_unique<Impl>(disk, timeline, name_, role, seed))
{
}

DiskVfs::~DiskVfs() = default;

}  // namespace pollhook::simulation
