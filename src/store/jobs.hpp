#pragma once

#include "job_rows.hpp"
#include "lanes.hpp"
#include "pollhook/base/result.hpp"
#include "pollhook/store/error.hpp"
#include "pollhook/store/jobs.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pollhook::store {

/// The table `jobs`: re-driving of many deliveries, a few hundred rows in each transaction.
class Jobs {
public:
    /// Both must outlive this.
    Jobs(SQLite::Database& database, Lanes& lanes);

    Job create(const JobRequest& request, const JobScope& scope, base::TimePoint now);
    bool cancel(std::int64_t id, base::TimePoint now);
    base::Result<Advanced> advance(
        std::int64_t id, std::size_t limit, base::TimePoint wall_now, base::TimePoint outbox_now
    );
    /// Forgets those that ended before `before`.
    void prune(base::TimePoint before);

private:
    struct Step;

    [[nodiscard]] std::optional<Job> find(std::int64_t id);
    void retry(Step& step);
    void replay(Step& step);
    [[nodiscard]] std::optional<OriginId> origin_for(const DeliveryKey& key);
    void keep(const Step& step, base::TimePoint now);

    SQLite::Database& database_;
    Lanes& lanes_;
    Statement insert_;
    Statement find_;
    Statement find_place_;
    Statement cancel_;
    Statement keep_;
    Statement prune_;
    Statement ended_deliveries_;
    Statement past_events_;
    Statement sink_origin_;
    Statement webhook_;
};

}  // namespace pollhook::store
