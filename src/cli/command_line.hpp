#pragma once

#include "commands.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace pollhook::cli {

struct SinkListOptions {};
struct ProviderListOptions {};
struct StatusOptions {};
struct VersionOptions {};

/// What a client command's line says about the daemon, before environment and configuration were asked; see
/// resolve().
struct ClientFlags {
    std::string admin;                                ///< empty: not said
    std::optional<std::filesystem::path> token_file;  ///< absent: not said
    std::optional<std::filesystem::path> config;
    OutputFormat output = OutputFormat::table;
    ColorMode color = ColorMode::automatic;
};

/// One of the program's commands with its options.
using Command = std::variant<
    RunOptions,
    DemoOptions,
    SimulateOptions,
    ListenOptions,
    SignOptions,
    VerifyOptions,
    ConfigCheckOptions,
    ConfigShowOptions,
    ConfigSchemaOptions,
    ConfigInitOptions,
    TaskAddOptions,
    TaskListOptions,
    TaskShowOptions,
    TaskWaitOptions,
    TaskRemoveOptions,
    TaskImportOptions,
    EventListOptions,
    EventTailOptions,
    DeliveryListOptions,
    DeliveryShowOptions,
    DeliveryRetryOptions,
    SinkListOptions,
    SinkTestOptions,
    SinkPauseOptions,
    SinkResumeOptions,
    SinkReplayOptions,
    JobListOptions,
    JobShowOptions,
    JobCancelOptions,
    ProviderListOptions,
    ProviderPauseOptions,
    ProviderResumeOptions,
    ReloadOptions,
    DbCheckOptions,
    DbBackupOptions,
    DbPruneOptions,
    CompletionOptions,
    ManualOptions,
    NamesOptions,
    StatusOptions,
    VersionOptions>;

struct Invocation {
    Command command;
    ClientFlags client;  ///< counts for client commands only
};

/// What to print instead of running something: help that was asked for, or what is wrong with the line.
struct Answer {
    int exit_code = 0;
    std::string out;
    std::string error;
};

/// Reads the arguments that follow the program's name. `now` is what `--since 2h` counts back from.
std::variant<Invocation, Answer> parse_command_line(
    std::span<const std::string> arguments, base::TimePoint now
);

}  // namespace pollhook::cli
