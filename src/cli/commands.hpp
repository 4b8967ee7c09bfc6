#pragma once

#include "pollhook/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Every command of the program: what the command line said, as plain values, and the function that does it.
///
/// Each function gives the exit code (exit_code.hpp), writes data to standard output and diagnostics to
/// standard error. The command line has checked forms and ranges; contents are for the command to judge.
namespace pollhook::cli {

enum class OutputFormat : std::uint8_t { table, json, ndjson };
/// `automatic`: on a terminal, unless NO_COLOR is set.
enum class ColorMode : std::uint8_t { automatic, always, never };

/// What every client command knows about the daemon, resolved: the command line, else the environment, else
/// the configuration.
struct ClientOptions {
    std::string admin = "http://127.0.0.1:8780";  ///< http or https URL, or `unix:/path`
    std::string token;                            ///< empty: none
    OutputFormat output = OutputFormat::table;
    ColorMode color = ColorMode::automatic;
};

struct TaskAddOptions {
    std::string provider;
    std::vector<std::string> ids;  ///< at least one
    std::string webhook_url;       ///< empty: none
    std::string metadata;          ///< JSON text of an object; empty: none
    bool wait = false;             ///< then wait for all of them as `task wait` does, without a limit
};
int task_add(const TaskAddOptions& options, const ClientOptions& client);

/// Which part of a list is shown.
struct Paging {
    std::size_t limit = 50;  ///< of all shown; 1 to 1000
    bool all = false;        ///< to the end; `limit` does not count
    std::string cursor;      ///< the nextCursor of an earlier answer; empty: from the beginning
};

struct TaskListOptions {
    std::string status;    ///< empty: all
    std::string provider;  ///< empty: all
    std::string q;         ///< text to find; empty: all
    Paging paging;
};
int task_list(const TaskListOptions& options, const ClientOptions& client);

struct TaskShowOptions {
    std::string provider;
    std::string id;
};
int task_show(const TaskShowOptions& options, const ClientOptions& client);

struct TaskWaitOptions {
    std::string provider;
    std::vector<std::string> ids;           ///< at least one; the worst outcome is the exit code
    std::optional<base::Duration> timeout;  ///< absent: no limit
};
int task_wait(const TaskWaitOptions& options, const ClientOptions& client);

struct TaskRemoveOptions {
    std::string provider;
    std::vector<std::string> ids;  ///< at least one
};
int task_remove(const TaskRemoveOptions& options, const ClientOptions& client);

struct TaskImportOptions {
    std::string file;         ///< `-`: standard input
    std::string provider;     ///< for lines that are plain ids, or objects without one
    std::string webhook_url;  ///< for lines without one; empty: none
};
int task_import(const TaskImportOptions& options, const ClientOptions& client);

struct EventListOptions {
    std::optional<base::TimePoint> since;
    std::vector<std::string> types;  ///< empty: all; likewise the next two
    std::vector<std::string> providers;
    std::vector<std::string> tasks;  ///< PROVIDER/ID
    std::string order = "desc";      ///< `asc`: the oldest first
    Paging paging;
};
int event_list(const EventListOptions& options, const ClientOptions& client);

struct EventTailOptions {
    std::optional<base::TimePoint> since;  ///< absent: only what comes
    std::vector<std::string> types;        ///< empty: all; likewise the next two
    std::vector<std::string> providers;
    std::vector<std::string> tasks;  ///< PROVIDER/ID
    std::size_t count = 0;           ///< ends after that many; 0: never
};
/// Does not end by itself without a count; a restart of the daemon loses and doubles nothing.
int event_tail(const EventTailOptions& options, const ClientOptions& client);

struct DeliveryListOptions {
    std::string state;   ///< as the API spells it, such as `inFlight`; empty: all
    std::string sink;    ///< likewise the other filters
    std::string task;    ///< PROVIDER/ID
    std::string origin;  ///< `https://hooks.example.com`, `sink:ops`
    Paging paging;
};
int delivery_list(const DeliveryListOptions& options, const ClientOptions& client);

struct DeliveryShowOptions {
    std::string id;
};
int delivery_show(const DeliveryShowOptions& options, const ClientOptions& client);

/// One delivery by its id, or all that match the filter, of which there must be one then.
struct DeliveryRetryOptions {
    std::string id;
    std::string state;  ///< empty: not said, likewise the other filters
    std::string sink;
    std::string task;  ///< PROVIDER/ID
    std::string origin;
    std::optional<base::TimePoint> since;
    std::optional<base::TimePoint> until;
    std::optional<double> rate;  ///< deliveries a second; absent: as the daemon likes
    bool dry_run = false;
    bool no_wait = false;
};
int delivery_retry(const DeliveryRetryOptions& options, const ClientOptions& client);

int sink_list(const ClientOptions& client);

struct SinkTestOptions {
    std::string name;
};
int sink_test(const SinkTestOptions& options, const ClientOptions& client);

struct SinkPauseOptions {
    std::string name;
    std::string reason;  ///< empty: none is given
};
int sink_pause(const SinkPauseOptions& options, const ClientOptions& client);

struct SinkResumeOptions {
    std::string name;
};
int sink_resume(const SinkResumeOptions& options, const ClientOptions& client);

struct SinkReplayOptions {
    std::string name;
    std::optional<base::TimePoint> since;  ///< the command line asks for it
    std::optional<base::TimePoint> until;
    std::vector<std::string> types;  ///< empty: those that the sink is configured for
    std::optional<double> rate;      ///< deliveries a second; absent: as the daemon likes
    bool dry_run = false;
    bool no_wait = false;
};
int sink_replay(const SinkReplayOptions& options, const ClientOptions& client);

struct JobListOptions {
    std::size_t limit = 50;  ///< 1 to 1000
};
int job_list(const JobListOptions& options, const ClientOptions& client);

struct JobShowOptions {
    std::string id;
};
int job_show(const JobShowOptions& options, const ClientOptions& client);

struct JobCancelOptions {
    std::string id;
};
int job_cancel(const JobCancelOptions& options, const ClientOptions& client);

int provider_list(const ClientOptions& client);

struct ProviderPauseOptions {
    std::string name;
    std::string reason;  ///< empty: none is given
};
int provider_pause(const ProviderPauseOptions& options, const ClientOptions& client);

struct ProviderResumeOptions {
    std::string name;
};
int provider_resume(const ProviderResumeOptions& options, const ClientOptions& client);

struct ClientFlags;
struct ReloadOptions {
    bool wait = false;  ///< until it has happened
};
/// 78 when the new configuration is wrong. It resolves the flags itself: the configuration may be the wrong
/// one.
int reload(const ReloadOptions& options, const ClientFlags& flags);

int status(const ClientOptions& client);

struct RunOptions {
    std::optional<std::filesystem::path> config;  ///< see config::find()
};
int run(const RunOptions& options);

struct ConfigCheckOptions {
    std::optional<std::filesystem::path> file;  ///< see config::find()
    OutputFormat output = OutputFormat::table;  ///< table: text
};
int config_check(const ConfigCheckOptions& options);

struct ConfigShowOptions {
    std::optional<std::filesystem::path> file;  ///< see config::find()
    OutputFormat output = OutputFormat::table;  ///< table: TOML
};
int config_show(const ConfigShowOptions& options);

struct ConfigSchemaOptions {};
int config_schema(const ConfigSchemaOptions& options);

struct ConfigInitOptions {
    std::optional<std::filesystem::path> file;  ///< see config::find(); `-`: standard output
};
int config_init(const ConfigInitOptions& options);

struct SimulateOptions {
    std::string listen = "127.0.0.1:8781";
    std::string api_key;          ///< empty: everybody may ask
    std::string auth = "bearer";  ///< as the configuration spells it
    std::optional<std::uint64_t> seed;
    double speed = 1;
    std::vector<std::string> faults;
    std::size_t tasks = 20;
    double tasks_per_minute = 0;
    std::string provider = "relay";  ///< of the lines that it prints
    std::size_t batch_limit = 0;     ///< 0: any number
    std::vector<std::string> lives;  ///< scripts as simulator::parse_life() reads them, one task each
};
int simulate(const SimulateOptions& options);

struct ListenOptions {
    std::string listen = "127.0.0.1:8782";
    std::optional<std::filesystem::path>
        secret_file;                       ///< else POLLHOOK_WEBHOOK_SECRET, else nothing is verified
    std::vector<std::string> public_keys;  ///< `whpk_…`
    std::optional<std::filesystem::path> hub_secret_file;
    std::vector<std::string> failures;
};
int listen(const ListenOptions& options);

struct SignOptions {
    bool generate = false;                             ///< a new key instead of a signature
    bool asymmetric = false;                           ///< of Ed25519
    std::optional<std::filesystem::path> secret_file;  ///< else POLLHOOK_SECRET
    std::string id;                                    ///< empty: a random one
    std::optional<std::int64_t> timestamp;             ///< Unix seconds; absent: now
    std::filesystem::path body_file = "-";             ///< `-`: standard input
    OutputFormat output = OutputFormat::table;         ///< table: header lines, or the bare key
};
int sign(const SignOptions& options);

struct VerifyOptions {
    std::optional<std::filesystem::path> secret_file;  ///< else POLLHOOK_SECRET
    std::vector<std::string> public_keys;              ///< `whpk_…`
    std::optional<std::filesystem::path> headers_file;
    std::string id;  ///< empty: as in the file, likewise the next two
    std::string timestamp;
    std::string signature;
    std::filesystem::path body_file = "-";  ///< `-`: standard input
    base::Duration tolerance = std::chrono::minutes(5);
};
int verify(const VerifyOptions& options);

struct DemoOptions {
    std::uint16_t port = 0;                 ///< of the admin API; 0: any free one
    std::optional<base::Duration> seconds;  ///< absent: until Ctrl-C
    ColorMode color = ColorMode::automatic;
};
int demo(const DemoOptions& options);

struct DbCheckOptions {
    std::optional<std::filesystem::path> file;    ///< the database; absent: that of the configuration
    std::optional<std::filesystem::path> config;  ///< see config::find()
    OutputFormat output = OutputFormat::table;
    ColorMode color = ColorMode::automatic;
};
/// 1 when something is wrong with what is in it; 65 when it is no database of this version.
int db_check(const DbCheckOptions& options);

struct DbBackupOptions {
    std::filesystem::path file;                   ///< where to
    std::optional<std::filesystem::path> config;  ///< see config::find()
    bool force = false;                           ///< replace a file that exists
    OutputFormat output = OutputFormat::table;
};
int db_backup(const DbBackupOptions& options);

struct DbPruneOptions {
    std::optional<base::Duration> older_than;  ///< absent: the configured retention
    bool dry_run = false;
};
/// Through the daemon; when none runs, on the configured database itself. It resolves the flags itself: what
/// they say of the daemon tells whether that database is its own.
int db_prune(const DbPruneOptions& options, const ClientFlags& flags);

struct CompletionOptions {
    std::string shell;  ///< bash, zsh or fish
};
int completion(const CompletionOptions& options);

struct NamesOptions {
    std::string kind;  ///< `sinks` or `providers`
    std::optional<std::filesystem::path> config;
};
/// What a completion script offers: the names in the configuration, one a line. Opens nothing else, and is
/// silent when there is no configuration that this user may read.
int names(const NamesOptions& options);

struct ManualOptions {
    std::string section;  ///< 8: pollhook(8), 5: pollhook.toml(5)
    std::string date;     ///< `2026-11-21`; empty: none
};
/// For the build: prints a manual page.
int manual(const ManualOptions& options);

int version(OutputFormat output);

}  // namespace pollhook::cli
