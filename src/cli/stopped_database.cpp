#include "stopped_database.hpp"

#include "client_options.hpp"
#include "exit_code.hpp"
#include "loop.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/service/store_options.hpp"
#include "pollhook/store/failure.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "user_name.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace pollhook::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

Failure failed(std::string message, std::string hint = {})
{
    Failure failure;
    failure.exit_code = exit_code::failed;
    failure.message = std::move(message);
    failure.hint = std::move(hint);
    return failure;
}

/// What another user makes beside the database, the daemon could not write to.
std::optional<Failure> refusal(const std::filesystem::path& file)
{
    const std::string shown = base::printable(file.string(), 4096);
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0)
        return failed(fmt::format("cannot open {}: {}", shown, std::generic_category().message(errno)));
    if (status.st_uid == ::geteuid())
        return std::nullopt;
    const std::string owner = user_name(status.st_uid);
    return failed(
        fmt::format("{} belongs to the user {}", shown, owner),
        fmt::format("while no daemon runs, prune as that user: sudo -u {} pollhook db prune", owner)
    );
}

/// All of it belongs to prune_stopped(), which runs the loop.
asio::awaitable<void> prune(
    store::SqliteStore& store,
    const DbPruneOptions& options,
    base::TimePoint before,
    base::TimePoint now,
    const std::function<void(std::uint64_t)>& progress,
    std::uint64_t& tasks
)
{
    constexpr std::size_t step = 200;
    bool is_done = options.dry_run;
    if (options.dry_run) {
        const auto count = co_await store.count_prunable(before);
        store::throw_if_failed(count);
        tasks = *count;
    }
    while (!is_done) {
        const auto pruned = co_await store.prune(before, step, now);
        store::throw_if_failed(pruned);
        tasks += pruned->tasks;
        is_done = pruned->is_done;
        progress(tasks);
    }
    co_await store.close();
}

}  // namespace

Outcome<std::optional<json::object>> prune_stopped(
    const DbPruneOptions& options,
    const std::optional<std::filesystem::path>& config,
    const std::function<void(std::uint64_t tasks)>& progress
)
{
    const auto environment = config::process_environment();
    const auto loaded =
        config::load(config::find(config, environment), environment, config::MissingSecret::stays_empty);
    if (!loaded)
        throw ConfigurationError(loaded.error().text());
    store::SqliteOptions files = service::store_options(*loaded);
    if (auto refused = refusal(files.directory / files.file))
        return std::move(*refused);

    const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
    const base::Duration age = options.older_than.value_or(loaded->store.retention);
    const base::TimePoint before = std::max(now - age, base::TimePoint{});
    std::uint64_t tasks = 0;
    asio::io_context loop(1);
    try {
        store::SqliteStore store(loop.get_executor(), std::move(files));
        run_to_end(loop, prune(store, options, before, now, progress, tasks));
    } catch (const store::StartError& error) {
        if (error.code() == store::Errc::in_use)
            return std::optional<json::object>();
        return failed(base::printable(error.what(), 500));
    } catch (const store::Failure& failure) {
        return failed(base::printable(failure.what(), 500));
    }
    json::object answer;
    answer["before"] = base::format_rfc3339(before);
    answer["tasks"] = tasks;
    answer["done"] = true;
    answer["dryRun"] = options.dry_run;
    return std::optional<json::object>(std::move(answer));
}

}  // namespace pollhook::cli
