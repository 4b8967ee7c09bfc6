#pragma once

#include "command_line.hpp"
#include "command_model.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

// CLI11 takes long to compile, and its own exit codes must not leave: only this tree and its parts see it.

namespace pollhook::cli {

/// The command tree. The options of each command live as long as the tree; the one that was named is copied
/// out at the end.
class CommandTree {
public:
    explicit CommandTree(base::TimePoint now);
    /// As plain values, for completion and the manual.
    [[nodiscard]] CommandModel model() const;
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
    void add_client_flags(CLI::App& app);
    void add_output(CLI::App& app);
    static void add_color(CLI::App& app, ColorMode& color);

    void add_programs();
    void add_simulation();
    void add_signing();
    void add_config();
    void add_tasks();
    void add_records(base::TimePoint now);
    void add_deliveries(base::TimePoint now);
    void add_sinks(base::TimePoint now);
    void add_jobs();
    void add_database();
    void add_self();

    static void check_choices(CLI::App& app);
    Answer wrong(const std::string& message);
    std::string unexpected(const std::string& word);
    static std::string in_our_words(const CLI::ParseError& error);
    CLI::App& deepest();

    CLI::App app_;
    ClientFlags client_;
    std::optional<Command> chosen_;
};

template <class Options>
CommandTree::Leaf<Options> CommandTree::leaf(
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
CommandTree::Leaf<Options> CommandTree::client_leaf(
    CLI::App& parent, const std::string& name, const std::string& text, const std::string& example
)
{
    auto made = leaf<Options>(parent, name, text, example);
    add_client_flags(*made.app);
    return made;
}

}  // namespace pollhook::cli
