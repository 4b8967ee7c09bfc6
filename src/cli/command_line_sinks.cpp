#include "command_options.hpp"
#include "command_tree.hpp"

#include <string>

namespace pollhook::cli {

void CommandTree::add_sinks(base::TimePoint now)
{
    CLI::App& sink = group("sink", "List, test, pause and resume sinks, replay events to them");
    const auto add_name = [](CLI::App& app, std::string& name) {
        add_value(app, "NAME", name, no_default, "The sink's name in the configuration")->required();
    };
    client_leaf<SinkListOptions>(
        sink, "list", "List sinks with their state and public key", "pollhook sink list"
    );
    auto test = client_leaf<SinkTestOptions>(
        sink, "test", "Send a sink one event of type sink.test", "pollhook sink test ops"
    );
    explain(*test.app, "Exit code: 0 delivered, 1 not. Nothing is stored, and nothing is tried again.");
    add_name(*test.app, test.options->name);
    auto pause = client_leaf<SinkPauseOptions>(
        sink,
        "pause",
        "Send a sink nothing more; all is kept",
        "pollhook sink pause ops --reason \"moving to the new host\""
    );
    add_name(*pause.app, pause.options->name);
    add_value(*pause.app, "--reason", pause.options->reason, "TEXT", "Shown wherever the sink is");
    auto resume = client_leaf<SinkResumeOptions>(
        sink, "resume", "Send a paused sink what waits for it", "pollhook sink resume ops"
    );
    add_name(*resume.app, resume.options->name);

    auto replay = client_leaf<SinkReplayOptions>(
        sink,
        "replay",
        "Send past events to a sink",
        "pollhook sink replay ops --since 2h\n  pollhook sink replay ops --since 2026-11-21T03:00:00Z "
        "--type task.failed --rate 20"
    );
    explain(
        *replay.app,
        "Those that it has never got, and those that it got: receivers tell them apart by webhook-id.\n"
        "It is a job that survives a restart."
    );
    SinkReplayOptions& again = *replay.options;
    CLI::App& app = *replay.app;
    add_name(app, again.name);
    add_time(app, "--since", again.since, now, "Events from then on")->required();
    add_time(app, "--until", again.until, now, "Events before");
    add_value(app, "--type", again.types, "TYPE...", "Only of these types; else those of its configuration");
    app.add_flag("--dry-run", again.dry_run, "Only tell how many there are");
    add_pace(app, again.rate, again.no_wait);

    CLI::App& provider = group("provider", "List, pause and resume providers");
    client_leaf<ProviderListOptions>(
        provider, "list", "List providers and how they answer", "pollhook provider list"
    );
    const auto add_provider = [](CLI::App& to, std::string& name) {
        add_value(to, "NAME", name, no_default, "The provider's name in the configuration")->required();
    };
    auto rest = client_leaf<ProviderPauseOptions>(
        provider,
        "pause",
        "Look at none of a provider's tasks for now",
        "pollhook provider pause quickrouter --reason \"maintenance\""
    );
    explain(*rest.app, "It outlives restarts, and no task becomes lost, stalled or expired because of it.");
    add_provider(*rest.app, rest.options->name);
    add_value(*rest.app, "--reason", rest.options->reason, "TEXT", "Shown wherever the provider is");
    auto go_on = client_leaf<ProviderResumeOptions>(
        provider, "resume", "Look at a paused provider's tasks again", "pollhook provider resume quickrouter"
    );
    add_provider(*go_on.app, go_on.options->name);
}

}  // namespace pollhook::cli
