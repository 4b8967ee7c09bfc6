#include "announcements.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/task/trace.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pollhook::delivery {

namespace asio = boost::asio;

Destination* Dispatcher::find(std::string_view name)
{
    const auto found = std::ranges::find_if(destinations_, [&](const auto& entry) {
        return !entry.second.is_task_webhook() && entry.second.name() == name;
    });
    return found == destinations_.end() ? nullptr : &found->second;
}

bool Dispatcher::has_sink(std::string_view name) const
{
    return std::ranges::any_of(destinations_, [&](const auto& entry) {
        return !entry.second.is_task_webhook() && entry.second.name() == name;
    });
}

std::vector<const Destination*> Dispatcher::sinks() const
{
    std::vector<const Destination*> all;
    for (const auto& [id, destination] : destinations_)
        if (!destination.is_task_webhook())
            all.push_back(&destination);
    return all;
}

const Destination* Dispatcher::task_webhooks() const
{
    const auto found = destinations_.find(store::task_webhook);
    return found == destinations_.end() ? nullptr : &found->second;
}

const OriginPace* Dispatcher::pace(const Destination& sink) const
{
    return queues_.pace(sink.row.origin);
}

asio::awaitable<base::Result<void>> Dispatcher::pause_sink(std::string name, std::string reason)
{
    Destination* const to = find(name);
    if (to == nullptr)
        co_return base::Result<void>();
    // Stored first: whoever was told that it is paused finds it paused after a crash. Also when it is paused
    // already: a resume may be on its way, and what the store does last holds.
    const store::SinkId sink = to->row.id;
    const base::TimePoint now = with_.clock->now();
    const base::Result<void> stored = co_await with_.store->pause_sink(sink, reason, now);
    if (!stored)
        co_return stored.error();
    Destination* const now_known = find(sink);  // a reload may have removed it
    if (now_known == nullptr || now_known->row.paused)
        co_return base::Result<void>();
    Destination& paused = *now_known;
    spdlog::warn("sink.paused: sink={} reason=\"{}\"", name, base::printable(reason));
    hold(paused, reason);
    announce(announcement_of_sink(task::EventType::sink_paused, paused, reason, now));
    co_return base::Result<void>();
}

asio::awaitable<base::Result<void>> Dispatcher::resume_sink(std::string name)
{
    Destination* const to = find(name);
    if (to == nullptr)
        co_return base::Result<void>();
    const store::SinkId sink = to->row.id;
    const base::Result<void> stored = co_await with_.store->resume_sink(sink);
    if (!stored)
        co_return stored.error();
    Destination* const now_known = find(sink);  // a reload may have removed it
    if (now_known == nullptr || !now_known->row.paused)
        co_return base::Result<void>();
    Destination& resumed = *now_known;
    spdlog::info("sink.resumed: sink={}", name);
    resumed.row.paused = false;
    resumed.row.pause_reason.clear();
    resumed.row.paused_at.reset();
    if (unconfigured_.contains(resumed.row.origin))
        co_return base::Result<void>();
    queues_.resume(resumed.row.origin, with_.clock->steady_now());
    const store::OriginId queue = resumed.row.origin;
    send_now({&queue, 1});
    co_return base::Result<void>();
}

asio::awaitable<std::optional<sink::Outcome>> Dispatcher::test_sink(std::string name)
{
    const Destination* const to = find(name);
    if (to == nullptr)
        co_return std::nullopt;
    const base::TimePoint now = with_.clock->now();
    const task::Announcement announcement =
        announcement_of_sink(task::EventType::sink_test, *to, "a test on request", now);
    const std::string id = event_id(announcement, 1);
    const task::EventBody body = assemble(announcement, 1);
    sink::Message message;
    message.event_id = id;
    message.type = announcement.type;
    message.event_time = now;
    message.task_id = announcement.subject;
    message.sequence = 1;
    message.body = body.bytes;
    message.now = now;
    const std::string event_trace = task::begin_trace(id).text();
    const store::SinkRow row = to->row;
    const std::string trace = task::trace_of_attempt(event_trace, static_cast<std::int32_t>(row.id), 1);
    message.event_trace = event_trace;
    message.trace = trace;
    std::optional<sink::Outcome> outcome = co_await hand_over(to->sink, to->former, message);
    sink_ended_.wake_all();
    if (outcome->delivered)
        send_now({&row.origin, 1});
    co_return outcome;
}

}  // namespace pollhook::delivery
