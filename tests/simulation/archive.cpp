#include "archive.hpp"

#include "disk_vfs.hpp"
#include "scenario.hpp"

#include <fmt/format.h>

#include <array>

namespace pollhook::simulation {
namespace {

struct Kept {
    const char* table;
    const char* same_row;  ///< of the one that is being deleted
};

constexpr std::array all_kept{
    Kept{.table = "tasks", .same_row = "id = OLD.id"},
    Kept{.table = "transitions", .same_row = "task = OLD.task AND sequence = OLD.sequence"},
    Kept{.table = "events", .same_row = "id = OLD.id"},
    Kept{
        .table = "deliveries", .same_row = "task = OLD.task AND sink = OLD.sink AND sequence = OLD.sequence"
    },
};

}  // namespace

bool open_archive(Disk& disk, const Timeline& timeline)
{
    if (disk.size_of(database_path) == 0)
        return false;
    const DiskVfs vfs(disk, timeline, "archive", DiskVfs::Role::inspection, 1);
    SQLite::Database database(std::string(database_path), SQLite::OPEN_READWRITE, 0, vfs.name());
    if (!database.tableExists("deliveries"))
        return false;
    for (const auto& [table, same_row] : all_kept)
        database.exec(fmt::format(
            "CREATE TABLE deleted_{0} AS SELECT *, 0 AS deleted_at FROM {0} WHERE 0;"
            "CREATE TRIGGER keep_{0} BEFORE DELETE ON {0} BEGIN INSERT INTO deleted_{0}"
            " SELECT *, round((julianday('now') - 2440587.5) * 86400000) FROM {0} WHERE {1}; END",
            table,
            same_row
        ));
    return true;
}

std::string with_archive(SQLite::Database& database, const std::string& table)
{
    if (!database.tableExists("deleted_" + table))
        return fmt::format("(SELECT *, NULL AS deleted_at FROM {})", table);
    return fmt::format("(SELECT *, NULL AS deleted_at FROM {0} UNION ALL SELECT * FROM deleted_{0})", table);
}

}  // namespace pollhook::simulation
