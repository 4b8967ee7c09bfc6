#include "client_options.hpp"
#include "commands.hpp"
#include "configured_database.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/config/load.hpp"
#include "progress_line.hpp"
#include "session.hpp"
#include "stopped_database.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

using Progress = std::function<void(std::uint64_t tasks)>;

std::uint64_t tasks_of(const json::object& step)
{
    const json::value* tasks = step.if_contains("tasks");
    return tasks != nullptr && tasks->is_int64() ? static_cast<std::uint64_t>(tasks->get_int64()) : 0;
}

/// The daemon deletes in bounded steps, between which it delivers.
Outcome<json::object> prune_through(
    AdminClient& daemon, const DbPruneOptions& options, const Progress& progress
)
{
    json::object body;
    if (options.older_than)
        body["olderThan"] = base::format_duration(*options.older_than);
    body["dryRun"] = options.dry_run;
    std::uint64_t tasks = 0;
    json::object step;
    do {
        const auto answer = daemon.post("/v1/prune", json::serialize(body));
        if (!answer)
            return answer.error();
        auto read = read_object(answer->body);
        if (!read)
            return read.error();
        step = std::move(*read);
        tasks += tasks_of(step);
        progress(tasks);
    } while (shown(step, "done") == "false");
    step["tasks"] = tasks;
    return step;
}

/// Whether this user may read a configuration here, and the database is there of which it speaks. Who only
/// asks daemons elsewhere has neither.
bool has_database(const std::optional<std::filesystem::path>& config)
{
    if (!config && ::access(config::find(config, config::process_environment()).c_str(), R_OK) != 0)
        return false;
    std::error_code ec;
    return std::filesystem::status(configured_database(config), ec).type() !=
           std::filesystem::file_type::not_found;
}

bool is_on_this_host(std::string_view admin)
{
    return std::ranges::any_of(
        std::array<std::string_view, 4>{"unix:", "http://127.", "http://localhost", "http://[::1]"},
        [admin](std::string_view local) { return admin.starts_with(local); }
    );
}

/// Whether the database of the configuration is meant when no daemon answers. POLLHOOK_ADMIN is set once for
/// all commands, so it does not say that this one is about another database, unless it names another host;
/// --admin does.
bool may_be_stopped(const ClientFlags& flags)
{
    if (!flags.admin.empty())
        return false;
    const std::string admin = config::process_environment()("POLLHOOK_ADMIN").value_or("");
    if (admin.empty())
        return true;
    return (flags.config || is_on_this_host(admin)) && has_database(flags.config);
}

Outcome<json::object> prune(
    const DbPruneOptions& options, const ClientFlags& flags, AdminClient& daemon, const Progress& progress
)
{
    Outcome<json::object> pruned = prune_through(daemon, options, progress);
    const bool no_answer = !pruned && pruned.error().exit_code == exit_code::unreachable;
    if (!no_answer || !may_be_stopped(flags))
        return pruned;
    auto stopped = prune_stopped(options, flags.config, progress);
    if (!stopped)
        return stopped.error();
    if (*stopped)
        return std::move(**stopped);
    return pruned;  // it runs, and does not answer
}

}  // namespace

int db_prune(const DbPruneOptions& options, const ClientFlags& flags)
{
    auto session = open_session(resolve(flags, config::process_environment()));
    if (!session)
        return report(session.error());
    ProgressLine line;
    const auto progress = [&line](std::uint64_t tasks) { line.show(fmt::format("{} tasks deleted", tasks)); };
    const Outcome<json::object> pruned = prune(options, flags, (*session)->daemon, progress);
    line.clear();
    if (!pruned)
        return report(pruned.error());
    if ((*session)->output != OutputFormat::table)
        print_line(*pruned);
    else
        print(fmt::format(
            "{} tasks that ended before {} {}\n",
            shown(*pruned, "tasks"),
            shown_time(*pruned, "before"),
            options.dry_run ? "would be deleted" : "are deleted"
        ));
    return exit_code::ok;
}

}  // namespace pollhook::cli
