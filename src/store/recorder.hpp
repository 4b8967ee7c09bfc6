#pragma once

#include "claims.hpp"
#include "counts.hpp"
#include "lanes.hpp"
#include "origins.hpp"
#include "pollhook/store/store.hpp"
#include "pollhook/task/detect.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::store {

/// Writes changes: the task's new state, its transition, the event and the deliveries.
class Recorder {
public:
    /// All must outlive this.
    Recorder(SQLite::Database& database, Counts& counts, Origins& origins, Lanes& lanes);

    Recorded record(const std::vector<Change>& batch, const ClaimPolicy& policy);

private:
    struct TaskState {
        task::Known known;
        std::string provider;
        std::string webhook_url;
        OriginId webhook_origin{};
        std::string webhook_gone;  ///< why nothing more is sent there; empty: it is open
        std::string metadata;
        bool stopped = false;
        std::string traceparent;
        std::string tracestate;
        base::TimePoint registered_at{};
    };

    bool record(const Change& change, Claims& claims);
    [[nodiscard]] std::optional<TaskState> find(TaskRow task);
    void adopt_webhook(const Change& change, TaskState& state);
    void advance(const Change& change, const TaskState& state);
    [[nodiscard]] std::shared_ptr<StoredEvent> keep_event(const Change& change, const TaskState& state);
    [[nodiscard]] static std::string trace_of(const Change& change, const TaskState& state);
    void hand_out(
        const Change& change,
        const TaskState& state,
        const std::shared_ptr<const StoredEvent>& event,
        Claims& claims
    );

    SQLite::Database& database_;
    Counts& counts_;
    Origins& origins_;
    Lanes& lanes_;
    Statement find_;
    Statement adopt_;
    Statement advance_;
    Statement finish_;
    Statement transition_;
    Statement event_;
};

}  // namespace pollhook::store
