#include "parameters.hpp"

#include "pollhook/base/suggestion.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace pollhook::admin {
namespace {

/// What is wrong with a name that is none of `known`; empty when it is one.
std::string unknown_parameter(const http::ServerRequest& request, const std::vector<std::string>& known)
{
    for (const auto& [name, value] : request.query) {
        if (std::ranges::find(known, name) != known.end())
            continue;
        const std::string meant = base::suggestion(name, known);
        return fmt::format(
            "unknown parameter \"{}\"{}",
            base::printable(name, 60),
            meant.empty() ? "" : ", did you mean \"" + meant + "\"?"
        );
    }
    return {};
}

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

}  // namespace

Parsed<store::TaskQuery> task_query(const http::ServerRequest& request)
{
    store::TaskQuery query;
    if (std::string error = unknown_parameter(request, {"status", "provider", "q", "limit", "cursor"});
        !error.empty())
        return error;
    if (std::string error = read_limit(request, query.limit); !error.empty())
        return error;
    if (std::string error = read_position(request, query.before); !error.empty())
        return error;
    if (const auto status = request.parameter("status"); status && !status->empty()) {
        query.status = task::parse_status(*status);
        if (!query.status)
            return fmt::format("\"status\": no task state is called \"{}\"", base::printable(*status, 60));
    }
    query.provider = request.parameter("provider").value_or("");
    query.q = request.parameter("q").value_or("");
    return query;
}

Parsed<store::EventQuery> event_query(const http::ServerRequest& request)
{
    store::EventQuery query;
    if (std::string error = unknown_parameter(request, {"since", "type", "limit", "cursor"}); !error.empty())
        return error;
    if (std::string error = read_limit(request, query.limit); !error.empty())
        return error;
    if (std::string error = read_position(request, query.after); !error.empty())
        return error;
    if (const auto since = request.parameter("since")) {
        query.since = base::parse_rfc3339(*since);
        if (!query.since)
            return std::string("\"since\" must be a time such as 2026-11-21T03:18:39Z");
    }
    for (const auto& [name, value] : request.query) {
        if (name != "type")
            continue;
        const auto type = task::parse_event_type(value);
        if (!type)
            return fmt::format("\"type\": no event type is called \"{}\"", base::printable(value, 60));
        query.types.push_back(*type);
    }
    return query;
}

Parsed<store::DeliveryQuery> delivery_query(const http::ServerRequest& request)
{
    store::DeliveryQuery query;
    if (std::string error =
            unknown_parameter(request, {"state", "sink", "task", "origin", "limit", "cursor"});
        !error.empty())
        return error;
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
            return fmt::format("\"state\": no delivery state is called \"{}\"", base::printable(*state, 60));
    }
    if (const auto task = request.parameter("task")) {
        const auto slash = task->find('/');
        if (slash == std::string_view::npos)
            return std::string("\"task\" must be PROVIDER/ID");
        query.task = {
            .provider = std::string(task->substr(0, slash)), .id = std::string(task->substr(slash + 1))
        };
    }
    query.sink = request.parameter("sink").value_or("");
    query.origin = request.parameter("origin").value_or("");
    return query;
}

Parsed<std::size_t> job_limit(const http::ServerRequest& request)
{
    std::size_t limit = 50;
    if (std::string error = unknown_parameter(request, {"limit"}); !error.empty())
        return error;
    if (std::string error = read_limit(request, limit); !error.empty())
        return error;
    return limit;
}

}  // namespace pollhook::admin
