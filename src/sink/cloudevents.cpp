#include "cloudevents.hpp"

#include "header_lines.hpp"
#include "pollhook/task/event.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pollhook::sink {
namespace {

constexpr std::string_view spec_version = "1.0";
constexpr std::string_view type_prefix = "io.pollhook.";
constexpr std::string_view data_type = "application/json";

/// A provider, or pollhook itself.
std::string source_of(const Message& message)
{
    std::string source = "/pollhook";
    if (!message.provider.empty())
        source.append("/").append(message.provider);
    return source;
}

/// The CloudEvents extension wants what sorts as text does: as wide as the largest sequence.
constexpr std::size_t sequence_width = 10;

void append_padded(std::string& out, std::uint32_t sequence)
{
    const fmt::format_int digits(sequence);
    out.append(sequence_width - digits.size(), '0');
    out.append(digits.data(), digits.size());
}

constexpr bool is_visible(char c) noexcept
{
    return c > 0x20 && c < 0x7f;
}

/// CloudEvents HTTP binding 3.1.3.2.
void append_ce_encoded(std::string& out, std::string_view value)
{
    for (const char c : value)
        if (is_visible(c) && c != '"' && c != '%')
            out += c;
        else
            append_percent(out, c);
}

void append_json(std::string& out, std::string_view text)
{
    out += boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

}  // namespace

void append_envelope(std::string& out, const Message& message)
{
    const std::string_view data = task::data_of(message.body);
    out.reserve(out.size() + data.size() + 512);
    out += R"({"specversion":")";
    out += spec_version;
    out += R"(","id":)";
    append_json(out, message.event_id);
    out += R"(,"source":)";
    append_json(out, source_of(message));
    out += R"(,"type":")";
    out += type_prefix;
    out += task::name(message.type);
    out += R"(","subject":)";
    append_json(out, message.task_id);
    out += R"(,"time":")";
    out += base::format_rfc3339(message.event_time);
    out += R"(","datacontenttype":")";
    out += data_type;
    out += R"(","sequence":")";
    append_padded(out, message.sequence);
    out += '"';
    // Of the event, not of the attempt: a retry has the same body (CloudEvents' distributed tracing
    // extension).
    if (!message.event_trace.empty()) {
        out += R"(,"traceparent":)";
        append_json(out, message.event_trace);
    }
    if (!message.tracestate.empty()) {
        out += R"(,"tracestate":)";
        append_json(out, message.tracestate);
    }
    out += R"(,"data":)";
    out += data;
    out += '}';
}

void append_cloudevents_fields(std::string& out, const Message& message)
{
    out += "ce-specversion: ";
    out += spec_version;
    out += "\r\nce-id: ";
    append_ce_encoded(out, message.event_id);
    out += "\r\nce-source: ";
    append_ce_encoded(out, source_of(message));
    out += "\r\nce-type: ";
    out += type_prefix;
    out += task::name(message.type);
    out += "\r\nce-subject: ";
    append_ce_encoded(out, message.task_id);
    out += "\r\nce-time: ";
    out += base::format_rfc3339(message.event_time);
    out += "\r\nce-sequence: ";
    append_padded(out, message.sequence);
    out += "\r\n";
    if (!message.event_trace.empty())
        append_field(out, "ce-traceparent", message.event_trace);
    if (!message.tracestate.empty()) {
        out += "ce-tracestate: ";
        append_ce_encoded(out, message.tracestate);
        out += "\r\n";
    }
}

}  // namespace pollhook::sink
