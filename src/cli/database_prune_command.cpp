#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/time.hpp"
#include "progress_line.hpp"
#include "session.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdint>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

std::uint64_t tasks_of(const json::object& step)
{
    const json::value* tasks = step.if_contains("tasks");
    return tasks != nullptr && tasks->is_int64() ? static_cast<std::uint64_t>(tasks->get_int64()) : 0;
}

}  // namespace

/// The daemon deletes in bounded steps, between which it delivers.
int db_prune(const DbPruneOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    json::object body;
    if (options.older_than)
        body["olderThan"] = base::format_duration(*options.older_than);
    body["dryRun"] = options.dry_run;
    ProgressLine progress;
    std::uint64_t tasks = 0;
    json::object step;
    bool is_done = false;
    while (!is_done) {
        const auto answer = (*session)->daemon.post("/v1/prune", json::serialize(body));
        auto read = answer ? read_object(answer->body) : Outcome<json::object>(answer.error());
        if (!read) {
            progress.clear();
            return report(read.error());
        }
        step = std::move(*read);
        tasks += tasks_of(step);
        is_done = shown(step, "done") != "false";
        if (!is_done)
            progress.show(fmt::format("{} tasks deleted", tasks));
    }
    progress.clear();
    step["tasks"] = tasks;
    if ((*session)->output != OutputFormat::table)
        print_line(step);
    else
        print(fmt::format(
            "{} tasks that ended before {} {}\n",
            tasks,
            shown_time(step, "before"),
            options.dry_run ? "would be deleted" : "are deleted"
        ));
    return exit_code::ok;
}

}  // namespace pollhook::cli
