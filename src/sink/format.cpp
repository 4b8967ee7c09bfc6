#include "pollhook/sink/format.hpp"

#include "cloudevents.hpp"
#include "header_lines.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/task/event.hpp"

#include <chrono>
#include <cstdint>

namespace pollhook::sink {
namespace {

using config::Format;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view structured_type = "application/cloudevents+json; charset=utf-8";

std::int64_t unix_seconds(base::TimePoint time)
{
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

std::string_view encode_body(Format format, const Message& message, std::string& buffer)
{
    switch (format) {
        case Format::standard: return message.body;
        case Format::bare:
            // No relay has an object for what pollhook says of itself.
            return task::is_own(message.type) ? task::data_of(message.body)
                                              : task::upstream_of(message.body, message.upstream_at);
        case Format::cloudevents_binary: return task::data_of(message.body);
        case Format::cloudevents:
            buffer.clear();
            append_envelope(buffer, message);
            return buffer;
    }
    return message.body;
}

void append_fields(
    std::string& out, Format format, const Message& message, std::string_view body, const Signer* signer
)
{
    const std::int64_t timestamp = unix_seconds(message.now);
    out.reserve(out.size() + 1024);
    append_field(out, "User-Agent", base::user_agent());
    out += "Content-Type: ";
    out += format == Format::cloudevents ? structured_type : json_type;
    out += "\r\n";
    append_field(out, "pollhook-event", task::name(message.type));
    if (!task::is_own(message.type)) {
        append_field(out, "pollhook-provider", message.provider);
        append_field(out, "pollhook-task", message.task_id);
    }
    append_field(out, "pollhook-sequence", std::int64_t{message.sequence});
    append_field(out, "pollhook-attempt", std::int64_t{message.attempt});
    append_trace_fields(out, message.trace, message.tracestate);
    append_field(out, "webhook-id", message.event_id);
    append_field(out, "webhook-timestamp", timestamp);
    if (signer != nullptr) {
        out += "webhook-signature: ";
        signer->append_to(out, message.event_id, timestamp, body);
        out += "\r\n";
    }
    if (format == Format::cloudevents_binary)
        append_cloudevents_fields(out, message);
}

void append_hub_field(std::string& out, const HubSigner& signer, std::string_view body)
{
    out += "X-Hub-Signature-256: ";
    signer.append_to(out, body);
    out += "\r\n";
}

}  // namespace pollhook::sink
