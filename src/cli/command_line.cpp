#include "command_line.hpp"

#include "exit_code.hpp"
#include "pollhook/base/suggestion.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/version.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

/// The only file that sees CLI11: it takes long to compile, and its own exit codes must not leave.
namespace pollhook::cli {
namespace {

constexpr std::size_t most_rows = 1000;

/// The command tree. The options of each command live as long as the tree; the one that was named is copied
/// out at the end.
class Tree {
public:
    explicit Tree(base::TimePoint now);
    std::variant<Invocation, Answer> parse(std::span<const std::string> arguments);

private:
    template <class Options>
    struct Leaf {
        CLI::App* app;
        Options* options;
    };

    template <class Options>
    Leaf<Options> leaf(
        CLI::App& parent, const std::string& name, const std::string& text, const std::string& example
    );
    template <class Options>
    Leaf<Options> client_leaf(
        CLI::App& parent, const std::string& name, const std::string& text, const std::string& example
    );
    CLI::App& group(const std::string& name, const std::string& text);
    void add_color(CLI::App& app, ColorMode& color);

    void add_programs();
    void add_simulation();
    void add_config();
    void add_tasks();
    void add_records(base::TimePoint now);

    Answer wrong(const std::string& message);
    std::string unexpected(const std::string& word);
    CLI::App& deepest();

    CLI::App app_;
    ClientFlags client_;
    std::optional<Command> chosen_;
};

CLI::Option* add_limit(CLI::App& app, std::size_t& limit)
{
    return app.add_option("--limit", limit, "How many to show, 1 to 1000")
        ->check(CLI::Range(std::size_t{1}, most_rows))
        ->type_name("N")
        ->capture_default_str();
}

CLI::Option* add_config_file(CLI::App& app, std::optional<std::filesystem::path>& file)
{
    const char* text = "The configuration; else POLLHOOK_CONFIG, else /etc/pollhook/pollhook.toml";
    return app
        .add_option_function<std::string>(
            "-c,--config", [&file](const std::string& path) { file = path; }, text
        )
        ->type_name("FILE");
}

CLI::Option* add_file(CLI::App& app, std::optional<std::filesystem::path>& file)
{
    const char* text = "The configuration; else POLLHOOK_CONFIG, else /etc/pollhook/pollhook.toml";
    return app
        .add_option_function<std::string>(
            "FILE", [&file](const std::string& path) { file = path; }, text
        )
        ->type_name("");
}

CLI::Option* add_duration(
    CLI::App& app, const std::string& name, std::optional<base::Duration>& out, const std::string& text
)
{
    const auto read = [&out, name](const std::string& value) {
        out = base::parse_duration(value);
        if (!out)
            throw CLI::ValidationError(name, "must be a duration such as 90s, 5m or 2h");
    };
    return app.add_option_function<std::string>(name, read, text)->type_name("DURATION");
}

Tree::Tree(base::TimePoint now)
    : app_(
          "Watches image and video generation tasks at relay APIs and posts a signed webhook for each change."
      )
{
    app_.name("pollhook");
    app_.set_help_flag("-h,--help", "Print this help");
    app_.set_version_flag("-V,--version", fmt::format("pollhook {}", base::version()), "Print the version");
    app_.get_formatter()->column_width(32);
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.get_formatter()->label("Subcommands", "Commands");
    app_.require_subcommand(1);
    app_.footer(
        "Begin here:\n"
        "  pollhook demo                 a relay, the daemon and a receiver together; nothing to configure\n"
        "  pollhook config init FILE     writes a configuration that describes every key\n"
        "  pollhook run -c FILE          starts the daemon\n"
        "\"pollhook COMMAND --help\" tells more about each command."
    );
    add_programs();
    add_simulation();
    add_config();
    add_tasks();
    add_records(now);
    leaf<VersionOptions>(app_, "version", "Print the version", "pollhook version");
}

template <class Options>
Tree::Leaf<Options> Tree::leaf(
    CLI::App& parent, const std::string& name, const std::string& text, const std::string& example
)
{
    auto options = std::make_shared<Options>();
    CLI::App* app = parent.add_subcommand(name, text);
    app->require_subcommand(0);
    app->footer("Example:\n  " + example);
    app->final_callback([this, options] { chosen_ = *options; });
    return {app, options.get()};
}

template <class Options>
Tree::Leaf<Options> Tree::client_leaf(
    CLI::App& parent, const std::string& name, const std::string& text, const std::string& example
)
{
    auto made = leaf<Options>(parent, name, text, example);
    const std::map<std::string, OutputFormat> formats{
        {"table", OutputFormat::table}, {"json", OutputFormat::json}, {"ndjson", OutputFormat::ndjson}
    };
    auto read_format = [this, formats](const std::string& word) {
        const auto found = formats.find(word);
        if (found == formats.end())
            throw CLI::ValidationError("--output", "must be table, json or ndjson");
        client_.output = found->second;
    };
    auto take_token = [this](const std::string& path) { client_.token_file = path; };
    CLI::App& app = *made.app;
    app.add_option_function<std::string>("-o,--output", read_format, "table, json or ndjson")
        ->type_name("FORMAT")
        ->group("Output");
    app.add_flag_callback(
           "--json", [this] { client_.output = OutputFormat::json; }, "The same as -o json"
    )
        ->group("Output");
    add_color(app, client_.color);
    app.add_option(
           "--admin", client_.admin, "The daemon's admin address; else POLLHOOK_ADMIN, else as configured"
    )
        ->type_name("URL|unix:PATH")
        ->group("Daemon");
    app.add_option_function<std::string>(
           "--token-file", take_token, "Holds the admin token; else POLLHOOK_ADMIN_TOKEN, else as configured"
    )
        ->type_name("FILE")
        ->group("Daemon");
    add_config_file(app, client_.config)->group("Daemon");
    return made;
}

CLI::App& Tree::group(const std::string& name, const std::string& text)
{
    CLI::App* app = app_.add_subcommand(name, text);
    app->require_subcommand(1);
    return *app;
}

void Tree::add_color(CLI::App& app, ColorMode& color)
{
    const auto read = [&color](const std::string& word) {
        if (word == "auto")
            color = ColorMode::automatic;
        else if (word == "always")
            color = ColorMode::always;
        else if (word == "never")
            color = ColorMode::never;
        else
            throw CLI::ValidationError("--color", "must be auto, always or never");
    };
    app.add_option_function<std::string>("--color", read, "auto, always or never; auto heeds NO_COLOR")
        ->type_name("WHEN")
        ->group("Output");
}

void Tree::add_programs()
{
    auto run = leaf<RunOptions>(
        app_, "run", "Run the daemon in the foreground", "pollhook run -c /etc/pollhook/pollhook.toml"
    );
    run.app->description(
        "Run the daemon in the foreground, until SIGTERM or SIGINT stops it in order (a second one at "
        "once).\n"
        "SIGHUP opens the files of file sinks again."
    );
    add_config_file(*run.app, run.options->config);

    auto demo = leaf<DemoOptions>(
        app_, "demo", "Show a relay, the daemon and a receiver at work", "pollhook demo --port 8780"
    );
    demo.app->description(
        "Show a simulated relay, the daemon and a webhook receiver at work, in one process on loopback.\n"
        "Nothing to configure; its files are temporary. Ctrl-C ends it."
    );
    demo.app->add_option("--port", demo.options->port, "Of the admin API; 0: any free port")
        ->type_name("N")
        ->capture_default_str();
    const auto read_seconds = [options = demo.options](const std::uint32_t& seconds) {
        options->seconds = std::chrono::seconds(seconds);
    };
    demo.app->add_option_function<std::uint32_t>("--seconds", read_seconds, "End by itself after that long")
        ->type_name("N");
    add_color(*demo.app, demo.options->color);
}

void Tree::add_simulation()
{
    auto simulate = leaf<SimulateOptions>(
        app_,
        "simulate",
        "Run a relay to try things with",
        "pollhook simulate --listen 127.0.0.1:8781 --tasks-per-minute 30 --fault 500:0.1 --fault html:0.05\n"
        "  pollhook simulate --tasks 0 --life \"0s SUBMITTED 0%, 2s IN_PROGRESS 30%, 5s SUCCESS 100%\""
    );
    simulate.app->description(
        "Run a relay to try things with: both dialects, tasks that live and faults that strike, until "
        "Ctrl-C.\n"
        "Prints the id of each task it starts, as NDJSON that \"pollhook task import\" reads."
    );
    SimulateOptions& options = *simulate.options;
    CLI::App& app = *simulate.app;
    app.add_option("--listen", options.listen, "Where to listen; port 0: any")
        ->type_name("ADDR")
        ->capture_default_str();
    app.add_option("--api-key", options.api_key, "Asked of everybody; none: everybody may ask")
        ->type_name("KEY");
    app.add_option("--auth", options.auth, "How the key comes: bearer, raw or mj-api-secret")
        ->check(CLI::IsMember({"bearer", "raw", "mj-api-secret"}))
        ->type_name("FORM")
        ->capture_default_str();
    app.add_option_function<std::uint64_t>(
           "--seed",
           [&options](const std::uint64_t& seed) { options.seed = seed; },
           "Repeats a run; else random"
    )
        ->type_name("N");
    app.add_option("--speed", options.speed, "Simulated seconds in a real one")
        ->check(CLI::Range(0.001, 1e6))
        ->type_name("X")
        ->capture_default_str();
    app.add_option(
           "--fault",
           options.faults,
           "KIND[:PROBABILITY[:ARGUMENT]], such as 500:0.1, 429:0.1:30, slow:0.5:3s"
    )
        ->type_name("SPEC");
    app.add_option("--tasks", options.tasks, "Random tasks that are there from the start")
        ->check(CLI::Range(std::size_t{0}, std::size_t{100'000}))
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--tasks-per-minute", options.tasks_per_minute, "Random tasks that come while it runs")
        ->check(CLI::Range(0.0, 60'000.0))
        ->type_name("R")
        ->capture_default_str();
    app.add_option("--batch-limit", options.batch_limit, "Ids that one request may ask for; 0: any number")
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--life", options.lives, "A task with this life: DURATION STATUS [PROGRESS], …")
        ->type_name("SCRIPT")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);

    auto listen = leaf<ListenOptions>(
        app_,
        "listen",
        "Run a webhook receiver that verifies and prints",
        "pollhook listen --listen 127.0.0.1:8782 --secret-file secret.txt --fail 503:0.2 --fail hang:0.05"
    );
    listen.app->description(
        "Run a webhook receiver until Ctrl-C: it verifies what comes, prints it as NDJSON, and fails when "
        "told to."
    );
    listen.app->add_option("--listen", listen.options->listen, "Where to listen; port 0: any")
        ->type_name("ADDR")
        ->capture_default_str();
    const auto take_secret = [options_ = listen.options](const std::string& path) {
        options_->secret_file = path;
    };
    listen.app
        ->add_option_function<std::string>(
            "--secret-file",
            take_secret,
            "Signing secrets (whsec_…), one a line; else POLLHOOK_WEBHOOK_SECRET"
        )
        ->type_name("FILE");
    listen.app
        ->add_option(
            "--fail",
            listen.options->failures,
            "KIND[:PROBABILITY[:ARGUMENT]], such as 503:0.2, 410, hang:0.1"
        )
        ->type_name("SPEC");
}

void Tree::add_config()
{
    CLI::App& config = group("config", "Check, show or begin a configuration");
    auto check = leaf<ConfigCheckOptions>(
        config, "check", "Name every mistake with its line", "pollhook config check ./pollhook.toml"
    );
    add_file(*check.app, check.options->file);
    auto show = leaf<ConfigShowOptions>(
        config, "show", "Print what is in effect, without secrets", "pollhook config show ./pollhook.toml"
    );
    add_file(*show.app, show.options->file);
    auto init = leaf<ConfigInitOptions>(
        config,
        "init",
        "Write a configuration that describes every key",
        "pollhook config init ./pollhook.toml"
    );
    add_file(*init.app, init.options->file)->description("Where to; never overwritten. \"-\" prints it");
}

void Tree::add_tasks()
{
    CLI::App& task = group("task", "Register, list and await tasks");
    const char* provider_text = "The provider's name in the configuration";

    auto add = client_leaf<TaskAddOptions>(
        task,
        "add",
        "Watch tasks",
        "pollhook task add quickrouter 1743326750223591 --webhook-url https://shop.example.com/hook"
    );
    add.app->add_option("PROVIDER", add.options->provider, provider_text)->required()->type_name("");
    add.app->add_option("ID", add.options->ids, "The tasks' ids at the relay")->required()->type_name("");
    add.app->add_option("--webhook-url", add.options->webhook_url, "Who is told of each change")
        ->type_name("URL");
    add.app->add_option("--metadata", add.options->metadata, "An object that every event carries")
        ->type_name("JSON");
    add.app->add_flag("--wait", add.options->wait, "Then wait for the end, as \"task wait\" does");

    auto list = client_leaf<TaskListOptions>(
        task,
        "list",
        "List tasks, the newest first",
        "pollhook task list --status running --provider quickrouter"
    );
    list.app->add_option("--status", list.options->status, "Only those in this state")->type_name("STATE");
    list.app->add_option("--provider", list.options->provider, "Only this provider's")->type_name("NAME");
    list.app->add_option("-q,--query", list.options->q, "Only those that contain this text")
        ->type_name("TEXT");
    auto* limit = add_limit(*list.app, list.options->limit);
    list.app->add_flag("--all", list.options->all, "All of them")->excludes(limit);

    auto show = client_leaf<TaskShowOptions>(
        task, "show", "Show one task with its history", "pollhook task show quickrouter 1743326750223591"
    );
    show.app->add_option("PROVIDER", show.options->provider, provider_text)->required()->type_name("");
    show.app->add_option("ID", show.options->id, "The task's id at the relay")->required()->type_name("");

    auto wait = client_leaf<TaskWaitOptions>(
        task,
        "wait",
        "Wait until tasks have ended",
        "pollhook task wait quickrouter 1743326750223591 --timeout 10m"
    );
    wait.app->description(
        "Wait until tasks have ended. Exit code: 0 succeeded, 1 failed, 2 cancelled, 3 lost or expired, 124 "
        "time-out;\n"
        "the worst of several."
    );
    wait.app->add_option("PROVIDER", wait.options->provider, provider_text)->required()->type_name("");
    wait.app->add_option("ID", wait.options->ids, "The tasks' ids at the relay")->required()->type_name("");
    add_duration(*wait.app, "--timeout", wait.options->timeout, "Give up after that long");

    auto remove = client_leaf<TaskRemoveOptions>(
        task, "remove", "Stop watching tasks", "pollhook task remove quickrouter 1743326750223591"
    );
    remove.app->add_option("PROVIDER", remove.options->provider, provider_text)->required()->type_name("");
    remove.app->add_option("ID", remove.options->ids, "The tasks' ids at the relay")
        ->required()
        ->type_name("");

    auto import = client_leaf<TaskImportOptions>(
        task,
        "import",
        "Watch every task of a file",
        "pollhook task import tasks.ndjson\n  cut -d, -f1 jobs.csv | pollhook task import - --provider "
        "quickrouter"
    );
    import.app->description(
        "Watch every task of a file: one JSON object a line, as for POST /v1/tasks, or one id a line."
    );
    import.app->add_option("FILE", import.options->file, "\"-\" is standard input")
        ->required()
        ->type_name("");
    import.app->add_option("--provider", import.options->provider, "For lines that name none")
        ->type_name("NAME");
    import.app->add_option("--webhook-url", import.options->webhook_url, "For lines that name none")
        ->type_name("URL");
}

void Tree::add_records(base::TimePoint now)
{
    CLI::App& event = group("event", "List what happened to tasks");
    auto events = client_leaf<EventListOptions>(
        event, "list", "List events", "pollhook event list --since 2h --type task.failed"
    );
    const auto read_since = [options = events.options, now](const std::string& text) {
        options->since = base::parse_rfc3339(text);
        if (const auto ago = base::parse_duration(text))
            options->since = now - *ago;
        if (!options->since)
            throw CLI::ValidationError(
                "--since", "must be a time such as 2026-11-21T03:18:39Z, or as long ago as 2h"
            );
    };
    events.app->add_option_function<std::string>("--since", read_since, "A time, or how long ago")
        ->type_name("TIME|DURATION");
    events.app->add_option("--type", events.options->types, "Only of these types")->type_name("TYPE");
    add_limit(*events.app, events.options->limit);

    CLI::App& delivery = group("delivery", "List deliveries and their attempts");
    auto list = client_leaf<DeliveryListOptions>(
        delivery, "list", "List deliveries", "pollhook delivery list --state dead"
    );
    DeliveryListOptions& wanted = *list.options;
    list.app
        ->add_option("--state", wanted.state, "pending, inFlight, delivered, dead, superseded or cancelled")
        ->type_name("STATE");
    list.app->add_option("--sink", wanted.sink, "Only this sink's")->type_name("NAME");
    list.app->add_option("--task", wanted.task, "Only of this task")->type_name("ID");
    list.app->add_option("--origin", wanted.origin, "Only to https://HOST[:PORT]")->type_name("ORIGIN");
    add_limit(*list.app, wanted.limit);
    auto show = client_leaf<DeliveryShowOptions>(
        delivery, "show", "Show one delivery with its attempts", "pollhook delivery show 42"
    );
    show.app->add_option("ID", show.options->id, "As \"delivery list\" shows it")->required()->type_name("");

    client_leaf<StatusOptions>(app_, "status", "Show how the daemon is doing", "pollhook status");
}

std::variant<Invocation, Answer> Tree::parse(std::span<const std::string> arguments)
{
    // CLI11 takes them last first.
    std::vector<std::string> words(arguments.rbegin(), arguments.rend());
    try {
        app_.parse(words);
    } catch (const CLI::CallForHelp&) {
        return Answer{exit_code::ok, app_.help(), {}};
    } catch (const CLI::CallForVersion& version) {
        return Answer{exit_code::ok, std::string(version.what()) + "\n", {}};
    } catch (const CLI::ParseError& error) {
        const auto left_over = app_.remaining(true);
        if (!left_over.empty())
            return wrong(unexpected(left_over.front()));
        if (!deepest().get_subcommands([](const CLI::App*) { return true; }).empty())
            return Answer{exit_code::usage, {}, app_.help()};
        return wrong(error.what());
    }
    return Invocation{std::move(*chosen_), std::move(client_)};
}

CLI::App& Tree::deepest()
{
    CLI::App* app = &app_;
    while (!app->get_subcommands().empty())
        app = app->get_subcommands().back();
    return *app;
}

/// What is wrong with a word that fits nowhere, and which one was probably meant.
std::string Tree::unexpected(const std::string& word)
{
    CLI::App& app = deepest();
    std::vector<std::string> candidates;
    const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
    const bool is_option = word.starts_with('-') && word.size() > 1;
    if (is_option) {
        for (const CLI::Option* option : app.get_options())
            for (const std::string& name : option->get_lnames())
                candidates.push_back("--" + name);
    } else {
        for (const CLI::App* command : commands)
            candidates.push_back(command->get_name());
    }
    const std::string name = word.substr(0, word.find('='));
    const char* kind = is_option          ? "unknown option"
                       : commands.empty() ? "unexpected argument"
                                          : "unknown command";
    const std::string meant = base::suggestion(name, candidates);
    return fmt::format(
        "{} \"{}\"{}",
        kind,
        base::printable(is_option ? name : word, 60),
        meant.empty() ? "" : fmt::format(", did you mean \"{}\"?", meant)
    );
}

Answer Tree::wrong(const std::string& message)
{
    std::string command = deepest().get_name();
    for (const CLI::App* app = deepest().get_parent(); app != nullptr; app = app->get_parent())
        command.insert(0, app->get_name() + " ");
    return {
        exit_code::usage,
        {},
        fmt::format("pollhook: error: {}\n  \"{} --help\" tells how it is used\n", message, command)
    };
}

}  // namespace

std::variant<Invocation, Answer> parse_command_line(
    std::span<const std::string> arguments, base::TimePoint now
)
{
    Tree tree(now);
    return tree.parse(arguments);
}

}  // namespace pollhook::cli
