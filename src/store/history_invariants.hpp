#pragma once

#include "invariant_findings.hpp"
#include "pollhook/task/detect.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace pollhook::store {

/// A task on the way through its steps.
struct Reached {
    Place place;
    // As its row has it.
    std::int64_t status = 0, progress = 0, peak_rank = 0, sequence = 0;
    bool has_end = false;
    // As the steps tell it; what the next one must agree with.
    task::Known known;
    bool ended = false;
    bool readable = true;  ///< false: a number in it means nothing, so what follows cannot be judged
};

/// I1, I2, I3, I5, I8, I9: what happened to each task, step by step.
class HistoryInvariants {
public:
    /// `database` and `findings` are the caller's, and outlive this.
    HistoryInvariants(SQLite::Database& database, Findings& findings);
    /// The tasks above `after` up to `last`; to be called within one transaction.
    void check(TaskRow after, TaskRow last);

private:
    static Reached begin(const Run& row);
    void step(Reached& reached, const Run& row);
    void follow(const Reached& reached, const task::Transition& step);
    void check_event(const Place& place, const task::Transition& step, const Run& row);
    void check_body(const Place& place, task::EventType type, base::TimePoint at, std::string_view head);
    void finish(const std::optional<Reached>& reached);
    void check_strays(TaskRow after, TaskRow last);
    void check_own(TaskRow after, TaskRow last);

    Findings& findings_;
    Statement rows_;
    Statement strays_;
    Statement own_;
};

}  // namespace pollhook::store
