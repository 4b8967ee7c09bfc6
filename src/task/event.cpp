#include "pollhook/task/event.hpp"

#include "event_digest.hpp"
#include "pollhook/task/detect.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pollhook::task {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, event_type_count> type_names{
    "task.queued",   "task.running",     "task.progress",      "task.waiting",   "task.succeeded",
    "task.failed",   "task.cancelled",   "task.lost",          "task.expired",   "task.stalled",
    "task.updated",  "task.unknown",     "sink.failing",       "sink.recovered", "sink.paused",
    "delivery.dead", "provider.failing", "provider.recovered", "sink.test",
};

/// What stands between the metadata and the relay's object, and what closes the body.
constexpr std::string_view before_upstream = R"(,"upstream":)";
constexpr std::string_view closing = "}}";
constexpr std::string_view before_data = R"(,"data":)";

/// Appends members of a JSON object, each after a comma unless it is the first.
class Members {
public:
    explicit Members(std::string& out) : out_(out) {}

    void raw(std::string_view name, std::string_view json)
    {
        if (std::exchange(started_, true))
            out_ += ',';
        out_ += '"';
        out_ += name;
        out_ += "\":";
        out_ += json;
    }
    void text(std::string_view name, std::string_view value)
    {
        raw(name, json::serialize(json::string_view(value.data(), value.size())));
    }
    void optional_text(std::string_view name, const std::optional<std::string>& value)
    {
        if (value)
            text(name, *value);
        else
            raw(name, "null");
    }
    void number(std::string_view name, std::int64_t value) { raw(name, fmt::format_int(value).c_str()); }
    void time(std::string_view name, const std::optional<base::TimePoint>& value)
    {
        raw(name, value ? '"' + base::format_rfc3339(*value) + '"' : "null");
    }
    void texts(std::string_view name, const std::vector<std::string>& values)
    {
        json::array list;
        list.reserve(values.size());
        for (const std::string& value : values)
            list.emplace_back(value);
        raw(name, json::serialize(list));
    }

private:
    std::string& out_;
    bool started_ = false;
};

std::optional<std::string> text_member(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string())
        return std::nullopt;
    return std::string(value->get_string().data(), value->get_string().size());
}

std::optional<base::TimePoint> time_member(const json::object& object, std::string_view name)
{
    const auto text = text_member(object, name);
    return text ? base::parse_rfc3339(*text) : std::nullopt;
}

std::vector<std::string> texts_member(const json::object& object, std::string_view name)
{
    std::vector<std::string> texts;
    const json::value* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_array())
        return texts;
    for (const json::value& item : value->get_array())
        if (item.is_string())
            texts.emplace_back(item.get_string().data(), item.get_string().size());
    return texts;
}

}  // namespace

std::string_view name(EventType type) noexcept
{
    // A damaged database may hold any number.
    const auto index = static_cast<std::size_t>(type);
    return index < type_names.size() ? type_names[index] : "invalid";
}

std::optional<EventType> parse_event_type(std::string_view name) noexcept
{
    const auto* const found = std::ranges::find(type_names, name);
    if (found == type_names.end())
        return std::nullopt;
    return static_cast<EventType>(found - type_names.begin());
}

EventType event_for(Status status) noexcept
{
    switch (status) {
        case Status::queued: return EventType::queued;
        case Status::running: return EventType::running;
        case Status::waiting: return EventType::waiting;
        case Status::unknown: return EventType::unknown;
        case Status::succeeded: return EventType::succeeded;
        case Status::failed: return EventType::failed;
        case Status::cancelled: return EventType::cancelled;
        case Status::lost: return EventType::lost;
        case Status::expired: return EventType::expired;
    }
    return EventType::unknown;
}

bool is_terminal(EventType type) noexcept
{
    return type >= EventType::succeeded && type <= EventType::expired;
}

bool is_own(EventType type) noexcept
{
    return type >= EventType::sink_failing;
}

std::string event_id(const TaskKey& key, const Transition& transition)
{
    // The zero bytes keep ("ab", "c") apart from ("a", "bc"): neither part can hold one.
    std::string facts = key.provider;
    facts += '\0';
    facts += key.id;
    facts += '\0';
    facts += fmt::format(
        "{} {} {} {}", transition.sequence, name(transition.to), transition.to_progress, name(transition.type)
    );
    return id_of(facts);
}

EventDraft draft_event(const TaskKey& key, const Transition& transition, const Snapshot& snapshot)
{
    EventDraft draft;
    draft.id = event_id(key, transition);
    draft.upstream = snapshot.upstream;

    std::string& out = draft.head;
    out.reserve(512 + snapshot.buttons.size() + (snapshot.prompt ? snapshot.prompt->size() : 0));
    out += R"({"type":")";
    out += name(transition.type);
    out += R"(","timestamp":")";
    out += base::format_rfc3339(transition.at);
    out += '"';
    out += before_data;
    out += '{';

    Members members(out);
    members.text("provider", key.provider);
    members.text("id", key.id);
    members.number("sequence", transition.sequence);
    members.text("status", name(transition.to));
    members.text("upstreamStatus", snapshot.upstream_status);
    members.number("progress", transition.to_progress);
    members.raw(
        "previous",
        fmt::format(R"({{"status":"{}","progress":{}}})", name(transition.from), transition.from_progress)
    );
    members.optional_text("action", snapshot.action);
    members.optional_text("prompt", snapshot.prompt);
    members.optional_text("failReason", snapshot.fail_reason);
    members.time("submittedAt", snapshot.submitted_at);
    members.time("startedAt", snapshot.started_at);
    members.time("finishedAt", snapshot.finished_at);
    members.optional_text("imageUrl", snapshot.image_url);
    members.texts("imageUrls", snapshot.image_urls);
    members.texts("videoUrls", snapshot.video_urls);
    members.raw("buttons", snapshot.buttons);
    members.raw("metadata", "");
    return draft;
}

EventBody assemble(const EventDraft& draft, std::string_view metadata)
{
    EventBody body;
    body.bytes.reserve(
        draft.head.size() + metadata.size() + before_upstream.size() + draft.upstream.size() + closing.size()
    );
    body.bytes += draft.head;
    body.bytes += metadata;
    body.bytes += before_upstream;
    body.upstream_at = static_cast<std::uint32_t>(body.bytes.size());
    body.bytes += draft.upstream;
    body.bytes += closing;
    return body;
}

std::string_view upstream_of(std::string_view body, std::uint32_t upstream_at) noexcept
{
    if (body.size() < closing.size() || upstream_at > body.size() - closing.size())
        return "{}";
    return body.substr(upstream_at, body.size() - closing.size() - upstream_at);
}

std::string_view data_of(std::string_view body) noexcept
{
    const auto at = body.find(before_data);
    if (at == std::string_view::npos)
        return "{}";
    body.remove_prefix(at + before_data.size());
    body.remove_suffix(1);
    return body;
}

Snapshot snapshot_of(std::string_view body)
{
    Snapshot snapshot;
    boost::system::error_code ec;
    const json::value value = json::parse({body.data(), body.size()}, ec);
    const json::object* event = ec ? nullptr : value.if_object();
    const json::value* inner = event != nullptr ? event->if_contains("data") : nullptr;
    const json::object* data = inner != nullptr ? inner->if_object() : nullptr;
    if (data == nullptr)
        return snapshot;

    snapshot.upstream_status = text_member(*data, "upstreamStatus").value_or("");
    snapshot.action = text_member(*data, "action");
    snapshot.prompt = text_member(*data, "prompt");
    snapshot.fail_reason = text_member(*data, "failReason");
    snapshot.submitted_at = time_member(*data, "submittedAt");
    snapshot.started_at = time_member(*data, "startedAt");
    snapshot.finished_at = time_member(*data, "finishedAt");
    snapshot.image_url = text_member(*data, "imageUrl");
    snapshot.image_urls = texts_member(*data, "imageUrls");
    snapshot.video_urls = texts_member(*data, "videoUrls");
    if (const json::value* buttons = data->if_contains("buttons"))
        snapshot.buttons = json::serialize(*buttons);
    if (const json::value* upstream = data->if_contains("upstream"))
        snapshot.upstream = json::serialize(*upstream);
    return snapshot;
}

}  // namespace pollhook::task
