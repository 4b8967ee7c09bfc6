#include "pollhook/sink/format.hpp"

#include "pollhook/base/version.hpp"
#include "pollhook/task/event.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace pollhook::sink {
namespace {

using config::Format;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view structured_type = "application/cloudevents+json; charset=utf-8";
constexpr std::string_view spec_version = "1.0";
constexpr std::string_view source_prefix = "/pollhook/";
constexpr std::string_view type_prefix = "io.pollhook.";

/// The CloudEvents extension wants what sorts as text does: as wide as the largest sequence.
constexpr std::size_t sequence_width = 10;

void append_padded(std::string& out, std::uint32_t sequence)
{
    const fmt::format_int digits(sequence);
    out.append(sequence_width - digits.size(), '0');
    out.append(digits.data(), digits.size());
}

void append_percent(std::string& out, char c)
{
    fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
}

constexpr bool is_visible(char c) noexcept
{
    return c > 0x20 && c < 0x7f;
}

/// Names and ids are visible ASCII; should one not be, it still cannot end its line.
void append_visible(std::string& out, std::string_view value)
{
    for (const char c : value)
        if (is_visible(c))
            out += c;
        else
            append_percent(out, c);
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

void append_field(std::string& out, std::string_view name, std::string_view value)
{
    out += name;
    out += ": ";
    append_visible(out, value);
    out += "\r\n";
}

void append_field(std::string& out, std::string_view name, std::int64_t value)
{
    const fmt::format_int digits(value);
    append_field(out, name, std::string_view(digits.data(), digits.size()));
}

void append_cloudevents_fields(std::string& out, const Message& message)
{
    out += "ce-specversion: ";
    out += spec_version;
    out += "\r\nce-id: ";
    append_ce_encoded(out, message.event_id);
    out += "\r\nce-source: ";
    out += source_prefix;
    append_ce_encoded(out, message.provider);
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
}

void append_json(std::string& out, std::string_view text)
{
    out += boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

void append_envelope(std::string& out, const Message& message)
{
    const std::string_view data = task::data_of(message.body);
    out.reserve(out.size() + data.size() + 512);
    out += R"({"specversion":")";
    out += spec_version;
    out += R"(","id":)";
    append_json(out, message.event_id);
    out += R"(,"source":)";
    std::string source(source_prefix);
    source += message.provider;
    append_json(out, source);
    out += R"(,"type":")";
    out += type_prefix;
    out += task::name(message.type);
    out += R"(","subject":)";
    append_json(out, message.task_id);
    out += R"(,"time":")";
    out += base::format_rfc3339(message.event_time);
    out += R"(","datacontenttype":")";
    out += json_type;
    out += R"(","sequence":")";
    append_padded(out, message.sequence);
    out += R"(","data":)";
    out += data;
    out += '}';
}

std::int64_t unix_seconds(base::TimePoint time)
{
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

std::string_view encode_body(Format format, const Message& message, std::string& buffer)
{
    switch (format) {
        case Format::standard: return message.body;
        case Format::bare: return task::upstream_of(message.body, message.upstream_at);
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
    append_field(out, "pollhook-provider", message.provider);
    append_field(out, "pollhook-task", message.task_id);
    append_field(out, "pollhook-sequence", std::int64_t{message.sequence});
    append_field(out, "pollhook-attempt", std::int64_t{message.attempt});
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

}  // namespace pollhook::sink
