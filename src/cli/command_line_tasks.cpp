#include "command_options.hpp"
#include "command_tree.hpp"

#include <string>

namespace pollhook::cli {

void CommandTree::add_tasks()
{
    CLI::App& task = group("task", "Register, list and await tasks");
    const char* ids_text = "The tasks' ids at the relay";

    auto add = client_leaf<TaskAddOptions>(
        task,
        "add",
        "Watch tasks",
        "pollhook task add quickrouter 1743326750223591 --webhook-url https://shop.example.com/hook"
    );
    explain(*add.app, "Ids that begin with \"-\" go behind \"--\": pollhook task add quickrouter -- -x1 -x2");
    add_task_key(*add.app, add.options->provider);
    add_value(*add.app, "ID", add.options->ids, "...", ids_text)->required();
    add_value(*add.app, "--webhook-url", add.options->webhook_url, "URL", "Who is told of each change");
    add_value(*add.app, "--metadata", add.options->metadata, "JSON", "An object that every event carries");
    add.app->add_flag("--wait", add.options->wait, "Then wait for the end, as \"task wait\" does");

    auto list = client_leaf<TaskListOptions>(
        task,
        "list",
        "List tasks, the newest first",
        "pollhook task list --status running --provider quickrouter"
    );
    add_value(*list.app, "--status", list.options->status, "STATE", "Only those in this state");
    add_value(*list.app, "--provider", list.options->provider, "NAME", "Only this provider's");
    add_value(*list.app, "-q,--query", list.options->q, "TEXT", "Only those that contain this text");
    add_paging(*list.app, list.options->paging);

    auto show = client_leaf<TaskShowOptions>(
        task, "show", "Show one task with its history", "pollhook task show quickrouter 1743326750223591"
    );
    add_task_key(*show.app, show.options->provider);
    add_value(*show.app, "ID", show.options->id, no_default, "The task's id at the relay")->required();

    auto wait = client_leaf<TaskWaitOptions>(
        task,
        "wait",
        "Wait until tasks have ended",
        "pollhook task wait quickrouter 1743326750223591 --timeout 10m"
    );
    explain(
        *wait.app,
        "Exit code: 0 succeeded, 1 failed, 2 cancelled, 3 lost or expired, 4 no longer watched, 124 "
        "time-out;\nthe worst of several."
    );
    add_task_key(*wait.app, wait.options->provider);
    add_value(*wait.app, "ID", wait.options->ids, "...", ids_text)->required();
    const auto read_timeout = [options = wait.options](const std::string& text) {
        options->timeout = base::parse_duration(text);
        if (!options->timeout)
            throw CLI::ValidationError("--timeout", "must be a duration such as 90s, 5m or 2h");
    };
    add_reader(*wait.app, "--timeout", read_timeout, "DURATION", "Give up after that long");

    auto remove = client_leaf<TaskRemoveOptions>(
        task, "remove", "Stop watching tasks", "pollhook task remove quickrouter 1743326750223591"
    );
    add_task_key(*remove.app, remove.options->provider);
    add_value(*remove.app, "ID", remove.options->ids, "...", ids_text)->required();

    auto import = client_leaf<TaskImportOptions>(
        task,
        "import",
        "Watch every task of a file",
        "pollhook task import tasks.ndjson\n  cut -d, -f1 jobs.csv | pollhook task import - --provider "
        "quickrouter"
    );
    explain(
        *import.app,
        "A line is a JSON object, as for POST /v1/tasks, or an id. A source may go on for ever: what it "
        "gives is\n"
        "registered within a second."
    );
    add_value(*import.app, "FILE", import.options->file, no_default, "\"-\" is standard input")->required();
    add_value(*import.app, "--provider", import.options->provider, "NAME", "For lines that name none");
    add_value(*import.app, "--webhook-url", import.options->webhook_url, "URL", "For lines that name none");
}

void CommandTree::add_records(base::TimePoint now)
{
    CLI::App& event = group("event", "List and follow what happened to tasks");
    auto events = client_leaf<EventListOptions>(
        event, "list", "List events, the newest first", "pollhook event list --since 2h --type task.failed"
    );
    EventListOptions& wanted = *events.options;
    add_time(*events.app, "--since", wanted.since, now, "From then on");
    const auto add_filters = [](CLI::App& app, auto& options) {
        add_value(
            app, "--type", options.types, "TYPE...", "Only of these types, such as task.failed or sink.*"
        );
        add_value(app, "--provider", options.providers, "NAME...", "Only of these providers");
        add_value(app, "--task", options.tasks, "PROVIDER/ID...", "Only of these tasks");
    };
    add_filters(*events.app, wanted);
    add_value(*events.app, "--order", wanted.order, "ORDER=desc", "desc: the newest first; asc: the oldest");
    add_paging(*events.app, wanted.paging);

    auto tail = client_leaf<EventTailOptions>(
        event,
        "tail",
        "Follow events as they are stored",
        "pollhook event tail --since 10m\n  pollhook event tail --type task.failed -o ndjson"
    );
    explain(
        *tail.app,
        "It goes on where it was when the daemon restarts: nothing is lost, nothing comes twice. -o json "
        "and\n"
        "ndjson both print an object a line. Exit code: 75 when as many follow already as the daemon serves."
    );
    EventTailOptions& following = *tail.options;
    add_time(*tail.app, "--since", following.since, now, "Begin with what happened from then on");
    add_filters(*tail.app, following);
    add_value(*tail.app, "-n,--count", following.count, "N", "End after that many events; else never")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}));
}

}  // namespace pollhook::cli
