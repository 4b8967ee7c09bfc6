#include "command_model.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/config/load.hpp"

#include <optional>

namespace pollhook::cli {

int completion(const CompletionOptions& options)
{
    const CommandModel program = command_model();
    if (options.shell == "bash")
        print(bash_completion(program));
    else if (options.shell == "zsh")
        print(zsh_completion(program));
    else
        print(fish_completion(program));
    return exit_code::ok;
}

int names(const NamesOptions& options)
{
    const auto environment = config::process_environment();
    const auto config = config::load(
        config::find(options.config, environment), environment, config::MissingSecret::stays_empty
    );
    if (!config)
        return exit_code::ok;
    const auto print_names = [](const auto& all) {
        for (const auto& one : all)
            print(one.name + "\n");
    };
    if (options.kind == "sinks")
        print_names(config->sinks);
    else
        print_names(config->providers);
    return exit_code::ok;
}

int manual(const ManualOptions& options)
{
    print(
        options.section == "8" ? command_manual(command_model(), options.date)
                               : configuration_manual(options.date)
    );
    return exit_code::ok;
}

}  // namespace pollhook::cli
