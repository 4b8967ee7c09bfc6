#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/histogram.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace pollhook::store {

/// Why a store cannot be opened, in a text for the operator; code() is one of Errc.
class StartError final : public std::runtime_error {
public:
    StartError(boost::system::error_code code, const std::string& what)
        : std::runtime_error(what),
          code_(code)
    {
    }
    [[nodiscard]] const boost::system::error_code& code() const noexcept { return code_; }

private:
    boost::system::error_code code_;
};

enum class Synchronous { full, normal };

struct SqliteOptions {
    std::filesystem::path directory;  ///< made when missing, mode 0700; locked for this process
    std::string file = "pollhook.db";
    Synchronous synchronous = Synchronous::full;
    std::uint64_t max_size =
        10ULL * 1024 * 1024 * 1024;  ///< bytes of database and WAL; above it no task is registered
    std::string vfs;                 ///< SQLite VFS name; empty: the system's
    /// Where the writing operations run; empty: a thread of the store's own. The simulation gives its own
    /// loop.
    boost::asio::any_io_executor writer;
    boost::asio::any_io_executor reader;
};

/// A Store in one SQLite file (WAL, STRICT tables).
///
/// One connection writes, on the store thread; it takes everything that waits, makes one transaction and
/// completes all of it on the loop. A second, query-only connection on its own thread serves the queries.
class SqliteStore final : public Store {
public:
    /// Opens, locks, checks (quick_check, write probe) and migrates (with a backup first). Throws StartError
    /// with a text that says what to do.
    SqliteStore(boost::asio::any_io_executor loop, SqliteOptions options);
    ~SqliteStore() override;

    /// See SqliteOptions::max_size; from now on.
    void set_max_size(std::uint64_t bytes);

    [[nodiscard]] Operation<std::vector<SinkRow>> open_sinks(std::vector<SinkOpening> sinks) override;
    [[nodiscard]] Operation<void> pause_sink(SinkId sink, std::string reason, base::TimePoint now) override;
    [[nodiscard]] Operation<void> resume_sink(SinkId sink) override;
    [[nodiscard]] Operation<std::vector<Registered>> register_tasks(
        std::vector<Registration> batch, base::TimePoint now
    ) override;
    [[nodiscard]] Operation<std::optional<TaskRow>> stop_watching(task::TaskKey key, base::TimePoint now)
        override;
    [[nodiscard]] Operation<std::vector<WatchedTask>> watched(
        std::string provider, TaskRow after, std::size_t limit
    ) override;
    [[nodiscard]] Operation<void> end_settling(std::vector<TaskRow> tasks) override;
    [[nodiscard]] Operation<void> note_contradiction(
        TaskRow task, std::string upstream_status, base::TimePoint at
    ) override;
    [[nodiscard]] Operation<Recorded> record(std::vector<Change> batch, ClaimPolicy policy) override;
    [[nodiscard]] Operation<Settled> announce(std::vector<Announcing> batch, ClaimPolicy policy) override;
    [[nodiscard]] Operation<void> start_outbox(base::TimePoint now) override;
    [[nodiscard]] Operation<void> note_outbox(base::TimePoint now) override;
    [[nodiscard]] Operation<std::vector<OriginBacklog>> backlog() override;
    [[nodiscard]] Operation<Claimed> claim(std::vector<ClaimRequest> requests, base::TimePoint now) override;
    [[nodiscard]] Operation<Settled> settle(
        std::vector<Settlement> batch,
        std::vector<Announcing> announcements,
        base::TimePoint now,
        ClaimPolicy policy
    ) override;
    [[nodiscard]] Operation<void> cancel_task_webhook(TaskRow task, std::string reason, base::TimePoint now)
        override;
    [[nodiscard]] Operation<Reopening> reopen(DeliveryKey key, base::TimePoint now) override;
    [[nodiscard]] Operation<Job> create_job(JobRequest request, base::TimePoint now) override;
    [[nodiscard]] Operation<bool> cancel_job(std::int64_t id, base::TimePoint now) override;
    [[nodiscard]] Operation<Advanced> advance_job(
        std::int64_t id, std::size_t limit, base::TimePoint wall_now, base::TimePoint outbox_now
    ) override;
    [[nodiscard]] Operation<std::string> last_event_body(TaskRow task) override;
    [[nodiscard]] Operation<Pruned> prune(base::TimePoint before, std::size_t limit, base::TimePoint now)
        override;
    [[nodiscard]] Operation<Space> space() override;
    [[nodiscard]] Operation<std::optional<std::string>> meta(std::string name) override;
    [[nodiscard]] Operation<void> set_meta(std::string name, std::string value) override;
    [[nodiscard]] Operation<TaskPage> tasks(TaskQuery query) override;
    [[nodiscard]] Operation<std::optional<TaskDetail>> task(task::TaskKey key) override;
    [[nodiscard]] Operation<EventPage> events(EventQuery query) override;
    [[nodiscard]] Operation<DeliveryPage> deliveries(DeliveryQuery query) override;
    [[nodiscard]] Operation<std::optional<DeliveryDetail>> delivery(DeliveryKey key) override;
    [[nodiscard]] Operation<std::uint64_t> count_matching(JobRequest request) override;
    [[nodiscard]] Operation<std::vector<SinkSummary>> sinks() override;
    [[nodiscard]] Operation<std::vector<Job>> jobs(std::size_t limit) override;
    [[nodiscard]] Operation<std::optional<Job>> job(std::int64_t id) override;
    [[nodiscard]] Operation<Totals> totals() override;
    [[nodiscard]] Operation<std::uint64_t> count_prunable(base::TimePoint before) override;
    void on_new_events(std::function<void()> listener) override;
    [[nodiscard]] boost::asio::awaitable<void> close() override;

    /// How long its transactions take, from their begin until they are on the disk. As long as the store
    /// lives.
    [[nodiscard]] const base::Histogram& commit_durations() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::store
