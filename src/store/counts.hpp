#pragma once

#include "pollhook/store/outbox.hpp"
#include "pollhook/task/status.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace pollhook::store {

/// What a row of `counts` counts. The numbers are stored.
enum class CountKind : std::uint8_t {
    tasks = 0,       ///< by provider and status, without those that were stopped before their end
    deliveries = 1,  ///< by sink (its number) and state
    events = 2,
};

/// Keeps the table `counts` in step: gathers what a transaction changes and writes it at its end, a few rows
/// for each.
class Counts {
public:
    explicit Counts(SQLite::Database& database);

    void add_task(const std::string& provider, task::Status status, std::int64_t n);
    void add_deliveries(SinkId sink, DeliveryState state, std::int64_t n);
    /// `n` deliveries that were `from` are `to`.
    void move_deliveries(SinkId sink, DeliveryState from, DeliveryState to, std::int64_t n = 1);
    void add_events(std::int64_t n)
    {
        events_ += n;
        has_new_events_ = has_new_events_ || n > 0;
    }
    /// Whether an event was stored since this was last asked; for after a commit.
    [[nodiscard]] bool take_new_events() noexcept { return std::exchange(has_new_events_, false); }

    /// Before the transaction commits.
    void write();
    /// When it is rolled back.
    void discard() noexcept;

private:
    void write(CountKind kind, const std::string& name, std::int64_t state, std::int64_t n);

    Statement add_;
    std::map<std::pair<std::string, task::Status>, std::int64_t> tasks_;
    std::map<SinkId, std::array<std::int64_t, 6>> deliveries_;  // by state
    std::int64_t events_ = 0;
    bool has_new_events_ = false;
};

}  // namespace pollhook::store
