#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::cli {

/// An option or a positional argument of a command, as help shows it.
struct OptionModel {
    std::vector<std::string> names;  ///< `-o`, `--output`; empty for a positional argument
    std::string positional;          ///< its name: `PROVIDER`
    std::string form;                ///< of the value: `FORMAT`; empty: it takes none
    std::string fallback;            ///< the value when it is not given; empty: none
    std::string text;
    bool is_required = false;
    bool is_repeated = false;          ///< takes several values
    std::vector<std::string> choices;  ///< the values, when there is a short list of them
    std::string names_of;              ///< `sinks`, `providers`: a value is one of the configuration's

    [[nodiscard]] bool takes_value() const noexcept { return !form.empty() || !positional.empty(); }
    [[nodiscard]] bool is_file() const noexcept;
};

/// A command with everything below it.
struct CommandModel {
    std::string name;
    std::string text;
    std::string notes;                  ///< what help says below the options, before the example
    std::vector<std::string> examples;  ///< lines
    std::vector<OptionModel> options;   ///< positional arguments first
    std::vector<CommandModel> commands;
};

/// The program's commands. What completion and the manual are made from, so that they cannot differ from what
/// is parsed.
CommandModel command_model();

/// Completion scripts. Pure.
std::string bash_completion(const CommandModel& program);
std::string zsh_completion(const CommandModel& program);
std::string fish_completion(const CommandModel& program);

/// pollhook(8) in mdoc(7). Pure. `date` is that of the release: `November 21, 2026`; empty: none.
std::string command_manual(const CommandModel& program, std::string_view date);
/// pollhook.toml(5), from the configuration's own table of keys.
std::string configuration_manual(std::string_view date);

}  // namespace pollhook::cli
