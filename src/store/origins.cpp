#include "origins.hpp"

#include "statement.hpp"

#include <cstddef>

namespace pollhook::store {
namespace {

constexpr std::size_t most_known = 4096;

}  // namespace

Origins::Origins(SQLite::Database& database)
    : find_(database, "SELECT id FROM origins WHERE name = ?"),
      add_(database, "INSERT INTO origins (name) VALUES (?) RETURNING id"),
      find_sink_(database, "SELECT id, origin FROM sinks WHERE name = ?"),
      add_sink_(database, "INSERT INTO sinks (name, origin) VALUES (?, ?) RETURNING id")
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

std::vector<SinkRow> Origins::open_sinks(const std::vector<std::string>& names)
{
    std::vector<SinkRow> rows;
    rows.reserve(names.size());
    for (const std::string& name : names) {
        if (Run find(find_sink_, name); find.next()) {
            rows.push_back({find.as<SinkId>(0), find.as<OriginId>(1)});
            continue;
        }
        const OriginId origin = row_of("sink:" + name);
        Run add(add_sink_, name, origin);
        add.next();
        rows.push_back({add.as<SinkId>(0), origin});
    }
    return rows;
}

}  // namespace pollhook::store
