#include "command_line.hpp"

#include "choices.hpp"
#include "command_options.hpp"
#include "command_tree.hpp"
#include "exit_code.hpp"
#include "pollhook/base/suggestion.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace pollhook::cli {

CommandTree::CommandTree(base::TimePoint now)
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
    add_jobs();
    add_database();
    client_leaf<StatusOptions>(app_, "status", "Show how the daemon is doing", "pollhook status");
    add_self();
    check_choices(app_);
}

/// What has a short list of values takes no other, and guesses which one was meant.
void CommandTree::check_choices(CLI::App& app)
{
    for (CLI::Option* option : app.get_options())
        if (const auto choices = accepted_by(app.get_name(), option->get_name()); !choices.empty())
            option->check([choices](const std::string& word) { return unknown_choice(word, choices); });
    for (CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
        check_choices(*below);
}

void CommandTree::add_output(CLI::App& app)
{
    const std::map<std::string, OutputFormat> formats{
        {"table", OutputFormat::table}, {"json", OutputFormat::json}, {"ndjson", OutputFormat::ndjson}
    };
    auto read_format = [this, formats](const std::string& word) { client_.output = formats.at(word); };
    const char* output = "Output";
    add_reader(app, "-o,--output", read_format, "FORMAT=table", "table, json or ndjson")->group(output);
    app.add_flag_callback(
           "--json", [this] { client_.output = OutputFormat::json; }, "The same as -o json"
    )
        ->group(output);
}

void CommandTree::add_client_flags(CLI::App& app)
{
    add_output(app);
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
}

CLI::App& CommandTree::group(const std::string& name, const std::string& text)
{
    CLI::App* app = app_.add_subcommand(name, text);
    app->group("Commands");
    app->require_subcommand(1);
    app->footer(fmt::format("\"pollhook {} COMMAND --help\" tells more about each command.", name));
    return *app;
}

void CommandTree::add_color(CLI::App& app, ColorMode& color)
{
    const auto read = [&color](const std::string& word) {
        color = word == "always"  ? ColorMode::always
                : word == "never" ? ColorMode::never
                                  : ColorMode::automatic;
    };
    add_reader(app, "--color", read, "WHEN=auto", "auto, always or never; auto heeds NO_COLOR")
        ->group("Output");
}

std::variant<Invocation, Answer> CommandTree::parse(std::span<const std::string> arguments)
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
        return wrong(in_our_words(error));
    }
    return Invocation{std::move(*chosen_), std::move(client_)};
}

/// What CLI11 found wrong, said as we say it.
std::string CommandTree::in_our_words(const CLI::ParseError& error)
{
    std::string said = error.what();
    const auto name_before = [&said](std::string_view marker) { return said.substr(0, said.find(marker)); };
    if (error.get_name() == "ConversionError") {
        // `Could not convert: --limit = many`, or `Value x could not be converted`
        const auto equals = said.find(" = ");
        const auto colon = said.find(": ");
        if (equals == std::string::npos || colon == std::string::npos || colon > equals)
            return said;
        return fmt::format(
            "{}: \"{}\" is not a number that it takes",
            said.substr(colon + 2, equals - colon - 2),
            base::printable(said.substr(equals + 3), 60)
        );
    }
    // `NAME: Value 5000 not in range 1 to 1000`
    constexpr std::string_view marker = " not in range ";
    const auto at = said.find(marker);
    const auto colon = said.find(": ");
    if (at != std::string::npos && colon < at) {
        std::string given = said.substr(colon + 2, at - colon - 2);
        if (given.starts_with("Value "))
            given.erase(0, 6);
        return fmt::format(
            "{}: \"{}\" must be a number from {}",
            said.substr(0, colon),
            base::printable(given, 60),
            said.substr(at + marker.size())
        );
    }
    if (error.get_name() == "RequiredError" && said.ends_with(" is required"))
        return name_before(" is required") + " is missing";
    if (error.get_name() == "ArgumentMismatch") {
        const bool is_repeated = said.find(" At Most ") != std::string::npos;
        return name_before(":") + (is_repeated ? " may be given once" : " needs a value");
    }
    if (error.get_name() == "RequiresError")
        return fmt::format(
            "{}", name_before(" requires ") + " goes with" + said.substr(said.find(" requires ") + 9)
        );
    return said;
}

namespace {

bool is_taken_at_or_below(const CLI::App& app, const std::string& option)
{
    return app.get_option_no_throw(option) != nullptr ||
           std::ranges::any_of(
               app.get_subcommands([](const CLI::App*) { return true; }),
               [&](const CLI::App* below) { return is_taken_at_or_below(*below, option); }
           );
}

/// `pollhook task list`
std::string words_of(const CLI::App& command)
{
    std::string words = command.get_name();
    for (const CLI::App* app = command.get_parent(); app != nullptr; app = app->get_parent())
        words.insert(0, app->get_name() + " ");
    return words;
}

}  // namespace

CLI::App& CommandTree::deepest()
{
    CLI::App* app = &app_;
    while (!app->get_subcommands().empty())
        app = app->get_subcommands().back();
    return *app;
}

/// What is wrong with a word that fits nowhere, and which one was probably meant.
std::string CommandTree::unexpected(const std::string& word)
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
    // It was left over, so it came before the command that takes it.
    if (is_option && is_taken_at_or_below(app, name))
        return fmt::format(
            "the option {} goes after its command: \"{}{} {}\"",
            name,
            words_of(app),
            commands.empty() ? "" : " COMMAND",
            name
        );
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

Answer CommandTree::wrong(const std::string& message)
{
    return {
        exit_code::usage,
        {},
        fmt::format(
            "pollhook: error: {}\n  \"{} --help\" tells how it is used\n", message, words_of(deepest())
        )
    };
}

std::variant<Invocation, Answer> parse_command_line(
    std::span<const std::string> arguments, base::TimePoint now
)
{
    CommandTree tree(now);
    return tree.parse(arguments);
}

}  // namespace pollhook::cli
