#include "parameters.hpp"

#include "members.hpp"
#include "names.hpp"
#include "pollhook/base/suggestion.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/config/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace pollhook::admin {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text)
{
    Number value{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// Reads `limit`, 1 to 1000, into `out`.
std::string read_limit(const http::ServerRequest& request, std::size_t& out)
{
    const auto text = request.parameter("limit");
    if (!text)
        return {};
    constexpr std::size_t most = 1000;
    const auto value = number<std::size_t>(*text);
    if (!value || *value < 1 || *value > most)
        return "\"limit\" must be a number from 1 to 1000";
    out = *value;
    return {};
}

std::string read_position(const http::ServerRequest& request, std::int64_t& out)
{
    const auto text = request.parameter("cursor");
    if (!text)
        return {};
    const auto value = number<std::int64_t>(*text);
    if (!value || *value < 0)
        return "\"cursor\" must be a nextCursor of an earlier answer";
    out = *value;
    return {};
}

/// Reads `PROVIDER/ID`.
std::optional<task::TaskKey> read_task(std::string_view text)
{
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    return task::TaskKey{
        .provider = std::string(text.substr(0, slash)), .id = std::string(text.substr(slash + 1))
    };
}

/// What may be asked for again and again, so that the query does not grow without end.
constexpr std::size_t most_values = 100;

std::string read_event_filter(std::string_view name, std::string_view value, store::EventQuery& query)
{
    if (name == "type") {
        if (!add_event_types(value, query.types))
            return "\"type\": " + no_such("event type", value, config::event_patterns());
    } else if (name == "provider") {
        query.providers.emplace_back(value);
    } else if (name == "task") {
        auto task = read_task(value);
        if (!task)
            return "\"task\" must be PROVIDER/ID";
        query.tasks.push_back(std::move(*task));
    }
    if (std::max(query.providers.size(), query.tasks.size()) > most_values)
        return fmt::format("\"{}\" may be given {} times at most", name, most_values);
    return {};
}

/// Each of them may be given several times: any of the values will do.
std::string read_event_filters(const http::ServerRequest& request, store::EventQuery& query)
{
    if (const auto since = request.parameter("since")) {
        query.since = base::parse_rfc3339(*since);
        if (!query.since)
            return "\"since\" must be a time such as 2026-11-21T03:18:39Z";
    }
    for (const auto& [name, value] : request.query)
        if (std::string error = read_event_filter(name, value, query); !error.empty())
            return error;
    return {};
}

}  // namespace

std::string wrong_parameter(const http::ServerRequest& request, const Route& route)
{
    const std::vector<std::string> known = parameters_of(route, request.method);
    const std::vector<std::string> repeated = repeated_parameters_of(route);
    std::vector<std::string_view> seen;
    for (const auto& [name, value] : request.query) {
        if (std::ranges::find(known, name) == known.end())
            return fmt::format(
                "unknown parameter \"{}\"{}", base::printable(name, 60), base::did_you_mean(name, known)
            );
        if (std::ranges::find(repeated, name) != repeated.end())
            continue;
        if (std::ranges::find(seen, name) != seen.end())
            return fmt::format("\"{}\" may be given once", name);
        seen.push_back(name);
    }
    return {};
}

Parsed<store::TaskQuery> task_query(const http::ServerRequest& request)
{
    store::TaskQuery query;
    if (std::string error = read_limit(request, query.limit); !error.empty())
        return error;
    if (std::string error = read_position(request, query.before); !error.empty())
        return error;
    if (const auto status = request.parameter("status"); status && !status->empty()) {
        query.status = task::parse_status(*status);
        if (!query.status)
            return "\"status\": " + no_such("task state", *status, task_state_names());
    }
    query.provider = request.parameter("provider").value_or("");
    query.q = request.parameter("q").value_or("");
    return query;
}

Parsed<store::EventQuery> event_query(const http::ServerRequest& request)
{
    store::EventQuery query;
    if (const auto order = request.parameter("order").value_or("asc"); order == "desc")
        query.order = store::Order::newest_first;
    else if (order != "asc")
        return std::string("\"order\" must be asc, the oldest first, or desc");
    if (std::string error = read_limit(request, query.limit); !error.empty())
        return error;
    if (std::string error = read_position(request, query.after); !error.empty())
        return error;
    if (std::string error = read_event_filters(request, query); !error.empty())
        return error;
    return query;
}

Parsed<FeedRequest> feed_request(const http::ServerRequest& request)
{
    FeedRequest feed;
    if (std::string error = read_event_filters(request, feed.query); !error.empty())
        return error;
    if (feed.query.since)
        feed.start = FeedStart::time;
    if (request.parameter("cursor")) {
        if (std::string error = read_position(request, feed.query.after); !error.empty())
            return error;
        feed.start = FeedStart::position;
    }
    // A reader that connects anew asks with the parameters it began with: what it has seen counts more.
    if (const std::string_view last = request.field("last-event-id"); !last.empty()) {
        const auto position = number<std::int64_t>(last);
        if (!position || *position < 0)
            return std::string("Last-Event-ID must be an id of this stream, which is a number");
        feed.query.after = *position;
        feed.start = FeedStart::position;
    }
    if (feed.start == FeedStart::position)
        feed.query.since.reset();
    return feed;
}

Parsed<store::DeliveryQuery> delivery_query(const http::ServerRequest& request)
{
    store::DeliveryQuery query;
    if (std::string error = read_limit(request, query.limit); !error.empty())
        return error;
    if (const auto cursor = request.parameter("cursor")) {
        query.before = store::DeliveryKey::parse(*cursor);
        if (!query.before)
            return std::string("\"cursor\" must be a nextCursor of an earlier answer");
    }
    if (const auto state = request.parameter("state"); state && !state->empty()) {
        query.state = store::parse_delivery_state(*state);
        if (!query.state)
            return "\"state\": " + no_such("delivery state", *state, delivery_state_names());
    }
    if (const auto task = request.parameter("task")) {
        query.task = read_task(*task);
        if (!query.task)
            return std::string("\"task\" must be PROVIDER/ID");
    }
    query.sink = request.parameter("sink").value_or("");
    query.origin = request.parameter("origin").value_or("");
    return query;
}

Parsed<std::size_t> job_limit(const http::ServerRequest& request)
{
    std::size_t limit = 50;
    if (std::string error = read_limit(request, limit); !error.empty())
        return error;
    return limit;
}

}  // namespace pollhook::admin
