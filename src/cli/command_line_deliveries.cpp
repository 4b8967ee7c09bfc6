#include "command_options.hpp"
#include "command_tree.hpp"

#include <string>

namespace pollhook::cli {
namespace {

constexpr const char* task_form = "PROVIDER/ID";
constexpr const char* origin_text = "Only to https://HOST[:PORT]; a configured sink's queue is sink:NAME";

}  // namespace

void CommandTree::add_deliveries(base::TimePoint now)
{
    CLI::App& delivery = group("delivery", "List deliveries and their attempts, try them again");
    auto list = client_leaf<DeliveryListOptions>(
        delivery,
        "list",
        "List deliveries, those of the newest tasks first",
        "pollhook delivery list --state dead"
    );
    DeliveryListOptions& wanted = *list.options;
    const char* states = "pending, inFlight, delivered, dead, superseded or cancelled";
    const char* sink_text = "Only this sink's; \"task\" stands for the tasks' own URLs";
    add_value(*list.app, "--state", wanted.state, "STATE", states);
    add_value(*list.app, "--sink", wanted.sink, "NAME", sink_text);
    add_value(*list.app, "--task", wanted.task, task_form, "Only of this task");
    add_value(*list.app, "--origin", wanted.origin, "ORIGIN", origin_text);
    add_paging(*list.app, wanted.paging);
    auto show = client_leaf<DeliveryShowOptions>(
        delivery, "show", "Show one delivery with its attempts", "pollhook delivery show 12-0-3"
    );
    add_value(*show.app, "ID", show.options->id, no_default, "As \"delivery list\" shows it")->required();

    auto retry = client_leaf<DeliveryRetryOptions>(
        delivery,
        "retry",
        "Try deliveries again that have ended",
        "pollhook delivery retry 12-0-3\n  pollhook delivery retry --state dead --sink ops --dry-run"
    );
    explain(
        *retry.app,
        "One by its ID, or all that match the filters. Many are a job that survives a restart; the order\n"
        "within a task is kept."
    );
    DeliveryRetryOptions& again = *retry.options;
    CLI::App& app = *retry.app;
    add_value(app, "ID", again.id, no_default, "As \"delivery list\" shows it");
    add_value(app, "--state", again.state, "STATE=dead", "dead, cancelled, superseded or delivered");
    add_value(app, "--sink", again.sink, "NAME", sink_text);
    add_value(app, "--task", again.task, task_form, "Only of this task");
    add_value(app, "--origin", again.origin, "ORIGIN", origin_text);
    add_time(app, "--since", again.since, now, "Of events from then on");
    add_time(app, "--until", again.until, now, "Of events before");
    app.add_flag("--dry-run", again.dry_run, "Only tell how many there are");
    add_pace(app, again.rate, again.no_wait);
}

void CommandTree::add_jobs()
{
    CLI::App& job = group("job", "List, show and cancel retries and replays of many");
    const auto add_id = [](CLI::App& app, std::string& id) {
        add_value(app, "ID", id, no_default, "As \"job list\" shows it")->required();
    };
    auto list = client_leaf<JobListOptions>(
        job, "list", "List jobs, the running ones first, then the newest", "pollhook job list"
    );
    add_limit(*list.app, list.options->limit);
    auto show = client_leaf<JobShowOptions>(job, "show", "Show what a job does", "pollhook job show 3");
    add_id(*show.app, show.options->id);
    auto cancel =
        client_leaf<JobCancelOptions>(job, "cancel", "End a job that is running", "pollhook job cancel 3");
    explain(*cancel.app, "What it has re-opened or made so far is delivered.");
    add_id(*cancel.app, cancel.options->id);
}

}  // namespace pollhook::cli
