#include "answers.hpp"
#include "bodies.hpp"
#include "members.hpp"
#include "names.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/http/problem.hpp"
#include "sink_view.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::admin {

namespace json = boost::json;
using delivery::Destination;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

namespace {

/// The types that a sink is configured for; all of them when that is so.
std::vector<task::EventType> types_for(const config::Sink& sink)
{
    std::vector<task::EventType> types;
    for (const std::string& pattern : sink.events)
        add_event_types(pattern, types);
    return types;
}

}  // namespace

Api::Answer Api::route_sinks(const ServerRequest& request)
{
    constexpr std::string_view root = "/v1/sinks";
    std::string_view rest = request.path;
    rest.remove_prefix(root.size());
    if (rest.empty()) {
        if (request.method == "GET")
            co_return co_await list_sinks();
        co_return method_not_allowed("GET");
    }
    rest.remove_prefix(1);
    const auto slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    const std::string_view verb = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    if (verb != "pause" && verb != "resume" && verb != "test" && verb != "replay")
        co_return problem(404, "a sink's paths are /v1/sinks/NAME/pause, resume, test and replay");
    if (request.method != "POST")
        co_return method_not_allowed("POST");
    if (!with_.dispatcher->has_sink(name))
        co_return unknown_sink(name);
    if (verb == "pause")
        co_return co_await pause_sink(name, request);
    if (verb == "resume")
        co_return co_await resume_sink(name);
    if (verb == "test")
        co_return co_await test_sink(name);
    co_return co_await replay(name, request);
}

Api::Answer Api::list_sinks() const
{
    const auto rows = co_await with_.store->sinks();
    if (!rows)
        co_return store_problem(rows.error());
    json::array sinks;
    for (const store::SinkSummary& row : *rows)
        sinks.push_back(encode(view_of(row)));
    json::object body;
    body["sinks"] = std::move(sinks);
    co_return answer(200, body);
}

Api::Answer Api::show_sink(std::string name) const
{
    const auto rows = co_await with_.store->sinks();
    if (!rows)
        co_return store_problem(rows.error());
    for (const store::SinkSummary& row : *rows)
        if (row.name == name && row.id != store::task_webhook)
            co_return answer(200, encode(view_of(row)));
    co_return unknown_sink(name);
}

/// `request` outlives the answer, as respond() says.
Api::Answer Api::pause_sink(std::string name, const ServerRequest& request)
{
    auto body = read_pause(request.body);
    if (!body)
        co_return problem(400, body.error());
    const auto paused = co_await with_.dispatcher->pause_sink(name, std::move(body->reason));
    if (!paused)
        co_return store_problem(paused.error());
    co_return co_await show_sink(std::move(name));
}

Api::Answer Api::resume_sink(std::string name)
{
    const auto resumed = co_await with_.dispatcher->resume_sink(name);
    if (!resumed)
        co_return store_problem(resumed.error());
    co_return co_await show_sink(std::move(name));
}

Api::Answer Api::test_sink(std::string name)
{
    const std::optional<sink::Outcome> outcome = co_await with_.dispatcher->test_sink(name);
    if (!outcome)
        co_return unknown_sink(name);
    if (outcome->cancelled)
        co_return problem(503, "the daemon is stopping");
    json::object body = encode(*outcome);
    body["sink"] = name;
    co_return answer(200, body);
}

/// `request` outlives the answer, as respond() says.
Api::Answer Api::replay(std::string name, const ServerRequest& request)
{
    auto body = read_replay(request.body);
    if (!body)
        co_return problem(400, body.error());
    const Destination* const to = sink(name);
    if (to == nullptr)
        co_return unknown_sink(name);
    store::JobRequest job;
    job.kind = store::JobKind::replay;
    job.sink = to->row.id;
    job.since = body->since;
    job.until = body->until;
    job.types = body->types.empty() ? types_for(to->settings) : std::move(body->types);
    job.per_second = body->per_second;
    // No types would mean all of them.
    if (job.types.empty())
        co_return problem(400, "the sink is configured for no event type: \"types\" must name some");
    if (body->dry_run)
        co_return co_await count_matching(std::move(job));
    co_return co_await create_job(std::move(job));
}

const Destination* Api::sink(std::string_view name) const
{
    for (const Destination* one : with_.dispatcher->sinks())
        if (one->name() == name)
            return one;
    return nullptr;
}

ServerResponse Api::unknown_sink(std::string_view name) const
{
    std::vector<std::string> names;
    for (const Destination* one : with_.dispatcher->sinks())
        names.push_back(one->name());
    return problem(404, no_such("configured sink", name, names));
}

SinkView Api::view_of(const store::SinkSummary& row) const
{
    SinkView view;
    view.row = &row;
    view.destination = row.id == store::task_webhook ? with_.dispatcher->task_webhooks() : sink(row.name);
    if (view.destination != nullptr && !view.destination->is_task_webhook())
        view.pace = with_.dispatcher->pace(*view.destination);
    view.now = with_.clock->now();
    view.steady_now = with_.clock->steady_now();
    return view;
}

}  // namespace pollhook::admin
