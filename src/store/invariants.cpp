#include "pollhook/store/invariants.hpp"

#include "database.hpp"
#include "history_invariants.hpp"
#include "invariant_findings.hpp"
#include "outbox_invariants.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "schema.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace pollhook::store {
namespace {

/// Tasks that are read in one transaction: some milliseconds.
constexpr int tasks_in_page = 500;

/// Rows that belong to nothing are found by range: whatever lies between two tasks of a page is in it.
constexpr std::array<const char*, 4> child_tables{"transitions", "events", "deliveries", "attempts"};

SQLite::Database open_to_check(const std::filesystem::path& file)
{
    SQLite::Database database = open_to_look(file);
    check_version(database, schema_steps());
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    if (version != static_cast<int>(schema_steps().size()))
        throw StartError(
            Errc::conflict,
            fmt::format(
                "{} has schema version {}; the daemon brings it to {} when it starts",
                file.string(),
                version,
                schema_steps().size()
            )
        );
    return database;
}

/// I0, table by table, so that none of the transactions becomes longer than it has to be.
void check_pages(SQLite::Database& database, Findings& findings)
{
    std::vector<std::string> tables;
    {
        Statement names(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
        Run row(names);
        while (row.next())
            tables.push_back(row.text(0));
    }
    for (const std::string& table : tables) {
        Statement check(database, fmt::format("PRAGMA quick_check(\"{}\")", table));
        Run row(check);
        while (row.next())
            if (row.view(0) != "ok")
                findings.whole_file(fmt::format("{}: {}", table, row.view(0)));
    }
}

class Orphans {
public:
    Orphans(SQLite::Database& database, Findings& findings) : findings_(findings)
    {
        for (const char* table : child_tables)
            rows_.emplace_back(
                database,
                fmt::format(
                    "SELECT task, sequence FROM {} WHERE task > ? AND task <= ?"
                    " AND NOT EXISTS (SELECT 1 FROM tasks WHERE id = {}.task)",
                    table,
                    table
                )
            );
    }

    void check(TaskRow after, TaskRow last)
    {
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            Run row(rows_[i], after, last);
            while (row.next()) {
                Place place;
                place.task = row.as<TaskRow>(0);
                place.sequence = row.as<std::uint32_t>(1);
                findings_.add("I0", place, fmt::format("a row of {} belongs to no task", child_tables.at(i)));
            }
        }
    }

private:
    Findings& findings_;
    std::vector<Statement> rows_;
};

void check_tasks(SQLite::Database& database, Findings& findings)
{
    constexpr TaskRow end{std::numeric_limits<std::int64_t>::max()};
    Orphans orphans(database, findings);
    HistoryInvariants histories(database, findings);
    OutboxInvariants outboxes(database, findings);
    Statement page(database, "SELECT id FROM tasks WHERE id > ? ORDER BY id LIMIT ?");
    const auto all = static_cast<std::uint64_t>(database.execAndGet("SELECT count(*) FROM tasks").getInt64());
    TaskRow after{std::numeric_limits<std::int64_t>::min()};
    while (after != end) {
        const SQLite::Transaction transaction(database, SQLite::TransactionBehavior::DEFERRED);
        TaskRow last = end;
        int found = 0;
        for (Run row(page, after, tasks_in_page); row.next(); ++found)
            last = row.as<TaskRow>(0);
        if (found < tasks_in_page)
            last = end;
        orphans.check(after, last);
        histories.check(after, last);
        outboxes.check(after, last);
        findings.check.tasks += static_cast<std::uint64_t>(found);
        findings.show_progress(all);
        after = last;
    }
}

}  // namespace

InvariantCheck check_invariants(const std::filesystem::path& file, const InvariantListener& listener)
{
    Findings findings(listener);
    try {
        SQLite::Database database = open_to_check(file);
        try {
            check_pages(database, findings);
            check_tasks(database, findings);
        } catch (const SQLite::Exception& failure) {
            if (meaning_of(failure) != Errc::corrupt)
                throw;
            findings.whole_file(failure.what());
        }
    } catch (const SQLite::Exception& failure) {
        throw StartError(
            meaning_of(failure), fmt::format("cannot read {}: {}", file.string(), failure.what())
        );
    }
    return findings.check;
}

}  // namespace pollhook::store
