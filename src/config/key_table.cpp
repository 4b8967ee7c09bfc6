#include "key_table.hpp"

#include "ranges.hpp"
#include "row.hpp"

namespace pollhook::config {

using namespace std::chrono_literals;

template <>
const std::vector<Row<Daemon>>& rows<Daemon>()
{
    static const std::vector<Row<Daemon>> all{
        row<Daemon, &Daemon::state_dir>(
            {.table = "daemon",
             .key = "state_dir",
             .type = ValueType::path,
             .text = "Where the database and the lock live; absolute.",
             .reload = Reload::restart,
             .default_text = R"("$STATE_DIRECTORY, else ~/.local/state/pollhook")"}
        ),
        row<Daemon, &Daemon::log_level>(
            {.table = "daemon",
             .key = "log_level",
             .type = ValueType::choice,
             .text = "The least serious message that is logged."}
        ),
        row<Daemon, &Daemon::log_format>(
            {.table = "daemon",
             .key = "log_format",
             .type = ValueType::choice,
             .text = "How log lines look; auto adapts to the journal.",
             .reload = Reload::restart}
        ),
        row<Daemon, &Daemon::shutdown_grace>(
            {.table = "daemon",
             .key = "shutdown_grace",
             .type = ValueType::duration,
             .text = "How long requests under way may take after SIGTERM.",
             .minimum = 0,
             .maximum = ms(10min)}
        )
    };
    return all;
}

template <>
const std::vector<Row<Store>>& rows<Store>()
{
    static const std::vector<Row<Store>> all{
        row<Store, &Store::file>(
            {.table = "store",
             .key = "file",
             .type = ValueType::file_name,
             .text = "The database file, within state_dir.",
             .reload = Reload::restart}
        ),
        row<Store, &Store::synchronous>(
            {.table = "store",
             .key = "synchronous",
             .type = ValueType::choice,
             .text = "full survives a power cut; normal may lose the last moments before one.",
             .reload = Reload::restart}
        ),
        row<Store, &Store::retention>(
            {.table = "store",
             .key = "retention",
             .type = ValueType::duration,
             .text = "How long finished tasks are kept, with all that hangs on them.",
             .minimum = ms(1min),
             .maximum = 3650 * day}
        ),
        row<Store, &Store::max_size>(
            {.table = "store",
             .key = "max_size",
             .type = ValueType::size,
             .text = "The size above which the store takes no new tasks.",
             .minimum = 16 * mib,
             .maximum = 64 * tib}
        )
    };
    return all;
}

template <>
const std::vector<Row<Admin>>& rows<Admin>()
{
    static const std::vector<Row<Admin>> all{
        row<Admin, &Admin::listen>(
            {.table = "admin",
             .key = "listen",
             .type = ValueType::addresses,
             .text = "Addresses it listens on: TCP or unix sockets.",
             .reload = Reload::restart}
        ),
        row<Admin, &Admin::token>(
            {.table = "admin",
             .key = "token",
             .type = ValueType::secret,
             .text = "What writes must present; needed for any address that is not loopback or unix."}
        ),
        row<Admin, &Admin::hosts>(
            {.table = "admin",
             .key = "hosts",
             .type = ValueType::hosts,
             .text = "Further names that the Host header may carry."}
        )
    };
    return all;
}

}  // namespace pollhook::config
