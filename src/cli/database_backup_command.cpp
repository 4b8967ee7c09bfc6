#include "commands.hpp"
#include "configured_database.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/store/backup.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "progress_line.hpp"
#include "terminal.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

namespace pollhook::cli {
namespace {

double mebibytes(std::uint64_t bytes)
{
    return static_cast<double>(bytes) / (1024.0 * 1024);
}

}  // namespace

int db_backup(const DbBackupOptions& options)
{
    std::error_code ignored;
    if (std::filesystem::is_directory(options.file, ignored)) {
        const std::string directory = base::printable(options.file.string());
        print_error(
            fmt::format("{} is a directory", directory),
            fmt::format("name a file in it: {}", base::printable((options.file / "pollhook.db").string()))
        );
        return exit_code::bad_input;
    }
    const std::filesystem::path file = configured_database(options.config);
    ProgressLine progress;
    try {
        const std::uint64_t bytes = store::copy_database(
            file,
            options.file,
            options.force ? store::Existing::is_replaced : store::Existing::is_kept,
            [&](std::uint64_t done, std::uint64_t all) {
                progress.show(fmt::format("{:.0f} of {:.0f} MiB", mebibytes(done), mebibytes(all)));
            }
        );
        progress.clear();
        const std::string target = options.file.string();
        if (options.output == OutputFormat::table)
            print(fmt::format("{}: {:.1f} MiB\n", base::printable(target), mebibytes(bytes)));
        else
            print_line({{"database", file.string()}, {"backup", target}, {"bytes", bytes}});
        return exit_code::ok;
    } catch (const store::StartError& failure) {
        progress.clear();
        const bool exists = failure.code() == store::Errc::not_writable &&
                            std::string_view(failure.what()).ends_with("exists");
        print_error(base::printable(failure.what(), 500), exists ? "--force replaces it" : "");
        return failure.code() == store::Errc::not_writable ? exit_code::failed : exit_code::bad_input;
    }
}

}  // namespace pollhook::cli
