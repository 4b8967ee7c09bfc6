#pragma once

#include "disk.hpp"
#include "timeline.hpp"

#include <sqlite3.h>

#include <memory>
#include <string>

namespace pollhook::simulation {

/// Shows a Disk to SQLite, under a name of its own, as long as it lives. One thread.
///
/// It behaves as SQLite's own VFS does on Linux: 4096-byte sectors, and a write that is torn by a power cut
/// leaves its neighbours alone (SQLITE_IOCAP_POWERSAFE_OVERWRITE). Shared memory is memory: no crash leaves
/// any of it.
class DiskVfs {
public:
    enum class Role : std::uint8_t {
        /// SQLite's default, and the source of its randomness, which begins anew.
        machine,
        inspection,
    };

    /// Both must outlive it.
    DiskVfs(Disk& disk, const Timeline& timeline, std::string name, Role role, std::uint64_t seed);
    DiskVfs(const DiskVfs&) = delete;
    DiskVfs& operator=(const DiskVfs&) = delete;
    ~DiskVfs();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    class Impl;
    std::string name_;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::simulation
