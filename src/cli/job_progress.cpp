#include "job_progress.hpp"

#include "exit_code.hpp"
#include "output.hpp"
#include "progress_line.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds progress_interval{250};
/// A daemon that restarts is back by then; the job goes on where it was.
constexpr std::chrono::seconds patience_with_restarts{60};

std::string progress_of(const json::object& job)
{
    return fmt::format("{}: {} of {}", job_text(job), shown(job, "examined"), shown(job, "total"));
}

/// The job once it has ended.
Outcome<json::object> wait_for_end(Session& session, json::object job)
{
    const std::string path = "/v1/jobs/" + shown(job, "id");
    ProgressLine progress;
    auto reached_at = steady_clock::now();
    while (shown(job, "state") == "running") {
        progress.show(progress_of(job));
        std::this_thread::sleep_for(progress_interval);
        auto seen = session.daemon.get_object(path);
        const bool gone = !seen && seen.error().exit_code == exit_code::unreachable;
        if (gone && steady_clock::now() - reached_at < patience_with_restarts)
            continue;
        if (!seen) {
            progress.clear();
            return seen.error();
        }
        reached_at = steady_clock::now();
        job = std::move(*seen);
    }
    progress.clear();
    return job;
}

}  // namespace

std::string job_text(const json::object& job)
{
    if (shown(job, "kind") == "replay")
        return "replay to " + shown(job, "sink");
    return "retry";
}

void print_job(const json::object& job, OutputFormat output)
{
    if (output != OutputFormat::table) {
        print_line(job);
        return;
    }
    const std::string state = shown(job, "state");
    if (state == "running")
        print(fmt::format(
            "job {} has begun: {}, {} match\n", shown(job, "id"), job_text(job), shown(job, "total")
        ));
    else
        print(fmt::format(
            "job {} {}: {}, {} of {} examined, {} deliveries are on their way\n",
            shown(job, "id"),
            state,
            job_text(job),
            shown(job, "examined"),
            shown(job, "total"),
            shown(job, "deliveries")
        ));
}

int follow_job(Session& session, const std::string& created, Waiting waiting)
{
    auto job = read_object(created);
    if (job && waiting == Waiting::yes)
        job = wait_for_end(session, std::move(*job));
    if (!job)
        return report(job.error());
    print_job(*job, session.output);
    return shown(*job, "state") == "cancelled" ? exit_code::failed : exit_code::ok;
}

}  // namespace pollhook::cli
