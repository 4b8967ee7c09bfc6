#include "encode.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/task/trace.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace pollhook::admin {
namespace {

namespace json = boost::json;

json::string json_text(std::string_view value)
{
    return json::string(value.data(), value.size());
}

json::value object_of(const std::string& stored)
{
    boost::system::error_code ec;
    json::value value = json::parse(stored, ec);
    if (ec)
        return json::object();
    return value;
}

}  // namespace

json::value time_or_null(const std::optional<base::TimePoint>& point)
{
    if (!point)
        return nullptr;
    return json_text(base::format_rfc3339(*point));
}

json::value text_or_null(std::string_view value)
{
    if (value.empty())
        return nullptr;
    return json_text(value);
}

json::value foreign_text(const std::string& bytes)
{
    return text_or_null(base::is_utf8(bytes) ? bytes : base::printable(bytes, 4 * bytes.size()));
}

json::value shown_url(const std::string& url)
{
    if (url.empty())
        return nullptr;
    const auto parsed = http::parse_url(url);
    return parsed ? json_text(parsed->without_query()) : json_text("(unreadable)");
}

json::object encode(const std::map<store::DeliveryState, std::uint64_t>& deliveries)
{
    json::object out;
    for (const auto& [state, count] : deliveries)
        out[json_text(name(state))] = count;
    return out;
}

json::object encode(const store::TaskSummary& task)
{
    json::object out;
    out["provider"] = task.key.provider;
    out["id"] = task.key.id;
    out["status"] = json_text(name(task.status));
    out["upstreamStatus"] = task.upstream_status;
    out["progress"] = task.progress;
    out["sequence"] = task.sequence;
    out["webhookUrl"] = shown_url(task.webhook_url);
    out["metadata"] = object_of(task.metadata);
    out["registeredAt"] = time_or_null(task.registered_at);
    out["changedAt"] = time_or_null(task.changed_at);
    out["endedAt"] = time_or_null(task.ended_at);
    out["watching"] = task.watching;
    return out;
}

json::object encode(const store::TransitionRow& transition)
{
    json::object out;
    out["sequence"] = transition.sequence;
    out["type"] = json_text(name(transition.type));
    out["from"] = json_text(name(transition.from));
    out["to"] = json_text(name(transition.to));
    out["fromProgress"] = transition.from_progress;
    out["toProgress"] = transition.to_progress;
    out["upstreamStatus"] = transition.upstream_status;
    out["at"] = time_or_null(transition.at);
    return out;
}

json::object encode(const store::DeliverySummary& delivery)
{
    json::object out;
    out["id"] = delivery.key.text();
    out["sink"] = delivery.sink;
    out["origin"] = delivery.origin;
    out["url"] = shown_url(delivery.url);
    out["provider"] = delivery.task.provider;
    out["task"] = delivery.task.id;
    out["sequence"] = delivery.key.sequence;
    out["eventId"] = delivery.event_id;
    out["type"] = json_text(name(delivery.type));
    out["state"] = json_text(name(delivery.state));
    out["attempts"] = delivery.attempts;
    out["nextAttemptAt"] = time_or_null(delivery.due);
    out["createdAt"] = time_or_null(delivery.created_at);
    out["endedAt"] = time_or_null(delivery.ended_at);
    out["reason"] = text_or_null(delivery.reason);
    return out;
}

json::object encode(const store::Attempt& attempt)
{
    json::object out;
    out["at"] = time_or_null(attempt.at);
    out["status"] = attempt.http_status == 0 ? json::value(nullptr) : json::value(attempt.http_status);
    out["errorClass"] = text_or_null(attempt.error_class);
    out["decision"] = attempt.decision;
    out["peer"] = text_or_null(attempt.peer);
    out["responseHead"] = foreign_text(attempt.response_head);
    out["timing"] = timing_of(attempt);
    return out;
}

json::object encode(const store::Totals& totals)
{
    json::object tasks;
    for (const auto& [provider, by_status] : totals.tasks) {
        json::object counts;
        for (const auto& [status, count] : by_status)
            counts[json_text(name(status))] = count;
        tasks[provider] = std::move(counts);
    }
    json::object out;
    out["tasks"] = std::move(tasks);
    out["deliveries"] = encode(totals.deliveries);
    out["oldestPendingDelivery"] = time_or_null(totals.oldest_pending_delivery);
    out["events"] = totals.events;
    out["storeBytes"] = totals.size_bytes;
    return out;
}

std::string encode_event(const store::StoredEvent& event)
{
    // Read again, since what is in a damaged database need not be fit for JSON.
    const auto trace = task::parse_traceparent(event.traceparent);
    return fmt::format(
        R"({{"position":{},"id":"{}","traceparent":{},"event":{}}})",
        event.row,
        event.id,
        trace ? '"' + trace->text() + '"' : "null",
        event.body
    );
}

}  // namespace pollhook::admin
