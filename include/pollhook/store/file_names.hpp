#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

/// The names of the files that a store writes in its directory.
namespace pollhook::store {

/// Held by the process that uses the directory.
inline constexpr std::string_view lock_file = "lock";
/// Space to give up when the disk is full.
inline constexpr std::string_view reserve_file = "reserve";
/// What SQLite puts beside a database; the first is the database.
inline constexpr std::array side_files{"", "-wal", "-shm", "-journal"};

/// All of them, for a database of the name `database`.
inline std::vector<std::string> own_files(std::string_view database)
{
    std::vector<std::string> names{std::string(lock_file), std::string(reserve_file)};
    for (const char* const side : side_files)
        names.emplace_back(database).append(side);
    return names;
}

}  // namespace pollhook::store
