#pragma once

#include "pollhook/base/file_descriptor.hpp"

#include <filesystem>

namespace pollhook::store {

/// Whether the file system of `path` has room for the little that SQLite needs in any case; also when nobody
/// can tell.
bool has_free_space(const std::filesystem::path& path) noexcept;

/// The directory that holds the database, kept for this process alone by a lock on its file `lock`, and a
/// reserve of disk space in its file `reserve` (settling, deleting and checkpointing need space too when the
/// disk is full).
class StateDirectory {
public:
    /// Makes the directory when it is missing (mode 0700), locks it and makes the reserve when there is
    /// space. Throws StartError.
    explicit StateDirectory(std::filesystem::path path);
    StateDirectory(const StateDirectory&) = delete;
    StateDirectory& operator=(const StateDirectory&) = delete;

    /// Makes an empty database file with mode 0600, or gives an existing one that mode. SQLite copies the
    /// mode to its other files.
    void protect(const std::filesystem::path& file) const;

    /// Gives the reserved space back to the file system.
    void release_reserve() noexcept;
    /// Makes the reserve anew when it was released; false when there is no space for it.
    bool restore_reserve() noexcept;
    /// Whether there is space beside the reserve, which it makes anew when it was released.
    bool has_space() noexcept { return restore_reserve() && has_free_space(path_); }

private:
    void lock();

    std::filesystem::path path_;
    base::FileDescriptor lock_;
    bool reserved_ = false;
};

/// Makes a file, or a directory's entries, durable. Throws StartError.
void sync_to_disk(const std::filesystem::path& path);

}  // namespace pollhook::store
