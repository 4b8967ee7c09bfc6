#include "program.hpp"

#include "client_options.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "pollhook/base/text.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <variant>

namespace pollhook::cli {
namespace {

/// Calls the function of the command that was named.
struct Dispatch {
    const ClientFlags& flags;

    [[nodiscard]] ClientOptions client() const { return resolve(flags, config::process_environment()); }

    int operator()(const RunOptions& options) const { return run(options); }
    int operator()(const DemoOptions& options) const { return demo(options); }
    int operator()(const SimulateOptions& options) const { return simulate(options); }
    int operator()(const ListenOptions& options) const { return listen(options); }
    int operator()(SignOptions options) const
    {
        options.output = flags.output;
        return sign(options);
    }
    int operator()(const VerifyOptions& options) const { return verify(options); }
    int operator()(ConfigCheckOptions options) const
    {
        options.output = flags.output;
        return config_check(options);
    }
    int operator()(ConfigShowOptions options) const
    {
        options.output = flags.output;
        return config_show(options);
    }
    int operator()(const ConfigSchemaOptions& options) const { return config_schema(options); }
    int operator()(const ConfigInitOptions& options) const { return config_init(options); }
    int operator()(const TaskAddOptions& options) const { return task_add(options, client()); }
    int operator()(const TaskListOptions& options) const { return task_list(options, client()); }
    int operator()(const TaskShowOptions& options) const { return task_show(options, client()); }
    int operator()(const TaskWaitOptions& options) const { return task_wait(options, client()); }
    int operator()(const TaskRemoveOptions& options) const { return task_remove(options, client()); }
    int operator()(const TaskImportOptions& options) const { return task_import(options, client()); }
    int operator()(const EventListOptions& options) const { return event_list(options, client()); }
    int operator()(const EventTailOptions& options) const { return event_tail(options, client()); }
    int operator()(const DeliveryListOptions& options) const { return delivery_list(options, client()); }
    int operator()(const DeliveryShowOptions& options) const { return delivery_show(options, client()); }
    int operator()(const DeliveryRetryOptions& options) const { return delivery_retry(options, client()); }
    int operator()(const SinkListOptions&) const { return sink_list(client()); }
    int operator()(const SinkTestOptions& options) const { return sink_test(options, client()); }
    int operator()(const SinkPauseOptions& options) const { return sink_pause(options, client()); }
    int operator()(const SinkResumeOptions& options) const { return sink_resume(options, client()); }
    int operator()(const SinkReplayOptions& options) const { return sink_replay(options, client()); }
    int operator()(const JobListOptions& options) const { return job_list(options, client()); }
    int operator()(const JobShowOptions& options) const { return job_show(options, client()); }
    int operator()(const JobCancelOptions& options) const { return job_cancel(options, client()); }
    int operator()(const ProviderListOptions&) const { return provider_list(client()); }
    int operator()(const ProviderPauseOptions& options) const { return provider_pause(options, client()); }
    int operator()(const ProviderResumeOptions& options) const { return provider_resume(options, client()); }
    int operator()(const ReloadOptions& options) const { return reload(options, flags); }
    int operator()(DbCheckOptions options) const
    {
        options.config = flags.config;
        options.output = flags.output;
        options.color = flags.color;
        return db_check(options);
    }
    int operator()(DbBackupOptions options) const
    {
        options.config = flags.config;
        options.output = flags.output;
        return db_backup(options);
    }
    int operator()(const DbPruneOptions& options) const { return db_prune(options, flags); }
    int operator()(const CompletionOptions& options) const { return completion(options); }
    int operator()(const ManualOptions& options) const { return manual(options); }
    int operator()(const NamesOptions& options) const { return names(options); }
    int operator()(const StatusOptions&) const { return status(client()); }
    int operator()(const VersionOptions&) const { return version(flags.output); }
};

int dispatch(std::span<const std::string> arguments)
{
    const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
    const auto parsed = parse_command_line(arguments, now);
    if (const auto* answer = std::get_if<Answer>(&parsed)) {
        fmt::print("{}", answer->out);
        fmt::print(stderr, "{}", answer->error);
        return answer->exit_code;
    }
    const auto& invocation = std::get<Invocation>(parsed);
    return std::visit(Dispatch{invocation.client}, invocation.command);
}

}  // namespace

int run_program(std::span<const std::string> arguments) noexcept
{
    int code = exit_code::failed;
    try {
        code = dispatch(arguments);
    } catch (const ConfigurationError& error) {
        print_error(error.what());
        code = exit_code::configuration;
    } catch (const std::exception& error) {
        print_error(base::printable(error.what(), 500));
    }
    // A full disk or a closed pipe behind standard output must not look like success.
    if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && code == exit_code::ok) {
        print_error("cannot write to standard output");
        code = exit_code::failed;
    }
    return code;
}

}  // namespace pollhook::cli
