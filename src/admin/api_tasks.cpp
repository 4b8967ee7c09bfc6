#include "answers.hpp"
#include "encode.hpp"
#include "parameters.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/http/problem.hpp"
#include "pollhook/task/trace.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

namespace {

/// What one commit of a bulk registration holds, so that the others who wait for the store get their turn.
constexpr std::size_t registration_chunk = 2000;

json::object encode(const store::WatchedTask& task, const std::string& provider)
{
    json::object out;
    out["provider"] = provider;
    out["id"] = task.id;
    const std::string_view status = name(task.known.status);
    out["status"] = json::string(status.data(), status.size());
    out["progress"] = task.known.progress;
    out["sequence"] = task.known.sequence;
    out["registeredAt"] = base::format_rfc3339(task.registered_at);
    return out;
}

/// Lets the tasks' events belong to the caller's trace, when there is a usable one: exactly one `traceparent`
/// and, in one or several fields, a `tracestate` (W3C Trace Context, 3.3 and 4.2).
void adopt_trace(const ServerRequest& request, std::vector<store::Registration>& registrations)
{
    std::vector<std::string_view> parents;
    std::string state;
    for (const auto& [name, value] : request.fields) {
        if (name == "traceparent")
            parents.push_back(value);
        else if (name == "tracestate")
            state += (state.empty() ? "" : ",") + value;
    }
    const auto parent = parents.size() == 1 ? task::parse_traceparent(base::trim(parents[0])) : std::nullopt;
    if (!parent)
        return;
    const std::string passable = task::passable_tracestate(state);
    for (store::Registration& registration : registrations) {
        registration.traceparent = parent->text();
        registration.tracestate = passable;
    }
}

/// The parts of `/v1/tasks/{provider}/{id}` after the second slash.
std::optional<task::TaskKey> key_of(std::string_view path)
{
    constexpr std::string_view prefix = "/v1/tasks/";
    path.remove_prefix(prefix.size());
    const auto slash = path.find('/');
    if (slash == std::string_view::npos || slash == 0 || !task::is_valid_id(path.substr(slash + 1)))
        return std::nullopt;
    return task::TaskKey{
        .provider = std::string(path.substr(0, slash)), .id = std::string(path.substr(slash + 1))
    };
}

}  // namespace

Api::Answer Api::route_tasks(const ServerRequest& request)
{
    if (request.path == "/v1/tasks") {
        if (request.method == "POST")
            co_return co_await register_tasks(request);
        if (request.method == "GET")
            co_return co_await list_tasks(request);
        co_return method_not_allowed("GET, POST");
    }
    auto key = key_of(request.path);
    if (!key)
        co_return problem(404, "a task's path is /v1/tasks/PROVIDER/ID");
    if (request.method == "GET")
        co_return co_await show_task(std::move(*key));
    if (request.method == "DELETE")
        co_return co_await remove_task(std::move(*key));
    co_return method_not_allowed("GET, DELETE");
}

Api::Answer Api::register_tasks(const ServerRequest& request)
{
    const bool ndjson = request.field("content-type").find("ndjson") != std::string_view::npos;
    auto read = read_registration(request.body, ndjson, rules_);
    if (!read)
        co_return problem(400, read.error());
    if (!read->is_list && !read->rejected.empty())
        co_return problem(400, read->rejected.front().error);

    adopt_trace(request, read->accepted);
    std::size_t created = 0;
    std::optional<store::Registered> last;
    std::string provider;
    auto& batch = read->accepted;
    for (std::size_t begin = 0; begin < batch.size(); begin += registration_chunk) {
        const std::size_t end = std::min(batch.size(), begin + registration_chunk);
        const auto from = std::next(batch.begin(), static_cast<std::ptrdiff_t>(begin));
        const auto to = std::next(batch.begin(), static_cast<std::ptrdiff_t>(end));
        std::vector<std::string> providers;
        for (auto one = from; one != to; ++one)
            providers.push_back(one->key.provider);
        std::vector<store::Registration> chunk(std::make_move_iterator(from), std::make_move_iterator(to));
        auto registered = co_await with_.store->register_tasks(std::move(chunk), with_.clock->now());
        if (!registered)
            co_return store_problem(registered.error());
        for (std::size_t i = 0; i < registered->size(); ++i) {
            store::Registered& one = registered->at(i);
            provider = providers[i];
            created += one.created ? 1 : 0;
            // A reload may have removed the provider; its tasks are watched when it returns.
            if (poll::Poller* watcher = poller(provider);
                watcher != nullptr && (!is_terminal(one.task.known.status) || one.task.settle_until))
                watcher->watch(one.task);
            last = std::move(one);
        }
    }

    const int code = created > 0 ? 201 : 200;
    if (!read->is_list)
        co_return answer(code, encode(last->task, provider));
    json::array rejected;
    for (const Rejected& one : read->rejected) {
        json::object entry;
        entry["index"] = one.index;
        entry["error"] = one.error;
        rejected.push_back(std::move(entry));
    }
    json::object body;
    body["accepted"] = created;
    body["existing"] = batch.size() - created;
    body["rejected"] = std::move(rejected);
    // A script that looks at the status alone must not take this for a success.
    if (batch.empty() && !read->rejected.empty())
        co_return problem_with(422, "every entry was rejected; \"rejected\" tells why", body);
    co_return answer(code, body);
}

Api::Answer Api::list_tasks(const ServerRequest& request) const
{
    auto query = task_query(request);
    if (!query)
        co_return problem(400, query.error());
    auto page = co_await with_.store->tasks(std::move(*query));
    if (!page)
        co_return store_problem(page.error());
    json::array tasks;
    for (const store::TaskSummary& task : page->tasks)
        tasks.push_back(admin::encode(task));
    json::object body;
    body["tasks"] = std::move(tasks);
    body["nextCursor"] = cursor(page->next);
    co_return answer(200, body);
}

Api::Answer Api::show_task(task::TaskKey key) const
{
    auto found = co_await with_.store->task(std::move(key));
    if (!found)
        co_return store_problem(found.error());
    if (!*found)
        co_return problem(404, "no such task is known");
    const store::TaskDetail& detail = **found;
    json::object body = admin::encode(detail.summary);
    body["contradiction"] =
        detail.contradiction.empty() ? json::value(nullptr) : json::value(detail.contradiction);
    json::array transitions;
    for (const store::TransitionRow& one : detail.transitions)
        transitions.push_back(admin::encode(one));
    body["transitions"] = std::move(transitions);
    json::array deliveries;
    for (const store::DeliverySummary& one : detail.deliveries)
        deliveries.push_back(admin::encode(one));
    body["deliveries"] = std::move(deliveries);

    // The events are long; their text goes in as it is stored.
    ServerResponse response = answer(200, body);
    response.body.pop_back();
    response.body += R"(,"events":[)";
    for (std::size_t i = 0; i < detail.events.size(); ++i)
        response.body += (i == 0 ? "" : ",") + encode_event(detail.events[i]);
    response.body += "]}";
    co_return response;
}

Api::Answer Api::remove_task(task::TaskKey key)
{
    const std::string provider = key.provider;
    const std::string id = key.id;
    auto stopped = co_await with_.store->stop_watching(std::move(key), with_.clock->now());
    if (!stopped)
        co_return store_problem(stopped.error());
    if (!*stopped)
        co_return problem(404, "no such task is known");
    if (poll::Poller* one = poller(provider))
        one->forget(id);
    ServerResponse response;
    response.status = 204;
    co_return response;
}

}  // namespace pollhook::admin
