#pragma once

#include "pollhook/store/store.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

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
    std::vector<SinkRow> open_sinks(const std::vector<SinkOpening>& sinks);
    void pause_sink(SinkId sink, const std::string& reason, base::TimePoint now);
    void resume_sink(SinkId sink);
    /// When a transaction is rolled back: what it made is not there.
    void forget() noexcept { known_.clear(); }

private:
    SinkId make_sink(const std::string& name);
    void note_configured(const std::vector<SinkRow>& rows);

    Statement find_;
    Statement add_;
    Statement find_sink_;
    Statement add_sink_;
    Statement configured_;
    Statement configure_;
    Statement describe_sink_;
    Statement pause_;
    Statement resume_;
    std::unordered_map<std::string, OriginId> known_;  // bounded: strangers name origins
};

}  // namespace pollhook::store
