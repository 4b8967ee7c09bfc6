#include "opening.hpp"

#include "database.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace pollhook::store {

namespace {

/// SQLite calls it an I/O error when the memory that it shares between connections cannot be had.
bool is_without_space(const SqliteOptions& options)
{
    return options.vfs.empty() && !has_free_space(options.directory);
}

std::unique_ptr<Session> begin_session(const SqliteOptions& options, StateDirectory* directory)
{
    try {
        return std::make_unique<Session>(options);
    } catch (const SQLite::Exception& failure) {
        if (meaning_of(failure) != Errc::full && !is_without_space(options))
            throw;
    }
    spdlog::error("store.disk_full: no new tasks are taken until there is space again");
    if (directory != nullptr)
        directory->release_reserve();
    return std::make_unique<Session>(options, FullDisk::is_borne);
}

template <class Open>
auto opened(const SqliteOptions& options, Open open)
{
    try {
        return open();
    } catch (const SQLite::Exception& failure) {
        const std::string file = (options.directory / options.file).string();
        const Errc reason = meaning_of(failure);
        if (reason == Errc::corrupt)
            throw StartError(
                reason,
                fmt::format(
                    "{} is damaged or no database of pollhook ({}): restore a backup", file, failure.what()
                )
            );
        const bool full = reason == Errc::full || is_without_space(options);
        throw StartError(
            full ? Errc::full : reason,
            fmt::format("cannot open {}: {}{}", file, failure.what(), full ? " (the disk is full)" : "")
        );
    }
}

}  // namespace

std::unique_ptr<StateDirectory> open_directory(const SqliteOptions& options)
{
    if (!options.vfs.empty())
        return nullptr;
    auto directory = std::make_unique<StateDirectory>(options.directory);
    directory->protect(options.directory / options.file);
    return directory;
}

std::unique_ptr<Session> open_session(const SqliteOptions& options, StateDirectory* directory)
{
    return opened(options, [&] { return begin_session(options, directory); });
}

std::unique_ptr<Queries> open_queries(const SqliteOptions& options)
{
    return opened(options, [&] {
        return std::make_unique<Queries>(open_reader(options), options.directory / options.file);
    });
}

}  // namespace pollhook::store
