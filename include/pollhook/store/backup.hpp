#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace pollhook::store {

enum class Existing : std::uint8_t { is_kept, is_replaced };

/// Copies the database `file` to `target` as it is at one moment, also while a daemon writes to it: the copy
/// is made from one read transaction, which holds up no commit; meanwhile the daemon's log grows.
///
/// `target` appears when the copy is whole and on disk, with mode 0600, and not before. `progress` is told
/// the bytes copied so far and of all. How large it is. Blocks. Throws StartError: Errc::not_writable for the
/// target, something else for what is no database that this version knows.
std::uint64_t copy_database(
    const std::filesystem::path& file,
    const std::filesystem::path& target,
    Existing existing,
    const std::function<void(std::uint64_t done, std::uint64_t all)>& progress
);

}  // namespace pollhook::store
