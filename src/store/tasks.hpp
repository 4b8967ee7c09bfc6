#pragma once

#include "counts.hpp"
#include "origins.hpp"
#include "pollhook/store/store.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::store {

/// The table `tasks`, apart from what a transition changes (see Recorder).
class Tasks {
public:
    /// All must outlive this.
    Tasks(SQLite::Database& database, Counts& counts, Origins& origins);

    std::vector<Registered> add(const std::vector<Registration>& batch, base::TimePoint now);
    std::optional<TaskRow> stop(const task::TaskKey& key, base::TimePoint now);
    std::vector<WatchedTask> watched(const std::string& provider, TaskRow after, std::size_t limit);
    void end_settling(const std::vector<TaskRow>& tasks);
    void note_contradiction(TaskRow task, const std::string& upstream_status, base::TimePoint at);
    std::string last_event_body(TaskRow task);
    /// Deletes what is old and done, and gives freed pages back, both in small steps.
    Pruned prune(base::TimePoint before, std::size_t limit);

private:
    Registered complete_known(const Registration& registration, base::TimePoint now);
    /// Whether it is over and prune() has deleted it.
    bool is_forgotten(const Registration& registration);
    /// Deletes a task with all that hangs on it.
    void erase(TaskRow task);
    /// Own events of subjects that have newer ones; how many.
    std::size_t erase_own_events(base::TimePoint before, std::size_t limit);

    SQLite::Database& database_;
    Counts& counts_;
    Origins& origins_;
    Statement insert_;
    Statement find_;
    Statement fill_webhook_;
    Statement fill_metadata_;
    Statement watched_;
    Statement end_settling_;
    Statement contradict_;
    Statement last_body_;
    Statement prunable_;
    Statement describe_;
    Statement count_deliveries_;
    Statement delete_;
    Statement stop_;
    Statement resume_;
    Statement old_own_events_;
    Statement forget_attempts_;
    Statement forget_deliveries_;
    Statement forget_event_;
    Statement note_deleted_;
    Statement remember_;
    Statement remembered_;
    Statement forget_oldest_;
    // Of the step under way:
    std::int64_t newest_deleted_ = 0;  // row of an event
};

}  // namespace pollhook::store
