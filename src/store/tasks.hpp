#pragma once

#include "counts.hpp"
#include "origins.hpp"
#include "pollhook/store/store.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
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
    std::optional<TaskRow> remove(const task::TaskKey& key);
    std::vector<WatchedTask> watched(const std::string& provider, TaskRow after, std::size_t limit);
    void end_settling(const std::vector<TaskRow>& tasks);
    void note_contradiction(TaskRow task, const std::string& upstream_status, base::TimePoint at);
    std::string last_event_body(TaskRow task);
    /// Deletes old finished tasks and gives freed pages back, both in small steps.
    std::size_t prune(base::TimePoint before, std::size_t limit);

private:
    Registered complete_known(const Registration& registration);
    /// Deletes a task with all that hangs on it.
    void erase(TaskRow task);

    SQLite::Database& database_;
    Counts& counts_;
    Origins& origins_;
    SQLite::Statement insert_;
    SQLite::Statement find_;
    SQLite::Statement fill_webhook_;
    SQLite::Statement fill_metadata_;
    SQLite::Statement watched_;
    SQLite::Statement end_settling_;
    SQLite::Statement contradict_;
    SQLite::Statement last_body_;
    SQLite::Statement prunable_;
    SQLite::Statement describe_;
    SQLite::Statement count_deliveries_;
    SQLite::Statement delete_;
};

}  // namespace pollhook::store
