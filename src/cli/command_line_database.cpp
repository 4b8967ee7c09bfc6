#include "command_options.hpp"
#include "command_tree.hpp"

namespace pollhook::cli {

void CommandTree::add_database()
{
    CLI::App& db = group("db", "Check, copy and prune the database");
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
    add_path(
        *check.app, "FILE", check.options->file, no_default, "The database; else that of the configuration"
    );

    auto backup = client_leaf<DbBackupOptions>(
        db,
        "backup",
        "Copy the database, also while the daemon runs",
        "pollhook db backup /var/backups/pollhook.db\n  pollhook db check /var/backups/pollhook.db"
    );
    explain(
        *backup.app,
        "The copy is one moment's state, whole and on disk when the command ends; FILE appears only then. "
        "To\n"
        "restore it, stop the daemon and put it in the place of the database, without its -wal and -shm."
    );
    const auto read_target = [options = backup.options](const std::string& word) { options->file = word; };
    add_reader(*backup.app, "FILE", read_target, no_default, "Where to; not overwritten without --force")
        ->required();
    backup.app->add_flag("--force", backup.options->force, "Replace a file that exists");
    // They ask the file, not the daemon.
    for (CLI::App* app : {check.app, backup.app})
        for (const char* name : {"--admin", "--token-file"})
            app->remove_option(app->get_option(name));

    auto prune = client_leaf<DbPruneOptions>(
        db,
        "prune",
        "Delete finished tasks that are old, with their history",
        "pollhook db prune --dry-run\n  pollhook db prune --older-than 7d"
    );
    explain(
        *prune.app,
        "The daemon does the same by itself, once an hour, with the configured retention. What has a "
        "delivery\n"
        "that has not ended stays. When no daemon runs, the database is pruned all the same; that needs the "
        "user\n"
        "that it belongs to."
    );
    const auto read_age = [options = prune.options](const std::string& text) {
        options->older_than = base::parse_duration(text);
        if (!options->older_than)
            throw CLI::ValidationError("--older-than", "must be a duration such as 36h or 30d");
    };
    add_reader(*prune.app, "--older-than", read_age, "DURATION", "Since their end; else store.retention");
    prune.app->add_flag("--dry-run", prune.options->dry_run, "Only tell how many there are");
}

void CommandTree::add_self()
{
    auto completion = leaf<CompletionOptions>(
        app_,
        "completion",
        "Print a completion script for a shell",
        "source <(pollhook completion bash)\n"
        "  pollhook completion zsh > \"${fpath[1]}/_pollhook\"\n"
        "  pollhook completion fish > ~/.config/fish/completions/pollhook.fish"
    );
    add_value(*completion.app, "SHELL", completion.options->shell, no_default, "bash, zsh or fish")
        ->required();

    auto manual = leaf<ManualOptions>(app_, "manual", "Print a manual page", "pollhook manual 8 | man -l -");
    manual.app->group("");  // of no use to who has them installed
    add_value(*manual.app, "SECTION", manual.options->section, no_default, "8: pollhook, 5: pollhook.toml")
        ->required();
    add_value(*manual.app, "--date", manual.options->date, "DATE", "Of the release, such as 2026-11-21");

    auto names =
        leaf<NamesOptions>(app_, "names", "Print the names of what is configured", "pollhook names sinks");
    names.app->group("");  // for completion scripts
    add_value(*names.app, "KIND", names.options->kind, no_default, "sinks or providers")->required();
    add_path(*names.app, "-c,--config", names.options->config, "FILE", config_text);

    auto version = leaf<VersionOptions>(app_, "version", "Print the version", "pollhook version -o json");
    add_output(*version.app);
}

}  // namespace pollhook::cli
