#include "bodies.hpp"

#include "members.hpp"
#include "names.hpp"
#include "pollhook/base/byte_order_mark.hpp"
#include "pollhook/base/repeated_member.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/config/events.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace pollhook::admin {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_reason = 500;
constexpr double most_per_second = 100'000;

std::string text_of(const json::value& value)
{
    return {value.get_string().data(), value.get_string().size()};
}

/// Reads the members of one body, each at most once, and keeps the first thing that is wrong.
class Reader {
public:
    Reader(std::string_view body, std::span<const std::string> known)
    {
        body = base::trim(base::without_byte_order_mark(body));
        if (body.empty())
            return;
        boost::system::error_code ec;
        json::value value = json::parse({body.data(), body.size()}, ec);
        if (ec)
            error_ = "the body is not JSON: " + ec.message();
        else if (!value.is_object())
            error_ = "the body must be a JSON object";
        else
            object_ = std::move(value.get_object());
        if (error_.empty())
            error_ = unknown_member(object_, known);
        if (error_.empty())
            error_ = base::repeated_member(body);
    }

    /// The member's text; empty when it is absent, null or wrong.
    std::string text(const char* name)
    {
        const json::value* value = find(name);
        if (value == nullptr)
            return {};
        if (value->is_string())
            return text_of(*value);
        fail(fmt::format("\"{}\" must be a string", name));
        return {};
    }

    std::optional<base::TimePoint> time(const char* name)
    {
        if (find(name) == nullptr)
            return std::nullopt;
        const auto time = base::parse_rfc3339(text(name));
        if (!time)
            fail(fmt::format("\"{}\" must be a time such as 2026-11-21T03:18:39Z", name));
        return time;
    }

    double per_second()
    {
        const json::value* value = find("perSecond");
        if (value == nullptr)
            return default_per_second;
        boost::system::error_code ec;
        const auto number = value->is_number() ? value->to_number<double>(ec) : 0.0;
        if (ec || !(number > 0 && number <= most_per_second))
            fail(fmt::format("\"perSecond\" must be a number above 0, up to {:.0f}", most_per_second));
        return number;
    }

    bool flag(const char* name)
    {
        const json::value* value = find(name);
        if (value == nullptr)
            return false;
        if (!value->is_bool())
            fail(fmt::format("\"{}\" must be true or false", name));
        return value->is_bool() && value->get_bool();
    }

    std::vector<task::EventType> types()
    {
        std::vector<task::EventType> types;
        const json::value* value = find("types");
        if (value == nullptr)
            return types;
        if (!value->is_array()) {
            fail("\"types\" must be an array such as [\"task.failed\"]");
            return types;
        }
        for (const json::value& one : value->get_array()) {
            const std::string name = one.is_string() ? text_of(one) : std::string();
            if (!add_event_types(name, types))
                fail("\"types\": " + no_such("event type", name, config::event_patterns()));
        }
        return types;
    }

    [[nodiscard]] bool has(const char* name) const { return find(name) != nullptr; }
    [[nodiscard]] bool has_any(std::span<const std::string> names) const
    {
        for (const std::string& name : names)
            if (has(name.c_str()))
                return true;
        return false;
    }

    void fail(std::string error)
    {
        if (error_.empty())
            error_ = std::move(error);
    }
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

private:
    [[nodiscard]] const json::value* find(const char* name) const
    {
        const json::value* value = object_.if_contains(name);
        return value == nullptr || value->is_null() ? nullptr : value;
    }

    json::object object_;
    std::string error_;
};

std::optional<task::TaskKey> read_task(Reader& reader)
{
    task::TaskKey key{.provider = reader.text("provider"), .id = reader.text("id")};
    if (key.provider.empty() != key.id.empty())
        reader.fail("\"provider\" and \"id\" name a task only together");
    if (const std::string text = reader.text("task"); !text.empty()) {
        const auto slash = text.find('/');
        if (slash == std::string::npos)
            reader.fail("\"task\" must be PROVIDER/ID");
        else
            key = {.provider = text.substr(0, slash), .id = text.substr(slash + 1)};
    }
    return key.id.empty() ? std::nullopt : std::optional(std::move(key));
}

store::DeliveryState read_ended_state(Reader& reader)
{
    const std::string text = reader.text("state");
    if (text.empty())
        return store::DeliveryState::dead;
    const auto state = store::parse_delivery_state(text);
    if (!state)
        reader.fail("\"state\": " + no_such("delivery state", text, delivery_state_names()));
    else if (*state == store::DeliveryState::pending || *state == store::DeliveryState::in_flight)
        reader.fail(fmt::format("\"state\": what is {} has not ended", text));
    return state.value_or(store::DeliveryState::dead);
}

}  // namespace

Parsed<PauseBody> read_pause(std::string_view body)
{
    static const std::array<std::string, 1> known{"reason"};
    Reader reader(body, known);
    PauseBody out;
    if (std::string reason = reader.text("reason"); !reason.empty())
        out.reason = std::move(reason);
    if (out.reason.size() > longest_reason)
        reader.fail(fmt::format("\"reason\" is longer than {} bytes", longest_reason));
    if (!reader.error().empty())
        return {boost::system::in_place_error, reader.error()};  // a string would make a body as well
    return out;
}

Parsed<ReloadBody> read_reload(std::string_view body)
{
    static const std::array<std::string, 1> known{"wait"};
    Reader reader(body, known);
    ReloadBody out;
    out.no_wait = reader.has("wait") && !reader.flag("wait");
    if (!reader.error().empty())
        return reader.error();
    return out;
}

Parsed<ReplayBody> read_replay(std::string_view body)
{
    static const std::array<std::string, 5> known{"since", "until", "types", "perSecond", "dryRun"};
    Reader reader(body, known);
    if (!reader.has("since"))
        reader.fail("\"since\" is missing: the time of the first event to send");
    ReplayBody out;
    out.since = reader.time("since").value_or(base::TimePoint{});
    out.until = reader.time("until");
    out.types = reader.types();
    out.per_second = reader.per_second();
    out.dry_run = reader.flag("dryRun");
    if (out.until && *out.until <= out.since)
        reader.fail("\"until\" must be later than \"since\"");
    if (!reader.error().empty())
        return reader.error();
    return out;
}

Parsed<RetryBody> read_retry(std::string_view body)
{
    static const std::array<std::string, 8> filters{
        "state", "sink", "task", "provider", "id", "origin", "since", "until"
    };
    static const std::array<std::string, 10> known{
        "state", "sink", "task", "provider", "id", "origin", "since", "until", "perSecond", "dryRun"
    };
    Reader reader(body, known);
    if (!reader.has_any(filters))
        reader.fail("say which deliveries: by state, sink, task, origin, since or until");
    RetryBody out;
    out.filter.state = read_ended_state(reader);
    out.filter.sink = reader.text("sink");
    out.filter.task = read_task(reader);
    out.filter.origin = reader.text("origin");
    out.filter.since = reader.time("since");
    out.filter.until = reader.time("until");
    out.per_second = reader.per_second();
    out.dry_run = reader.flag("dryRun");
    if (!reader.error().empty())
        return reader.error();
    return out;
}

Parsed<PruneBody> read_prune(std::string_view body)
{
    static const std::array<std::string, 2> known{"olderThan", "dryRun"};
    Reader reader(body, known);
    PruneBody out;
    if (const std::string text = reader.text("olderThan"); !text.empty()) {
        out.older_than = base::parse_duration(text);
        if (!out.older_than || *out.older_than < base::Duration(0))
            reader.fail("\"olderThan\" must be a duration such as 36h or 30d");
    }
    out.dry_run = reader.flag("dryRun");
    if (!reader.error().empty())
        return reader.error();
    return out;
}

}  // namespace pollhook::admin
