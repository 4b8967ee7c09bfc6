#include "command_options.hpp"
#include "command_tree.hpp"

namespace pollhook::cli {

void CommandTree::add_database()
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

}  // namespace pollhook::cli
