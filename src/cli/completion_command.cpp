#include "command_model.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

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

int manual(const ManualOptions& options)
{
    print(
        options.section == "8" ? command_manual(command_model(), options.date)
                               : configuration_manual(options.date)
    );
    return exit_code::ok;
}

}  // namespace pollhook::cli
