#include "job_progress.hpp"

#include "exit_code.hpp"
#include "output.hpp"
#include "terminal.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_interval{250};
/// A daemon that restarts is back by then; the job goes on where it was.
constexpr std::chrono::seconds patience{60};

/// `replay to ops`, `retry`
std::string what(const json::object& job)
{
    if (shown(job, "kind") == "replay")
        return "replay to " + shown(job, "sink");
    return "retry";
}

/// How far it is, rewritten in place; silent where nobody looks.
class Progress {
public:
    void show(const json::object& job)
    {
        if (!is_watched_)
            return;
        fmt::print(stderr, "\r\x1b[K{}: {} of {}", what(job), shown(job, "examined"), shown(job, "total"));
        std::fflush(stderr);
        is_shown_ = true;
    }
    /// Before anything else is printed.
    void clear()
    {
        if (std::exchange(is_shown_, false))
            fmt::print(stderr, "\r\x1b[K");
    }

private:
    bool is_watched_ = ::isatty(STDERR_FILENO) == 1;
    bool is_shown_ = false;
};

/// The job once it has ended.
Outcome<json::object> wait_for_end(Session& session, json::object job)
{
    const std::string path = "/v1/jobs/" + shown(job, "id");
    Progress progress;
    auto reached_at = steady_clock::now();
    while (shown(job, "state") == "running") {
        progress.show(job);
        std::this_thread::sleep_for(look_interval);
        auto seen = session.daemon.get_object(path);
        const bool gone = !seen && seen.error().exit_code == exit_code::unreachable;
        if (gone && steady_clock::now() - reached_at < patience)
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

void print_job(const json::object& job, OutputFormat output)
{
    if (output != OutputFormat::table) {
        print_line(job);
        return;
    }
    const std::string state = shown(job, "state");
    if (state == "running")
        print(
            fmt::format("job {} has begun: {}, {} match\n", shown(job, "id"), what(job), shown(job, "total"))
        );
    else
        print(fmt::format(
            "job {} {}: {}, {} of {} examined, {} deliveries are on their way\n",
            shown(job, "id"),
            state,
            what(job),
            shown(job, "examined"),
            shown(job, "total"),
            shown(job, "deliveries")
        ));
}

}  // namespace

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
