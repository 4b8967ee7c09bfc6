#include "pollhook/admin/metrics.hpp"

#include "families.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/delivery/attempt_counts.hpp"
#include "pollhook/provider/error.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/status.hpp"
#include "process_metrics.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

namespace pollhook::admin {
namespace {

using store::DeliveryState;

constexpr std::array statuses{
    task::Status::queued,
    task::Status::running,
    task::Status::waiting,
    task::Status::unknown,
    task::Status::succeeded,
    task::Status::failed,
    task::Status::cancelled,
    task::Status::lost,
    task::Status::expired,
};
constexpr std::array delivery_states{
    DeliveryState::pending,
    DeliveryState::in_flight,
    DeliveryState::delivered,
    DeliveryState::dead,
    DeliveryState::superseded,
    DeliveryState::cancelled,
};

double seconds(base::TimePoint time)
{
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

template <class Map, class Key>
double count_of(const Map& counts, const Key& key)
{
    const auto found = counts.find(key);
    return found == counts.end() ? 0.0 : static_cast<double>(found->second);
}

std::string_view result_name(std::size_t errc)
{
    return errc == 0 ? "ok" : provider::name(static_cast<provider::Errc>(errc));
}

/// Of histograms with the same bounds.
base::Histogram::Snapshot sum(base::Histogram::Snapshot a, const base::Histogram::Snapshot& b)
{
    if (a.counts.empty())
        return b;
    std::ranges::transform(a.counts, b.counts, a.counts.begin(), std::plus());
    a.sum += b.sum;
    return a;
}

void add_polling(Families& families, std::span<poll::Poller* const> pollers)
{
    Family& requests = families.counter(
        "pollhook_poll_requests_total",
        "Requests to the relay by their result: ok, or why its answer was of no use."
    );
    Family& durations = families.histogram(
        "pollhook_poll_request_duration_seconds",
        "Time from the begin of a request to the relay to its last byte."
    );
    Family& last_success = families.gauge(
        "pollhook_poll_last_success_timestamp_seconds",
        "When the relay last gave a good answer; 0 before the first."
    );
    Family& transitions = families.counter(
        "pollhook_transitions_total", "Steps of tasks that were stored, by the event's type."
    );
    base::Histogram::Snapshot delays;
    for (const poll::Poller* poller : pollers) {
        const std::string& name = poller->name();
        const poll::Poller::Counters& counters = poller->counters();
        for (std::size_t errc = 0; errc < counters.results.size(); ++errc)
            requests.add(
                {{"provider", name}, {"result", std::string(result_name(errc))}},
                static_cast<double>(counters.results.at(errc))
            );
        durations.add({{"provider", name}}, poller->request_times().snapshot());
        const auto last = poller->health().last_success();
        last_success.add({{"provider", name}}, last ? seconds(*last) : 0.0);
        for (std::size_t type = 0; type < counters.transitions_by_type.size(); ++type)
            if (!task::is_own(static_cast<task::EventType>(type)))
                transitions.add(
                    {{"provider", name}, {"type", std::string(task::name(static_cast<task::EventType>(type)))}
                    },
                    static_cast<double>(counters.transitions_by_type.at(type))
                );
        delays = sum(std::move(delays), poller->detection_delays().snapshot());
    }
    Family& delay = families.histogram(
        "pollhook_detection_delay_seconds",
        "Time from the moment a task's look was due until the relay's answer."
    );
    if (!delays.counts.empty())
        delay.add({}, delays);
}

void add_attempts(Families& families, const delivery::Dispatcher& dispatcher)
{
    Family& attempts =
        families.counter("pollhook_delivery_attempts_total", "Attempts to deliver by what came of them.");
    Family& latency = families.histogram(
        "pollhook_delivery_latency_seconds",
        "Time from the commit of an event to the receiver's good answer, retries included."
    );
    Family& dead = families.counter(
        "pollhook_deliveries_dead_total",
        "Deliveries that were given up: their attempts were used up, or "
        "the receiver wants nothing more."
    );
    Family& paused = families.gauge("pollhook_sink_paused", "1 while nothing is sent to the sink.");
    std::vector<const delivery::Destination*> destinations = dispatcher.sinks();
    for (const delivery::Destination* sink : destinations)
        paused.add({{"sink", sink->name()}}, sink->row.paused ? 1 : 0);
    if (const delivery::Destination* urls = dispatcher.task_webhooks())
        destinations.insert(destinations.begin(), urls);
    for (const delivery::Destination* to : destinations) {
        for (std::size_t result = 0; result < to->counts.results.size(); ++result)
            attempts.add(
                {{"sink", to->name()},
                 {"result", std::string(name(static_cast<delivery::AttemptResult>(result)))}},
                static_cast<double>(to->counts.results.at(result))
            );
        latency.add({{"sink", to->name()}}, to->counts.latency.snapshot());
        dead.add({{"sink", to->name()}}, static_cast<double>(to->counts.dead));
    }
    families
        .gauge("pollhook_origin_breaker_open", "Origins that get probes only, because they do not answer.")
        .add({}, static_cast<double>(dispatcher.open_breakers()));
}

void add_tasks(Families& families, const store::Totals& totals, std::span<poll::Poller* const> pollers)
{
    Family& tasks = families.gauge("pollhook_tasks", "Tasks in the store by status.");
    std::map<std::string, std::map<task::Status, std::uint64_t>> by_provider = totals.tasks;
    for (const poll::Poller* poller : pollers)
        by_provider.try_emplace(poller->name());
    for (const auto& [provider, counts] : by_provider)
        for (const task::Status status : statuses)
            tasks.add(
                {{"provider", provider}, {"status", std::string(name(status))}}, count_of(counts, status)
            );
}

void add_deliveries(Families& families, const std::vector<store::SinkSummary>& sinks, base::TimePoint now)
{
    Family& deliveries = families.gauge("pollhook_deliveries", "Deliveries in the store by state.");
    Family& oldest = families.gauge(
        "pollhook_delivery_oldest_pending_seconds",
        "Age of the oldest event that still waits for the sink, an attempt under way included; 0 when none "
        "does."
    );
    for (const store::SinkSummary& sink : sinks) {
        // One that was taken out of the configuration matters for as long as something waits for it.
        if (!sink.configured && count_of(sink.deliveries, DeliveryState::pending) == 0)
            continue;
        for (const DeliveryState state : delivery_states)
            deliveries.add(
                {{"sink", sink.name}, {"state", std::string(name(state))}}, count_of(sink.deliveries, state)
            );
        const auto age = sink.oldest_pending ? now - *sink.oldest_pending : base::Duration(0);
        oldest.add(
            {{"sink", sink.name}}, std::chrono::duration<double>(std::max(age, base::Duration(0))).count()
        );
    }
}

void add_own(Families& families, const Instruments& from)
{
    if (from.commit_durations != nullptr)
        families
            .histogram(
                "pollhook_store_commit_duration_seconds",
                "Time that a transaction of the store takes, sync included."
            )
            .add({}, from.commit_durations->snapshot());
    if (from.store_limit > 0)
        families
            .gauge(
                "pollhook_store_size_limit_bytes",
                "store.max_size: at this size no further task is registered."
            )
            .add({}, static_cast<double>(from.store_limit));
    if (const base::Histogram* lateness = from.clock->lateness())
        families
            .histogram(
                "pollhook_event_loop_lag_seconds", "How late timers woke up, because the event loop was busy."
            )
            .add({}, lateness->snapshot());
    families
        .gauge(
            "pollhook_config_last_reload_success",
            "1 when the daemon runs what its configuration file said at the last start or reload, 0 when the "
            "last reload was refused."
        )
        .add({}, from.last_reload == ReloadOutcome::succeeded ? 1 : 0);
    families.gauge("pollhook_build_info", "What runs; always 1.")
        .add({{"version", std::string(base::version())}}, 1);
}

}  // namespace

std::string exposition(const Instruments& from)
{
    Families families;
    add_polling(families, from.pollers);
    add_attempts(families, *from.dispatcher);
    if (from.stored != nullptr) {
        add_tasks(families, from.stored->totals, from.pollers);
        add_deliveries(families, from.stored->sinks, from.clock->now());
        families.gauge("pollhook_store_size_bytes", "Size of the database and its log.")
            .add({}, static_cast<double>(from.stored->totals.size_bytes));
    }
    add_own(families, from);
    add_process_metrics(families);
    return families.text();
}

}  // namespace pollhook::admin
