#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/store/error.hpp"
#include "pollhook/store/jobs.hpp"
#include "pollhook/store/metadata_filter.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/store/queries.hpp"
#include "pollhook/task/announcement.hpp"
#include "pollhook/task/detect.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/key.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::store {

/// A task to watch from now on.
struct Registration {
    task::TaskKey key;
    std::string webhook_url;      ///< checked by the caller; empty: none
    std::string webhook_origin;   ///< http::Origin::text() of it; empty: none
    std::string metadata = "{}";  ///< a JSON object's text
    /// Of the caller's trace, checked by the caller (task::parse_traceparent); empty: the task begins its
    /// own.
    std::string traceparent;
    std::string tracestate;  ///< as task::passable_tracestate() leaves it
    /// Whether a task that was stopped is watched again.
    bool resume = true;
    /// Nobody asked for it, and it has ended: it is no news when prune() has deleted it.
    bool is_over = false;
};

/// What the poller keeps of a watched task.
struct WatchedTask {
    TaskRow row{};
    std::string id;
    task::Known known;
    base::TimePoint registered_at{};
    base::TimePoint changed_at{};                 ///< of the last transition, but not before registered_at
    std::optional<base::TimePoint> settle_until;  ///< a terminal task whose result may still change
    std::uint64_t result_digest = 0;
};

struct Registered {
    WatchedTask task;
    /// False: it was known before. A missing webhookUrl or empty metadata of a known task is filled in, and
    /// nothing else is changed.
    bool created = false;
    bool resumed = false;  ///< it had been stopped and is watched again: registered anew, at this time
    bool stopped = false;  ///< it had been stopped and stays so: do not look at it
    /// It is known with another URL or other metadata than were given now, and keeps its own.
    bool kept_webhook = false, kept_metadata = false;
    /// It is neither known nor created, since prune() has deleted it. Only its id is set.
    bool forgotten = false;
};

/// A sink of the configuration.
struct SinkOpening {
    std::string name;
    std::string host;  ///< http::Origin::text() of its URL; empty: it needs no network
};

/// A configured sink's rows, as they were when it was opened.
struct SinkRow {
    SinkId id{};
    OriginId origin{};  ///< its own: `sink:ops`
    OriginId host{};    ///< that of its URL, which it may share with others; else `origin`
    bool paused = false;
    std::string pause_reason;
    std::optional<base::TimePoint> paused_at;
};

/// A configured sink that wants an event.
struct Addressee {
    SinkId sink{};
    OriginId origin{};
    /// Its order: waiting deliveries of its earlier, non-terminal events become `superseded`.
    bool latest = false;
    /// Asked when the event is stored, since the metadata is known there; null: all.
    std::shared_ptr<const MetadataFilter> filter;
};

/// One detected step, with everything that its transaction writes.
struct Change {
    TaskRow task{};
    task::TaskKey key;
    task::Transition transition;
    std::string upstream_status;
    task::EventDraft event;
    std::vector<Addressee> addressees;  ///< the configured sinks that want it
    bool to_task_webhook = false;       ///< also to the task's own URL, when it has one
    bool task_webhook_latest = false;   ///< see Addressee::latest
    std::string callback_url;  ///< adopted as webhookUrl when the task has none; checked by the caller
    std::string callback_origin;
    std::optional<base::TimePoint> settle_until;
    std::uint64_t result_digest = 0;
};

struct Recorded {
    /// By index of the batch: false when the task was stopped or deleted, or another sequence is stored
    /// (nothing was written for it then).
    std::vector<bool> applied;
    std::vector<ClaimedDelivery> claimed;
    /// Origins that got deliveries which were not claimed; the dispatcher claims them when it has room.
    std::vector<OriginId> waiting;
};

/// One attempt as it is kept.
struct Attempt {
    base::TimePoint at{};
    int http_status = 0;      ///< 0: no answer
    std::string error_class;  ///< `timeout`, …; empty when there was a 2xx
    std::string decision;     ///< `delivered`, `retry in 5s: HTTP 503`, `dead: HTTP 410 Gone`
    std::string peer;
    std::string response_head;  ///< at most 4 KiB of the answer's body
    base::Duration look_up{}, connect{}, tls{}, first_byte{}, total{};
};

/// How an attempt, or a decision without one, ends a claim.
struct Settlement {
    DeliveryKey key;
    DeliveryState state = DeliveryState::pending;  ///< delivered, dead, cancelled; or pending: again at `due`
    base::TimePoint due{};
    std::string reason;              ///< for dead and cancelled
    std::optional<Attempt> attempt;  ///< none when the claim is only given back
    bool rejected = false;           ///< the attempt counts in ClaimedDelivery::rejected
};

struct Settled {
    std::vector<ClaimedDelivery> claimed;  ///< the next ones of the lanes that moved on
    std::vector<OriginId> waiting;
};

/// An event of pollhook's own and who wants it.
struct Announcing {
    task::Announcement announcement;
    std::vector<SinkRow> sinks;
};

/// Whether a task could be registered now, and if not, what is used up.
enum class Space : std::uint8_t { enough, none_on_disk, none_below_max_size };

/// What one step of Store::prune() did.
struct Pruned {
    std::size_t tasks = 0;  ///< deleted
    bool is_done = false;   ///< there was nothing to delete or to cancel, so another step would be in vain
};

struct ClaimRequest {
    OriginId origin{};
    std::size_t limit = 0;
};
struct Claimed {
    std::vector<ClaimedDelivery> claimed;
    /// For each request, in order: when its next unclaimed delivery is due (may be past); empty when there is
    /// none.
    std::vector<std::optional<base::TimePoint>> next_due;
};
struct OriginBacklog {
    OriginId origin{};
    std::string name;
    base::TimePoint next_due{};
};

/// The durable state of pollhook: tasks, transitions, events and the outbox.
///
/// Every operation is durable when it completes, and operations that wait at the same time share one commit.
/// They complete on the loop; cancelling the awaiting coroutine does not end them, since their effect is
/// already on its way. Their number in flight is bounded by their callers. Any error but Errc::full and
/// Errc::conflict means that the database can no longer be trusted, since what a failed commit wrote may be
/// there after all: stop in order and start again.
class Store {
public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    template <class T>
    using Operation = boost::asio::awaitable<base::Result<T>>;

    /// Rows for the configured sinks, made where missing; the order is that of `sinks`. No other sink is
    /// configured from now on.
    [[nodiscard]] virtual Operation<std::vector<SinkRow>> open_sinks(std::vector<SinkOpening> sinks) = 0;
    /// Remembers that nothing is sent to a sink; who sends has to obey. One that is paused already keeps its
    /// reason and time. `reason`: `paused by the operator`, `HTTP 410 Gone`.
    [[nodiscard]] virtual Operation<void> pause_sink(
        SinkId sink, std::string reason, base::TimePoint now
    ) = 0;
    [[nodiscard]] virtual Operation<void> resume_sink(SinkId sink) = 0;

    /// The result has the order of the batch. Errc::full when the store has reached its size limit or the
    /// disk is full.
    [[nodiscard]] virtual Operation<std::vector<Registered>> register_tasks(
        std::vector<Registration> batch, base::TimePoint now
    ) = 0;
    /// Stops watching: no further change is taken. The task stays as it is with its history, and what is
    /// open is delivered; it is pruned like one that ended now. Empty when it is not known.
    [[nodiscard]] virtual Operation<std::optional<TaskRow>> stop_watching(
        task::TaskKey key, base::TimePoint now
    ) = 0;
    /// Pending and settling tasks of a provider by row, from `after` on; the poller's memory at start.
    [[nodiscard]] virtual Operation<std::vector<WatchedTask>> watched(
        std::string provider, TaskRow after, std::size_t limit
    ) = 0;
    /// Ends the settle time of terminal tasks: they are no longer looked at.
    [[nodiscard]] virtual Operation<void> end_settling(std::vector<TaskRow> tasks) = 0;
    /// A relay contradicted a terminal state: kept with the task, not announced.
    [[nodiscard]] virtual Operation<void> note_contradiction(
        TaskRow task, std::string upstream_status, base::TimePoint at
    ) = 0;

    /// Writes a batch of changes: task, transition, event and deliveries, all in one transaction.
    [[nodiscard]] virtual Operation<Recorded> record(std::vector<Change> batch, ClaimPolicy policy) = 0;

    /// Stores events of pollhook's own, with a delivery for each of their sinks. The deliveries of a subject
    /// to a sink keep their order; none is ever superseded.
    [[nodiscard]] virtual Operation<Settled> announce(std::vector<Announcing> batch, ClaimPolicy policy) = 0;

    /// The dispatcher starts, at this time of the outbox (see ClaimPolicy::now). When that lies before the
    /// time at which the last one worked, what waits is planned anew: the wall clock has been set back.
    [[nodiscard]] virtual Operation<void> start_outbox(base::TimePoint now) = 0;
    /// The outbox works, at this time of its own: what start_outbox() compares with. Whatever is recorded or
    /// settled notes it too, so this is for when nothing is.
    [[nodiscard]] virtual Operation<void> note_outbox(base::TimePoint now) = 0;
    /// Every origin with unclaimed deliveries; the dispatcher's memory at start.
    [[nodiscard]] virtual Operation<std::vector<OriginBacklog>> backlog() = 0;
    [[nodiscard]] virtual Operation<Claimed> claim(
        std::vector<ClaimRequest> requests, base::TimePoint now
    ) = 0;
    /// Also announces, in the same transaction: what the settlements give rise to.
    [[nodiscard]] virtual Operation<Settled> settle(
        std::vector<Settlement> batch,
        std::vector<Announcing> announcements,
        base::TimePoint now,
        ClaimPolicy policy
    ) = 0;
    /// Ends every waiting delivery of a task's own URL (a 410), and those to come: `cancelled` with the
    /// reason, until one of them is re-opened.
    [[nodiscard]] virtual Operation<void> cancel_task_webhook(
        TaskRow task, std::string reason, base::TimePoint now
    ) = 0;

    /// Makes a delivery that has ended pending again, with a new budget; its attempts stay and are numbered
    /// on. `now` is that of the outbox (see ClaimPolicy::now), here and in advance_job().
    [[nodiscard]] virtual Operation<Reopening> reopen(DeliveryKey key, base::TimePoint now) = 0;
    [[nodiscard]] virtual Operation<Job> create_job(JobRequest request, base::TimePoint now) = 0;
    /// False when there is no such job or it has ended.
    [[nodiscard]] virtual Operation<bool> cancel_job(std::int64_t id, base::TimePoint now) = 0;
    /// Makes or re-opens at most `limit` deliveries, and examines no more than some hundred rows; both and
    /// the job's place are one transaction, so that a restart goes on exactly there. A job that has ended is
    /// left alone; Errc::conflict when there is none.
    [[nodiscard]] virtual Operation<Advanced> advance_job(
        std::int64_t id, std::size_t limit, base::TimePoint wall_now, base::TimePoint outbox_now
    ) = 0;

    /// The last event's body of a task; empty when there is none.
    [[nodiscard]] virtual Operation<std::string> last_event_body(TaskRow task) = 0;

    /// Deletes finished and stopped tasks that ended before `before` and have no open delivery, at most
    /// `limit` of them. Own events and jobs of that age go too. Deliveries of such old events to sinks that
    /// are no longer configured become `cancelled`, at `now`, those of `limit` tasks for each sink.
    [[nodiscard]] virtual Operation<Pruned> prune(
        base::TimePoint before, std::size_t limit, base::TimePoint now
    ) = 0;
    /// Also a sign of life of the writing connection. It writes nothing.
    [[nodiscard]] virtual Operation<Space> space() = 0;
    /// Small values of the daemon's own, by name.
    [[nodiscard]] virtual Operation<std::optional<std::string>> meta(std::string name) = 0;
    [[nodiscard]] virtual Operation<void> set_meta(std::string name, std::string value) = 0;

    // Queries for people: on a read-only connection of their own, they never delay a commit.
    [[nodiscard]] virtual Operation<TaskPage> tasks(TaskQuery query) = 0;
    [[nodiscard]] virtual Operation<std::optional<TaskDetail>> task(task::TaskKey key) = 0;
    [[nodiscard]] virtual Operation<EventPage> events(EventQuery query) = 0;
    [[nodiscard]] virtual Operation<DeliveryPage> deliveries(DeliveryQuery query) = 0;
    [[nodiscard]] virtual Operation<std::optional<DeliveryDetail>> delivery(DeliveryKey key) = 0;
    /// How many deliveries or events a job would examine if it were created now.
    [[nodiscard]] virtual Operation<std::uint64_t> count_matching(JobRequest request) = 0;
    /// Every sink that was ever configured, by name, and the tasks' own URLs as one.
    [[nodiscard]] virtual Operation<std::vector<SinkSummary>> sinks() = 0;
    /// Running ones first, then the newest.
    [[nodiscard]] virtual Operation<std::vector<Job>> jobs(std::size_t limit) = 0;
    [[nodiscard]] virtual Operation<std::optional<Job>> job(std::int64_t id) = 0;
    [[nodiscard]] virtual Operation<Totals> totals() = 0;
    /// How many tasks prune() would delete, one step after the other.
    [[nodiscard]] virtual Operation<std::uint64_t> count_prunable(base::TimePoint before) = 0;

    /// Calls `listener` on the loop after each commit that stored an event, once for all of its events. There
    /// is one listener; an empty one ends that.
    virtual void on_new_events(std::function<void()> listener) = 0;

    /// Waits for what was handed in, checkpoints and closes. Nothing may be called afterwards.
    [[nodiscard]] virtual boost::asio::awaitable<void> close() = 0;
};

}  // namespace pollhook::store
