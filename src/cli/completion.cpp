#include "command_model.hpp"

#include <fmt/format.h>

#include <functional>

// Each script first finds the command that the words before the cursor name, and then offers what that
// command takes there.

namespace pollhook::cli {
namespace {

/// Calls `visit` with every command and its path below the program: `task add`.
void each_command(
    const CommandModel& command,
    const std::string& path,
    const std::function<void(const CommandModel&, const std::string& path)>& visit
)
{
    visit(command, path);
    for (const CommandModel& below : command.commands)
        each_command(below, path.empty() ? below.name : path + " " + below.name, visit);
}

std::string joined(const std::vector<std::string>& words, std::string_view between)
{
    std::string out;
    for (const std::string& word : words)
        out.append(out.empty() ? "" : between).append(word);
    return out;
}

/// For a text within single quotes of bash and zsh.
std::string shell_quoted(std::string_view text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// The lines that find the command; the shells agree on them but for the words' name and first index.
std::string paths_of(const CommandModel& program)
{
    std::vector<std::string> paths;
    each_command(program, "", [&](const CommandModel&, const std::string& path) {
        if (!path.empty())
            paths.push_back(shell_quoted(path));
    });
    return joined(paths, "|");
}

const OptionModel* first_positional(const CommandModel& command)
{
    for (const OptionModel& option : command.options)
        if (!option.positional.empty())
            return &option;
    return nullptr;
}

/// What the shells' scripts match when the word before the cursor is this option of a command.
std::string patterns_of(const std::string& path, const OptionModel& option)
{
    std::vector<std::string> patterns;
    patterns.reserve(option.names.size());
    for (const std::string& name : option.names)
        patterns.push_back(shell_quoted(fmt::format("{}:{}", path, name)));
    return joined(patterns, "|");
}

std::string bash_values(const CommandModel& command, const std::string& path)
{
    std::string out;
    for (const OptionModel& option : command.options) {
        if (!option.takes_value() || option.names.empty())
            continue;
        std::string offered = "COMPREPLY=()";
        if (!option.choices.empty())
            offered = fmt::format(
                "COMPREPLY=($(compgen -W {} -- \"$word\"))", shell_quoted(joined(option.choices, " "))
            );
        else if (!option.names_of.empty())
            offered = fmt::format(
                "COMPREPLY=($(compgen -W \"$(_pollhook_names {})\" -- \"$word\"))", option.names_of
            );
        else if (option.is_file())
            offered = "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))";
        out += fmt::format("        {}) {}; return ;;\n", patterns_of(path, option), offered);
    }
    return out;
}

std::string bash_words(const CommandModel& command, const std::string& path)
{
    std::vector<std::string> words;
    std::vector<std::string> options;
    words.reserve(command.commands.size());
    for (const CommandModel& below : command.commands)
        words.push_back(below.name);
    const OptionModel* positional = first_positional(command);
    if (positional != nullptr)
        words.insert(words.end(), positional->choices.begin(), positional->choices.end());
    for (const OptionModel& option : command.options)
        options.insert(options.end(), option.names.begin(), option.names.end());
    return fmt::format(
        "        {}) words={} options={} files={} names={} ;;\n",
        shell_quoted(path),
        shell_quoted(joined(words, " ")),
        shell_quoted(joined(options, " ")),
        positional != nullptr && positional->is_file() ? "1" : "",
        positional != nullptr ? positional->names_of : ""
    );
}

/// `'--output:table, json or ndjson'`
std::string zsh_entry(const std::string& name, const std::string& text)
{
    std::string escaped;
    for (const char c : name)
        escaped += c == ':' ? std::string("\\:") : std::string(1, c);
    return shell_quoted(escaped + ":" + text);
}

std::string fish_quoted(std::string_view text)
{
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return out + "'";
}

/// What the program that is being completed says.
std::string fish_names(const OptionModel& option)
{
    return fmt::format("'(__pollhook_names {})'", option.names_of);
}

std::string fish_option(const OptionModel& option, const std::string& condition)
{
    std::string line = fmt::format("complete -c pollhook -n {}", condition);
    for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.takes_value())
        line += option.is_file() && option.choices.empty() ? " -r -F" : " -x";
    if (!option.choices.empty())
        line += " -a " + fish_quoted(joined(option.choices, " "));
    if (!option.names_of.empty())
        line += " -a " + fish_names(option);
    return line + " -d " + fish_quoted(option.text) + "\n";
}

}  // namespace

std::string bash_completion(const CommandModel& program)
{
    std::string values;
    std::string words;
    each_command(program, "", [&](const CommandModel& command, const std::string& path) {
        values += bash_values(command, path);
        words += bash_words(command, path);
    });
    return fmt::format(
        R"sh(# bash completion of pollhook: source <(pollhook completion bash)
_pollhook_names() {{
    local i config=
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${{COMP_WORDS[i]}} == -c || ${{COMP_WORDS[i]}} == --config ]] || continue
        [[ ${{COMP_WORDS[i + 1]}} == = ]] && ((++i))
        config=${{COMP_WORDS[i + 1]/#\~/$HOME}}
    done
    "${{COMP_WORDS[0]}}" names "$1" ${{config:+-c "$config"}} 2>/dev/null
}}
_pollhook() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} last=${{COMP_WORDS[COMP_CWORD - 1]}} path= i next
    local words= options= files= names=
    for ((i = 1; i < COMP_CWORD; i++)); do
        next="${{path:+$path }}${{COMP_WORDS[i]}}"
        case "$next" in
        {}) path=$next ;;
        esac
    done
    case "$path:$last" in
{}    esac
    case "$path" in
{}    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
        return
    fi
    [[ $names ]] && words=$(_pollhook_names "$names")
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    if [[ $files ]]; then
        compopt -o filenames
        COMPREPLY+=($(compgen -f -- "$word"))
    fi
}}
complete -F _pollhook pollhook
)sh",
        paths_of(program),
        values,
        words
    );
}

std::string zsh_completion(const CommandModel& program)
{
    std::string values;
    std::string entries;
    each_command(program, "", [&](const CommandModel& command, const std::string& path) {
        std::string words;
        std::string options;
        std::string files;
        std::string names;
        for (const CommandModel& below : command.commands)
            words += " " + zsh_entry(below.name, below.text);
        for (const OptionModel& option : command.options) {
            for (const std::string& name : option.names)
                options += " " + zsh_entry(name, option.text);
            std::string offered = "_message " + shell_quoted(option.text);
            if (option.is_file())
                offered = "_files";
            if (!option.names_of.empty())
                offered = "_pollhook_names " + option.names_of;
            if (!option.choices.empty())
                offered = fmt::format("compadd -- {}", joined(option.choices, " "));
            if (!option.names.empty() && option.takes_value())
                values += fmt::format("        {}) {}; return ;;\n", patterns_of(path, option), offered);
        }
        if (const OptionModel* positional = first_positional(command)) {
            for (const std::string& choice : positional->choices)
                words += " " + zsh_entry(choice, positional->text);
            files = positional->is_file() ? "1" : "";
            names = positional->names_of;
        }
        entries += fmt::format(
            "        {}) words_=({} ) options=({} ) files={} names={} ;;\n",
            shell_quoted(path),
            words,
            options,
            files,
            names
        );
    });
    return fmt::format(
        R"sh(#compdef pollhook
# zsh completion of pollhook: source <(pollhook completion zsh), or a file _pollhook in a folder of $fpath
_pollhook_names() {{
    local i config=
    for ((i = 2; i < CURRENT; i++)); do
        case "${{words[i]}}" in
        -c|--config) config=${{words[i + 1]}} ;;
        --config=*) config=${{words[i]#*=}} ;;
        esac
    done
    compadd -- ${{(f)"$(${{words[1]}} names $1 ${{config:+-c}} ${{config:+${{config/#\~/$HOME}}}} 2>/dev/null)"}}
}}
_pollhook() {{
    local word=${{words[CURRENT]}} last=${{words[CURRENT - 1]}} path_= next files= names= i
    local -a words_ options
    for ((i = 2; i < CURRENT; i++)); do
        next="${{path_:+$path_ }}${{words[i]}}"
        case "$next" in
        {}) path_=$next ;;
        esac
    done
    case "$path_:$last" in
{}    esac
    case "$path_" in
{}    esac
    if [[ $word == -* ]]; then
        _describe -o option options
        return
    fi
    (( ${{#words_}} )) && _describe command words_
    [[ -n $names ]] && _pollhook_names $names
    [[ -n $files ]] && _files
    return 0
}}
if [[ ${{funcstack[1]}} == _pollhook ]]; then
    _pollhook "$@"
elif (( ${{+functions[compdef]}} )); then
    compdef _pollhook pollhook
fi
)sh",
        paths_of(program),
        values,
        entries
    );
}

std::string fish_completion(const CommandModel& program)
{
    std::string out = fmt::format(
        R"sh(# fish completion of pollhook: pollhook completion fish | source
function __pollhook_at
    set -l path ''
    for word in (commandline -opc)[2..]
        set -l next (string trim -- "$path $word")
        contains -- $next {}
        and set path $next
    end
    test "$path" = "$argv[1]"
end
function __pollhook_names
    set -l words (commandline -opc)
    set -l config
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -c --config
                set config -c (string replace -r '^~' $HOME -- $words[(math $i + 1)])
            case '--config=*'
                set config -c (string replace -- '--config=' '' $words[$i])
        end
    end
    $words[1] names $argv[1] $config 2>/dev/null
end
complete -c pollhook -f
)sh",
        [&] {
            std::vector<std::string> paths;
            each_command(program, "", [&](const CommandModel&, const std::string& path) {
                if (!path.empty())
                    paths.push_back(fish_quoted(path));
            });
            return joined(paths, " ");
        }()
    );
    each_command(program, "", [&](const CommandModel& command, const std::string& path) {
        const std::string condition = fish_quoted("__pollhook_at \"" + path + "\"");
        for (const CommandModel& below : command.commands)
            out += fmt::format(
                "complete -c pollhook -n {} -a {} -d {}\n", condition, below.name, fish_quoted(below.text)
            );
        for (const OptionModel& option : command.options)
            if (!option.names.empty())
                out += fish_option(option, condition);
        const OptionModel* positional = first_positional(command);
        if (positional != nullptr && positional->is_file())
            out += fmt::format("complete -c pollhook -n {} -F\n", condition);
        if (positional != nullptr && !positional->names_of.empty())
            out += fmt::format("complete -c pollhook -n {} -a {}\n", condition, fish_names(*positional));
        if (positional != nullptr && !positional->choices.empty())
            out += fmt::format(
                "complete -c pollhook -n {} -a {}\n", condition, fish_quoted(joined(positional->choices, " "))
            );
    });
    return out;
}

}  // namespace pollhook::cli
