#pragma once

#include "pollhook/store/sqlite_store.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace pollhook::store {

/// What the write probe's finding that there is no space means.
enum class FullDisk : std::uint8_t { is_error, is_borne };

/// Opens the only connection that writes and checkpoints, with the settings that make a commit outlast a
/// power cut, checks the file, brings its schema up to date and proves that it can be written. `vfs` is that
/// of `options` or one on top of it. Throws StartError and SQLite::Exception.
SQLite::Database open_writer(
    const SqliteOptions& options, const std::string& vfs, FullDisk full_disk = FullDisk::is_error
);

/// Opens a connection that only reads and never checkpoints.
/// A database of whomever, beside a daemon that may use it: reads only and leaves its log alone. Throws
/// SQLite::Exception.
SQLite::Database open_to_look(const std::filesystem::path& file);
SQLite::Database open_reader(const SqliteOptions& options);

/// Copies the whole database to `target` with SQLite's backup interface, durably. What was there is replaced.
/// Throws SQLite::Exception and StartError.
void back_up(SQLite::Database& database, const SqliteOptions& options, const std::filesystem::path& target);

/// What an exception of a statement means for the store.
Errc meaning_of(const SQLite::Exception& failure) noexcept;

}  // namespace pollhook::store
