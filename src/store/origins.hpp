#pragma once

#include "pollhook/store/store.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <string>
#include <unordered_map>
#include <vector>

namespace pollhook::store {

/// The tables `origins` and `sinks`.
class Origins {
public:
    explicit Origins(SQLite::Database& database);

    /// The row of `name`, made when it is missing.
    OriginId row_of(const std::string& name);
    /// The rows of configured sinks, made where missing.
    std::vector<SinkRow> open_sinks(const std::vector<std::string>& names);
    /// When a transaction is rolled back: what it made is not there.
    void forget() noexcept { known_.clear(); }

private:
    SQLite::Statement find_;
    SQLite::Statement add_;
    SQLite::Statement find_sink_;
    SQLite::Statement add_sink_;
    std::unordered_map<std::string, OriginId> known_;  // bounded: strangers name origins
};

}  // namespace pollhook::store
