#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/store/error.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/store/queries.hpp"
#include "pollhook/task/detect.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/key.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
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
};

/// What the poller keeps of a watched task.
struct WatchedTask {
    TaskRow row{};
    std::string id;
    task::Known known;
    base::TimePoint registered_at{};
    base::TimePoint changed_at{};  ///< of the last transition; registered_at before the first
    std::optional<base::TimePoint>
        settle_until;  ///< a terminal task whose result may still change (upstream.md section 5.16)
    std::uint64_t result_digest = 0;
};

struct Registered {
    WatchedTask task;
    /// False: it was known before. A missing webhookUrl or empty metadata of a known task is filled in, and
    /// nothing else is changed.
    bool created = false;
};

/// A configured sink's rows.
struct SinkRow {
    SinkId id{};
    OriginId origin{};
};

/// One detected step, with everything that its transaction writes.
struct Change {
    TaskRow task{};
    task::TaskKey key;
    task::Transition transition;
    std::string upstream_status;
    task::EventDraft event;
    std::vector<SinkRow> sinks;    ///< the configured sinks that want it
    bool to_task_webhook = false;  ///< also to the task's own URL, when it has one
    /// The destinations of this change whose order is `latest`: their waiting deliveries of non-terminal
    /// events become `superseded`.
    std::vector<SinkId> latest_sinks;
    std::string callback_url;  ///< adopted as webhookUrl when the task has none; checked by the caller
    std::string callback_origin;
    std::optional<base::TimePoint> settle_until;
    std::uint64_t result_digest = 0;
};

struct Recorded {
    /// By index of the batch: false when the task was removed or another sequence is stored (nothing was
    /// written for it then).
    std::vector<bool> applied;
    std::vector<ClaimedDelivery> claimed;
    /// Origins that got deliveries which were not claimed; the dispatcher claims them when it has room.
    std::vector<OriginId> waiting;
};

/// One attempt as it is kept (delivery.md section 3).
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
};

struct Settled {
    std::vector<ClaimedDelivery> claimed;  ///< the next ones of the lanes that moved on
    std::vector<OriginId> waiting;
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
/// Errc::conflict means that the database can no longer be trusted: stop in order and start again
/// (reliability.md section 3: a failed commit is unknown, not "no").
class Store {
public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    template <class T>
    using Operation = boost::asio::awaitable<base::Result<T>>;

    /// Rows for the configured sinks, made where missing; the order is that of `names`.
    [[nodiscard]] virtual Operation<std::vector<SinkRow>> open_sinks(std::vector<std::string> names) = 0;

    /// The result has the order of the batch. Errc::full when the store has reached its size limit or the
    /// disk is full.
    [[nodiscard]] virtual Operation<std::vector<Registered>> register_tasks(
        std::vector<Registration> batch, base::TimePoint now
    ) = 0;
    /// Stops watching: the task with all that hangs on it is deleted; empty when it is not known.
    [[nodiscard]] virtual Operation<std::optional<TaskRow>> remove_task(task::TaskKey key) = 0;
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

    /// Every origin with unclaimed deliveries; the dispatcher's memory at start.
    [[nodiscard]] virtual Operation<std::vector<OriginBacklog>> backlog() = 0;
    [[nodiscard]] virtual Operation<Claimed> claim(
        std::vector<ClaimRequest> requests, base::TimePoint now
    ) = 0;
    [[nodiscard]] virtual Operation<Settled> settle(
        std::vector<Settlement> batch, base::TimePoint now, ClaimPolicy policy
    ) = 0;
    /// Ends every waiting delivery of a task's own URL (a 410): `cancelled` with the reason.
    [[nodiscard]] virtual Operation<void> cancel_task_webhook(
        TaskRow task, std::string reason, base::TimePoint now
    ) = 0;

    /// The last event's body of a task; empty when there is none.
    [[nodiscard]] virtual Operation<std::string> last_event_body(TaskRow task) = 0;

    /// Deletes finished tasks that ended before `before` and have no waiting delivery, at most `limit` of
    /// them; how many were deleted.
    [[nodiscard]] virtual Operation<std::size_t> prune(base::TimePoint before, std::size_t limit) = 0;
    /// Small values of the daemon's own, by name.
    [[nodiscard]] virtual Operation<std::optional<std::string>> meta(std::string name) = 0;
    [[nodiscard]] virtual Operation<void> set_meta(std::string name, std::string value) = 0;

    // Queries for people: on a read-only connection of their own, they never delay a commit.
    [[nodiscard]] virtual Operation<TaskPage> tasks(TaskQuery query) = 0;
    [[nodiscard]] virtual Operation<std::optional<TaskDetail>> task(task::TaskKey key) = 0;
    [[nodiscard]] virtual Operation<EventPage> events(EventQuery query) = 0;
    [[nodiscard]] virtual Operation<DeliveryPage> deliveries(DeliveryQuery query) = 0;
    [[nodiscard]] virtual Operation<std::optional<DeliveryDetail>> delivery(DeliveryKey key) = 0;
    [[nodiscard]] virtual Operation<Totals> totals() = 0;

    /// Waits for what was handed in, checkpoints and closes. Nothing may be called afterwards.
    [[nodiscard]] virtual boost::asio::awaitable<void> close() = 0;
};

}  // namespace pollhook::store
