#include "origins.hpp"

#include "statement.hpp"

#include <algorithm>
#include <cstddef>

namespace pollhook::store {
namespace {

constexpr std::size_t most_known = 4096;

}  // namespace

Origins::Origins(SQLite::Database& database)
    : find_(database, "SELECT id FROM origins WHERE name = ?"),
      add_(database, "INSERT INTO origins (name) VALUES (?) RETURNING id"),
      find_sink_(database, "SELECT id FROM sinks WHERE name = ?"),
      add_sink_(database, "INSERT INTO sinks (name, origin) VALUES (?, ?) RETURNING id"),
      configured_(database, "SELECT id FROM sinks WHERE configured = 1"),
      configure_(database, "UPDATE sinks SET configured = ?2 WHERE id = ?1 AND configured <> ?2"),
      describe_sink_(database, "SELECT origin, paused, pause_reason, paused_at FROM sinks WHERE id = ?"),
      pause_(
          database,
          "UPDATE sinks SET paused = 1, pause_reason = ?2, paused_at = ?3 WHERE id = ?1 AND paused = 0"
      ),
      resume_(database, "UPDATE sinks SET paused = 0, pause_reason = '', paused_at = NULL WHERE id = ?")
{
}

OriginId Origins::row_of(const std::string& name)
{
    if (const auto known = known_.find(name); known != known_.end())
        return known->second;
    OriginId row{};
    if (Run find(find_, name); find.next())
        row = find.as<OriginId>(0);
    else {
        Run add(add_, name);
        add.next();
        row = add.as<OriginId>(0);
    }
    if (known_.size() >= most_known)
        known_.clear();
    known_.emplace(name, row);
    return row;
}

std::vector<SinkRow> Origins::open_sinks(const std::vector<SinkOpening>& sinks)
{
    std::vector<SinkRow> rows;
    rows.reserve(sinks.size());
    for (const SinkOpening& sink : sinks) {
        SinkRow& row = rows.emplace_back();
        row.id = make_sink(sink.name);
        {
            Run describe(describe_sink_, row.id);
            describe.next();
            row.origin = describe.as<OriginId>(0);
            row.paused = describe.integer(1) != 0;
            row.pause_reason = describe.text(2);
            row.paused_at = describe.optional_time(3);
        }
        row.host = sink.host.empty() ? row.origin : row_of(sink.host);
    }
    note_configured(rows);
    return rows;
}

/// Writes only what has changed: the daemon has to start on a full disk.
void Origins::note_configured(const std::vector<SinkRow>& rows)
{
    std::vector<SinkId> before;
    for (Run row(configured_); row.next();)
        before.push_back(row.as<SinkId>(0));
    for (const SinkId sink : before)
        if (std::ranges::find(rows, sink, &SinkRow::id) == rows.end())
            execute(configure_, sink, 0);
    for (const SinkRow& row : rows)
        execute(configure_, row.id, 1);
}

SinkId Origins::make_sink(const std::string& name)
{
    if (Run find(find_sink_, name); find.next())
        return find.as<SinkId>(0);
    const OriginId origin = row_of("sink:" + name);
    Run add(add_sink_, name, origin);
    add.next();
    return add.as<SinkId>(0);
}

void Origins::pause_sink(SinkId sink, const std::string& reason, base::TimePoint now)
{
    execute(pause_, sink, reason, now);
}

void Origins::resume_sink(SinkId sink)
{
    execute(resume_, sink);
}

}  // namespace pollhook::store
