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
    void add_signing();
    void add_config();
    void add_tasks();
    void add_records(base::TimePoint now);
    void add_deliveries(base::TimePoint now);
    void add_sinks(base::TimePoint now);
    void add_database();

    Answer wrong(const std::string& message);
    std::string unexpected(const std::string& word);
    CLI::App& deepest();

    CLI::App app_;
    ClientFlags client_;
    std::optional<Command> chosen_;
};

/// Puts more text before the example; the list of commands shows the short one alone.
void explain(CLI::App& app, const std::string& text)
{
    app.footer(text + "\n\n" + app.get_footer());
}

/// A positional argument's form: its name says it all, and an empty form would show the type.
constexpr const char* plain = " ";

/// An option or, without dashes in its name, a positional argument; `form` is how help shows its value.
template <class Value>
CLI::Option* add_value(
    CLI::App& app, const std::string& name, Value& value, const std::string& form, const std::string& text
)
{
    return app.add_option(name, value, text)->option_text(form);
}

/// The same for a value that needs reading; `read` throws CLI::ValidationError.
template <class Read>
CLI::Option* add_reader(
    CLI::App& app, const std::string& name, Read read, const std::string& form, const std::string& text
)
{
    return app.add_option_function<std::string>(name, std::move(read), text)->option_text(form);
}

CLI::Option* add_path(
    CLI::App& app,
    const std::string& name,
    std::optional<std::filesystem::path>& path,
    const std::string& form,
    const std::string& text
)
{
    return add_reader(app, name, [&path](const std::string& word) { path = word; }, form, text);
}

void add_limit(CLI::App& app, std::size_t& limit)
{
    add_value(app, "--limit", limit, "N=50", "How many to show, 1 to 1000")
        ->check(CLI::Range(std::size_t{1}, most_rows));
}

/// A point in time, or how long ago it was.
CLI::Option* add_time(
    CLI::App& app,
    const std::string& name,
    std::optional<base::TimePoint>& time,
    base::TimePoint now,
    const std::string& text
)
{
    const auto read = [&time, now, name](const std::string& word) {
        time = base::parse_rfc3339(word);
        if (const auto ago = base::parse_duration(word))
            time = now - *ago;
        if (!time)
            throw CLI::ValidationError(
                name, "must be a time such as 2026-11-21T03:18:39Z, or as long ago as 2h"
            );
    };
    return add_reader(app, name, read, "TIME", text + ": 2026-11-21T03:18:39Z, or as long ago as 2h");
}

/// How fast a job goes.
void add_pace(CLI::App& app, std::optional<double>& rate, bool& no_wait)
{
    const auto read = [&rate](const double& number) { rate = number; };
    app.add_option_function<double>("--rate", read, "Deliveries a second")
        ->option_text("N=100")
        ->check(CLI::Range(0.001, 100'000.0));
    app.add_flag("--no-wait", no_wait, "Only start it; it goes on by itself, also after a restart");
}

constexpr const char* config_text =
    "The configuration; else POLLHOOK_CONFIG, else /etc/pollhook/pollhook.toml";

void add_task_key(CLI::App& app, std::string& provider)
{
    add_value(app, "PROVIDER", provider, plain, "The provider's name in the configuration")->required();
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
    add_signing();
    add_config();
    add_tasks();
    add_records(now);
    add_deliveries(now);
    add_sinks(now);
    add_database();
    client_leaf<StatusOptions>(app_, "status", "Show how the daemon is doing", "pollhook status");
    leaf<VersionOptions>(app_, "version", "Print the version", "pollhook version");
}

template <class Options>
Tree::Leaf<Options> Tree::leaf(
    CLI::App& parent, const std::string& name, const std::string& text, const std::string& example
)
{
    auto options = std::make_shared<Options>();
    CLI::App* app = parent.add_subcommand(name, text);
    app->group("Commands");
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
    CLI::App& app = *made.app;
    const char* output = "Output";
    add_reader(app, "-o,--output", read_format, "FORMAT=table", "table, json or ndjson")->group(output);
    app.add_flag_callback(
           "--json", [this] { client_.output = OutputFormat::json; }, "The same as -o json"
    )
        ->group(output);
    add_color(app, client_.color);
    const char* daemon = "Daemon";
    add_value(
        app,
        "--admin",
        client_.admin,
        "ADDR",
        "http://HOST:PORT or unix:PATH; else POLLHOOK_ADMIN, else as configured"
    )
        ->group(daemon);
    add_path(
        app,
        "--token-file",
        client_.token_file,
        "FILE",
        "The token; else POLLHOOK_ADMIN_TOKEN, else as configured"
    )
        ->group(daemon);
    add_path(app, "-c,--config", client_.config, "FILE", config_text)->group(daemon);
    return made;
}

CLI::App& Tree::group(const std::string& name, const std::string& text)
{
    CLI::App* app = app_.add_subcommand(name, text);
    app->group("Commands");
    app->require_subcommand(1);
    app->footer(fmt::format("\"pollhook {} COMMAND --help\" tells more about each command.", name));
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
    add_reader(app, "--color", read, "WHEN=auto", "auto, always or never; auto heeds NO_COLOR")
        ->group("Output");
}

void Tree::add_programs()
{
    auto run = leaf<RunOptions>(
        app_, "run", "Run the daemon in the foreground", "pollhook run -c /etc/pollhook/pollhook.toml"
    );
    explain(
        *run.app,
        "SIGTERM and SIGINT stop it in order, a second one at once. SIGHUP opens the files of file sinks "
        "again."
    );
    add_path(*run.app, "-c,--config", run.options->config, "FILE", config_text);

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

void Tree::add_simulation()
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
        "It speaks both dialects, until Ctrl-C, and prints the id of each task it starts, as NDJSON that\n"
        "\"pollhook task import\" reads."
    );
    SimulateOptions& options = *simulate.options;
    CLI::App& app = *simulate.app;
    add_value(app, "--listen", options.listen, "ADDR=127.0.0.1:8781", "Where to listen; port 0: any");
    add_value(app, "--api-key", options.api_key, "KEY", "Asked of everybody; else everybody may ask");
    add_value(app, "--auth", options.auth, "FORM=bearer", "How the key comes: bearer, raw or mj-api-secret")
        ->check(CLI::IsMember({"bearer", "raw", "mj-api-secret"}));
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

void Tree::add_signing()
{
    const char* secret_text = "Keys (whsec_..., whsk_...), one a line; else POLLHOOK_SECRET";
    const char* body_text = "The exact bytes; \"-\" is standard input";

    auto sign = leaf<SignOptions>(
        app_,
        "sign",
        "Sign a webhook by hand, or make a key",
        "pollhook sign --generate > secret.txt\n  pollhook sign --secret-file secret.txt --body-file "
        "event.json"
    );
    explain(
        *sign.app,
        "It prints the headers of Standard Webhooks. The first secret is the current one; a whsk_ key signs "
        "v1a beside it."
    );
    SignOptions& signing = *sign.options;
    sign.app->add_flag("--generate", signing.generate, "Print a new secret instead");
    sign.app
        ->add_flag("--asymmetric", signing.asymmetric, "Of Ed25519: whsk_..., then its public key whpk_...")
        ->needs("--generate");
    add_path(*sign.app, "--secret-file", signing.secret_file, "FILE", secret_text);
    add_value(*sign.app, "--id", signing.id, "ID", "The webhook-id; else a random one");
    const auto read_timestamp = [&signing](const std::int64_t& seconds) { signing.timestamp = seconds; };
    sign.app->add_option_function<std::int64_t>("--timestamp", read_timestamp, "Unix seconds; else now")
        ->option_text("N");
    add_value(*sign.app, "--body-file", signing.body_file, "FILE=-", body_text);

    auto verify = leaf<VerifyOptions>(
        app_,
        "verify",
        "Verify a webhook by hand",
        "pollhook verify --secret-file secret.txt --headers-file headers.txt --body-file event.json"
    );
    explain(*verify.app, "Exit code: 0 genuine, 1 not genuine, with the reason.");
    VerifyOptions& verifying = *verify.options;
    CLI::App& app = *verify.app;
    add_path(app, "--secret-file", verifying.secret_file, "FILE", secret_text);
    add_value(app, "--public-key", verifying.public_keys, "KEY...", "Or a public key (whpk_...) for v1a");
    add_path(app, "--headers-file", verifying.headers_file, "FILE", "Lines of NAME: VALUE");
    add_value(app, "--id", verifying.id, "ID", "The webhook-id; else from the file");
    add_value(app, "--timestamp", verifying.timestamp, "N", "The webhook-timestamp; else from the file");
    add_value(app, "--signature", verifying.signature, "TEXT", "The webhook-signature; else from the file");
    add_value(app, "--body-file", verifying.body_file, "FILE=-", body_text);
    const auto read_tolerance = [&verifying](const std::string& text) {
        const auto tolerance = base::parse_duration(text);
        if (!tolerance)
            throw CLI::ValidationError("--tolerance", "must be a duration such as 90s, 5m or 2h");
        verifying.tolerance = *tolerance;
    };
    add_reader(app, "--tolerance", read_tolerance, "DURATION=5m", "How far off its time may be");
}

void Tree::add_config()
{
    CLI::App& config = group("config", "Check, show or begin a configuration");
    auto check = leaf<ConfigCheckOptions>(
        config, "check", "Name every mistake with its line", "pollhook config check ./pollhook.toml"
    );
    add_path(*check.app, "FILE,-c,--config", check.options->file, plain, config_text);
    auto show = leaf<ConfigShowOptions>(
        config, "show", "Print what is in effect, without secrets", "pollhook config show ./pollhook.toml"
    );
    add_path(*show.app, "FILE,-c,--config", show.options->file, plain, config_text);
    auto init = leaf<ConfigInitOptions>(
        config,
        "init",
        "Write a configuration that describes every key",
        "pollhook config init ./pollhook.toml"
    );
    add_path(*init.app, "FILE", init.options->file, plain, "Where to; never overwritten. \"-\" prints it");
}

void Tree::add_tasks()
{
    CLI::App& task = group("task", "Register, list and await tasks");
    const char* ids_text = "The tasks' ids at the relay";

    auto add = client_leaf<TaskAddOptions>(
        task,
        "add",
        "Watch tasks",
        "pollhook task add quickrouter 1743326750223591 --webhook-url https://shop.example.com/hook"
    );
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
    add_limit(*list.app, list.options->limit);
    list.app->add_flag("--all", list.options->all, "All of them, whatever --limit says");

    auto show = client_leaf<TaskShowOptions>(
        task, "show", "Show one task with its history", "pollhook task show quickrouter 1743326750223591"
    );
    add_task_key(*show.app, show.options->provider);
    add_value(*show.app, "ID", show.options->id, plain, "The task's id at the relay")->required();

    auto wait = client_leaf<TaskWaitOptions>(
        task,
        "wait",
        "Wait until tasks have ended",
        "pollhook task wait quickrouter 1743326750223591 --timeout 10m"
    );
    explain(
        *wait.app,
        "Exit code: 0 succeeded, 1 failed, 2 cancelled, 3 lost or expired, 124 time-out; the worst of "
        "several."
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
    explain(*import.app, "A line is a JSON object, as for POST /v1/tasks, or an id.");
    add_value(*import.app, "FILE", import.options->file, plain, "\"-\" is standard input")->required();
    add_value(*import.app, "--provider", import.options->provider, "NAME", "For lines that name none");
    add_value(*import.app, "--webhook-url", import.options->webhook_url, "URL", "For lines that name none");
}

void Tree::add_records(base::TimePoint now)
{
    CLI::App& event = group("event", "List what happened to tasks");
    auto events = client_leaf<EventListOptions>(
        event, "list", "List events", "pollhook event list --since 2h --type task.failed"
    );
    add_time(*events.app, "--since", events.options->since, now, "From then on");
    add_value(
        *events.app, "--type", events.options->types, "TYPE...", "Only of these types, such as task.failed"
    );
    add_limit(*events.app, events.options->limit);
}

constexpr const char* task_form = "PROVIDER/ID";
constexpr const char* origin_text = "Only to https://HOST[:PORT]; a configured sink's queue is sink:NAME";

void Tree::add_deliveries(base::TimePoint now)
{
    CLI::App& delivery = group("delivery", "List deliveries and their attempts, try them again");
    auto list = client_leaf<DeliveryListOptions>(
        delivery, "list", "List deliveries", "pollhook delivery list --state dead"
    );
    DeliveryListOptions& wanted = *list.options;
    const char* states = "pending, inFlight, delivered, dead, superseded or cancelled";
    const char* sink_text = "Only this sink's; \"task\" stands for the tasks' own URLs";
    add_value(*list.app, "--state", wanted.state, "STATE", states);
    add_value(*list.app, "--sink", wanted.sink, "NAME", sink_text);
    add_value(*list.app, "--task", wanted.task, task_form, "Only of this task");
    add_value(*list.app, "--origin", wanted.origin, "ORIGIN", origin_text);
    add_limit(*list.app, wanted.limit);
    auto show = client_leaf<DeliveryShowOptions>(
        delivery, "show", "Show one delivery with its attempts", "pollhook delivery show 12-0-3"
    );
    add_value(*show.app, "ID", show.options->id, plain, "As \"delivery list\" shows it")->required();

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
    add_value(app, "ID", again.id, plain, "As \"delivery list\" shows it");
    add_value(app, "--state", again.state, "STATE=dead", "dead, cancelled, superseded or delivered");
    add_value(app, "--sink", again.sink, "NAME", sink_text);
    add_value(app, "--task", again.task, task_form, "Only of this task");
    add_value(app, "--origin", again.origin, "ORIGIN", origin_text);
    add_time(app, "--since", again.since, now, "Of events from then on");
    add_time(app, "--until", again.until, now, "Of events before");
    app.add_flag("--dry-run", again.dry_run, "Only tell how many there are");
    add_pace(app, again.rate, again.no_wait);
}

void Tree::add_sinks(base::TimePoint now)
{
    CLI::App& sink = group("sink", "List, test, pause and resume sinks, replay events to them");
    const auto add_name = [](CLI::App& app, std::string& name) {
        add_value(app, "NAME", name, plain, "The sink's name in the configuration")->required();
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
    add_pace(app, again.rate, again.no_wait);

    CLI::App& provider = group("provider", "List providers");
    client_leaf<ProviderListOptions>(
        provider, "list", "List providers and how they answer", "pollhook provider list"
    );
}

void Tree::add_database()
{
    CLI::App& db = group("db", "Check the database");
    auto check = client_leaf<DbCheckOptions>(
        db,
        "check",
        "Check that the database keeps what is promised",
        "pollhook db check\n  pollhook db check /var/backups/pollhook.db -o json"
    );
    explain(
        *check.app,
        "It only reads, also while the daemon runs. Exit code: 0 nothing is wrong, 1 something is, 65 no "
        "database."
    );
    add_path(*check.app, "FILE", check.options->file, plain, "The database; else that of the configuration");
    // It asks the file, not the daemon.
    for (const char* name : {"--admin", "--token-file"})
        check.app->remove_option(check.app->get_option(name));
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
