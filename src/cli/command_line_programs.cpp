#include "command_options.hpp"
#include "command_tree.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace pollhook::cli {

void CommandTree::add_programs()
{
    auto run = leaf<RunOptions>(
        app_, "run", "Run the daemon in the foreground", "pollhook run -c /etc/pollhook/pollhook.toml"
    );
    explain(
        *run.app,
        "SIGTERM and SIGINT stop it in order, a second one at once. SIGHUP reloads the configuration and "
        "opens\nthe files of file sinks again."
    );
    add_path(*run.app, "-c,--config", run.options->config, "FILE", config_text);

    auto reload = client_leaf<ReloadOptions>(
        app_, "reload", "Let the daemon read its configuration again", "pollhook reload --wait"
    );
    explain(
        *reload.app,
        "All or nothing: when something is wrong, the daemon goes on with what it has. With --wait the exit\n"
        "code is 0 when it has happened, 78 when the configuration is wrong."
    );
    reload.app->add_flag("--wait", reload.options->wait, "Wait, and tell what changed or what is wrong");

    auto demo = leaf<DemoOptions>(
        app_, "demo", "Show a relay, the daemon and a receiver at work", "pollhook demo --port 8780"
    );
    explain(
        *demo.app,
        "All in one process on loopback, nothing to configure; its files are temporary. Ctrl-C ends it."
    );
    add_value(*demo.app, "--port", demo.options->port, "N", "Of the admin API; else any free one");
    const auto read_seconds = [options = demo.options](const std::uint32_t& seconds) {
        options->seconds = std::chrono::seconds(seconds);
    };
    demo.app->add_option_function<std::uint32_t>("--seconds", read_seconds, "End by itself after that long")
        ->option_text("N");
    add_color(*demo.app, demo.options->color);
}

void CommandTree::add_simulation()
{
    auto simulate = leaf<SimulateOptions>(
        app_,
        "simulate",
        "Run a relay to try things with",
        "pollhook simulate --tasks-per-minute 30 --fault 500:0.1 --fault html:0.05\n"
        "  pollhook simulate --tasks 0 --life \"0s SUBMITTED 0%, 2s IN_PROGRESS 30%, 5s SUCCESS 100%\""
    );
    explain(
        *simulate.app,
        "It speaks both dialects, until Ctrl-C, and prints each task that it starts, as NDJSON that\n"
        "\"pollhook task import -\" reads."
    );
    SimulateOptions& options = *simulate.options;
    CLI::App& app = *simulate.app;
    add_value(app, "--listen", options.listen, "ADDR=127.0.0.1:8781", "Where to listen; port 0: any");
    add_value(app, "--api-key", options.api_key, "KEY", "Asked of everybody; else everybody may ask");
    add_value(app, "--auth", options.auth, "FORM=bearer", "How the key comes: bearer, raw or mj-api-secret");
    const auto read_seed = [&options](const std::uint64_t& seed) { options.seed = seed; };
    app.add_option_function<std::uint64_t>("--seed", read_seed, "Repeats a run; else random")
        ->option_text("N");
    add_value(app, "--speed", options.speed, "X=1", "Simulated seconds in a real one")
        ->check(CLI::Range(0.001, 1e6));
    add_value(
        app,
        "--fault",
        options.faults,
        "SPEC...",
        "KIND[:PROBABILITY[:ARGUMENT]]: 500:0.1, 429:0.1:30, slow:0.5:3s"
    );
    add_value(app, "--tasks", options.tasks, "N=20", "Random tasks that are there from the start")
        ->check(CLI::Range(std::size_t{0}, std::size_t{100'000}));
    add_value(
        app, "--tasks-per-minute", options.tasks_per_minute, "R=0", "Random tasks that come while it runs"
    )
        ->check(CLI::Range(0.0, 60'000.0));
    add_value(app, "--provider", options.provider, "NAME=relay", "What your configuration calls this relay");
    add_value(
        app, "--batch-limit", options.batch_limit, "N", "Ids that one request may ask for; else any number"
    );
    add_value(
        app, "--life", options.lives, "SCRIPT", "A task with this life: DURATION STATUS [PROGRESS], ..."
    );

    auto listen = leaf<ListenOptions>(
        app_,
        "listen",
        "Run a webhook receiver that verifies and prints",
        "pollhook listen --secret-file secret.txt --fail 503:0.2 --fail hang:0.05"
    );
    explain(*listen.app, "It prints what comes as NDJSON, until Ctrl-C, and fails when told to.");
    ListenOptions& listening = *listen.options;
    add_value(
        *listen.app, "--listen", listening.listen, "ADDR=127.0.0.1:8782", "Where to listen; port 0: any"
    );
    add_path(
        *listen.app,
        "--secret-file",
        listening.secret_file,
        "FILE",
        "Signing secrets (whsec_...), one a line; else POLLHOOK_WEBHOOK_SECRET"
    );
    add_value(
        *listen.app,
        "--public-key",
        listening.public_keys,
        "KEY...",
        "Verify v1a too, with this key (whpk_...)"
    );
    add_path(
        *listen.app,
        "--hub-secret-file",
        listening.hub_secret_file,
        "FILE",
        "Verify X-Hub-Signature-256 as well"
    );
    add_value(
        *listen.app,
        "--fail",
        listening.failures,
        "SPEC...",
        "KIND[:PROBABILITY[:ARGUMENT]]: 503:0.2, 410, hang:0.1"
    );
}

void CommandTree::add_config()
{
    CLI::App& config = group("config", "Check, show, describe or begin a configuration");
    auto check = leaf<ConfigCheckOptions>(
        config, "check", "Name every mistake with its line", "pollhook config check ./pollhook.toml"
    );
    add_path(*check.app, "FILE,-c,--config", check.options->file, no_default, config_text);
    add_output(*check.app);
    auto show = leaf<ConfigShowOptions>(
        config, "show", "Print what is in effect, without secrets", "pollhook config show ./pollhook.toml"
    );
    explain(*show.app, "-o table, the default, is TOML.");
    add_path(*show.app, "FILE,-c,--config", show.options->file, no_default, config_text);
    add_output(*show.app);
    auto schema = leaf<ConfigSchemaOptions>(
        config,
        "schema",
        "Print a JSON Schema of the configuration",
        "pollhook config schema > pollhook.schema.json"
    );
    explain(*schema.app, "Draft 4. Editors with a TOML plug-in complete and check keys with it.");
    auto init = leaf<ConfigInitOptions>(
        config,
        "init",
        "Write a configuration that describes every key",
        "pollhook config init ./pollhook.toml"
    );
    add_path(
        *init.app, "FILE", init.options->file, no_default, "Where to; never overwritten. \"-\" prints it"
    );
}

}  // namespace pollhook::cli
