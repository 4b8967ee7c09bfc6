#include "sink_view.hpp"

#include "encode.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace pollhook::admin {
namespace {

namespace json = boost::json;
using delivery::CircuitBreaker;

std::string_view name(CircuitBreaker::State state) noexcept
{
    switch (state) {
        case CircuitBreaker::State::closed: return "closed";
        case CircuitBreaker::State::open: return "open";
        case CircuitBreaker::State::half_open: return "halfOpen";
    }
    return "closed";
}

/// How it was set up; null for what the tasks' own URLs, all together, do not have.
void add_settings(json::object& out, const delivery::Destination* sink)
{
    for (const char* member : {"type", "url", "path", "format", "order", "events", "enabled"})
        out[member] = nullptr;
    if (sink == nullptr || sink->is_task_webhook())
        return;
    const config::Sink& settings = sink->settings;
    out["type"] = config::to_string(settings.type);
    out["url"] = shown_url(settings.url);
    if (!settings.path.empty())
        out["path"] = settings.path.string();
    out["format"] = config::to_string(settings.format);
    out["order"] = config::to_string(settings.order);
    out["events"] = json::array(settings.events.begin(), settings.events.end());
    out["enabled"] = settings.enabled;
}

json::value reason_of(const SinkView& sink, std::string_view state)
{
    if (state == "paused")
        return text_or_null(sink.row->pause_reason);
    if (state == "failing")
        return text_or_null(sink.destination->health.last_error());
    if (state == "disabled")
        return "\"enabled\" is false in the configuration";
    if (state == "notConfigured")
        return "the configuration does not name it any more";
    return nullptr;
}

void add_pace(json::object& out, const SinkView& sink)
{
    for (const char* member : {"inFlight", "window", "ratePerSecond", "breaker", "probeAt"})
        out[member] = nullptr;
    // Each of the tasks' URLs has a pace of its own.
    if (sink.destination == nullptr || sink.destination->is_task_webhook())
        return;
    out["inFlight"] = sink.pace == nullptr ? 0 : sink.pace->in_flight();
    out["breaker"] = "closed";
    // The host may have taught a lower rate than the configured one.
    std::optional<double> rate = sink.destination->settings.max_per_second;
    const std::optional<double> learned = sink.pace == nullptr ? std::nullopt : sink.pace->rate();
    if (learned && (!rate || *learned < *rate))
        rate = learned;
    if (rate)
        out["ratePerSecond"] = *rate;
    if (sink.pace == nullptr)
        return;
    out["window"] = sink.pace->window();
    const CircuitBreaker& breaker = sink.pace->breaker();
    const std::string_view state = name(breaker.state(sink.steady_now));
    out["breaker"] = state;
    if (const auto probe_at = breaker.probe_at())
        out["probeAt"] = time_or_null(sink.now + std::max(base::Duration(0), *probe_at - sink.steady_now));
}

void add_health(json::object& out, const delivery::Destination* sink)
{
    for (const char* member : {"lastSuccess", "lastFailure", "lastError"})
        out[member] = nullptr;
    out["failuresInARow"] = 0;
    if (sink == nullptr || sink->is_task_webhook())
        return;
    out["lastSuccess"] = time_or_null(sink->health.last_success());
    out["lastFailure"] = time_or_null(sink->health.last_failure());
    out["lastError"] = text_or_null(sink->health.last_error());
    out["failuresInARow"] = sink->health.failures_in_a_row();
}

}  // namespace

std::string_view state_of(const delivery::Destination& sink) noexcept
{
    if (sink.is_task_webhook())
        return "ok";
    if (!sink.settings.enabled)
        return "disabled";
    if (sink.row.paused)
        return "paused";
    return sink.health.is_failing() ? "failing" : "ok";
}

json::object encode(const SinkView& sink)
{
    const bool of_tasks = sink.row->id == store::task_webhook;
    std::string_view state = of_tasks ? "ok" : "notConfigured";
    if (sink.destination != nullptr)
        state = state_of(*sink.destination);
    json::object out;
    out["name"] = sink.row->name;
    out["state"] = state;
    out["reason"] = reason_of(sink, state);
    out["pausedAt"] = time_or_null(sink.row->paused_at);
    add_settings(out, sink.destination);
    out["publicKey"] = sink.destination == nullptr ? json::value(nullptr)
                                                   : text_or_null(sink.destination->sink->public_key());
    out["deliveries"] = encode(sink.row->deliveries);
    out["oldestPending"] = time_or_null(sink.row->oldest_pending);
    add_pace(out, sink);
    add_health(out, sink.destination);
    return out;
}

json::object encode(const sink::Outcome& outcome)
{
    json::object out;
    out["delivered"] = outcome.delivered;
    out["httpStatus"] = outcome.http_status == 0 ? json::value(nullptr) : json::value(outcome.http_status);
    out["errorClass"] = text_or_null(outcome.error_class);
    out["error"] = outcome.delivered ? json::value(nullptr) : text_or_null(outcome.detail);
    out["durationMs"] = outcome.total.count();
    out["peer"] = text_or_null(outcome.peer);
    out["responseHead"] = foreign_text(outcome.response_head);
    out["timing"] = timing_of(outcome);
    return out;
}

}  // namespace pollhook::admin
