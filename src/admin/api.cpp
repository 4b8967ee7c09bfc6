#include "pollhook/admin/api.hpp"

#include "encode.hpp"
#include "parameters.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace pollhook::admin {

namespace asio = boost::asio;
namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

namespace {

/// What one commit of a bulk registration holds, so that the others who wait for the store get their turn.
constexpr std::size_t registration_chunk = 2000;

ServerResponse answer(int status, const json::object& body)
{
    ServerResponse response;
    response.status = status;
    response.body = json::serialize(body);
    return response;
}

ServerResponse store_problem(const boost::system::error_code& code)
{
    if (code == store::Errc::full)
        return problem(
            507, "the store is full: free disk space or raise store.max_size; no new task is taken meanwhile"
        );
    return problem(503, "the store failed: " + code.message());
}

ServerResponse method_not_allowed(std::string_view allowed)
{
    ServerResponse response = problem(405, fmt::format("this path knows {}", allowed));
    response.fields.emplace_back("Allow", allowed);
    return response;
}

json::value cursor(std::int64_t position)
{
    if (position == 0)
        return nullptr;
    return json::string(std::to_string(position));
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

}  // namespace

Api::Api(Access access, Surroundings surroundings)
    : access_(std::move(access)),
      with_(std::move(surroundings)),
      started_(with_.clock->steady_now())
{
    rules_.guard = with_.guard;
    rules_.is_provider = [this](std::string_view provider) { return poller(provider) != nullptr; };
    for (const poll::Poller* one : with_.pollers)
        rules_.provider_names += (rules_.provider_names.empty() ? "" : ", ") + one->name();
    if (rules_.provider_names.empty())
        rules_.provider_names = "(none is configured)";
}

asio::awaitable<ServerResponse> Api::respond(const ServerRequest& request)
{
    if (auto refused = access_.refusal(request))
        co_return std::move(*refused);
    ServerResponse response = co_await route(request);
    response.fields.emplace_back("Cache-Control", "no-store");
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    co_return response;
}

Api::Answer Api::route(const ServerRequest& request)
{
    const std::string_view path = request.path;
    const bool get = request.method == "GET";
    if (path == "/v1/tasks") {
        if (request.method == "POST")
            co_return co_await register_tasks(request);
        if (get)
            co_return co_await list_tasks(request);
        co_return method_not_allowed("GET, POST");
    }
    if (path.starts_with("/v1/tasks/")) {
        auto key = key_of(path);
        if (!key)
            co_return problem(404, "a task's path is /v1/tasks/PROVIDER/ID");
        if (get)
            co_return co_await show_task(std::move(*key));
        if (request.method == "DELETE")
            co_return co_await remove_task(std::move(*key));
        co_return method_not_allowed("GET, DELETE");
    }
    constexpr std::string_view delivery_prefix = "/v1/deliveries/";
    const bool known = path == "/v1/events" || path == "/v1/deliveries" ||
                       path.starts_with(delivery_prefix) || path == "/v1/providers" || path == "/v1/status" ||
                       path == "/livez" || path == "/readyz";
    if (!known)
        co_return problem(404, "nothing is here; the API begins at /v1/tasks");
    if (!get)
        co_return method_not_allowed("GET");
    if (path == "/v1/events")
        co_return co_await list_events(request);
    if (path == "/v1/deliveries")
        co_return co_await list_deliveries(request);
    if (path.starts_with(delivery_prefix))
        co_return co_await show_delivery(path.substr(delivery_prefix.size()));
    if (path == "/v1/providers")
        co_return list_providers();
    if (path == "/v1/status")
        co_return co_await status();
    if (path == "/readyz")
        co_return co_await ready();
    json::object alive;
    alive["status"] = "ok";
    co_return answer(200, alive);
}

Api::Answer Api::register_tasks(const ServerRequest& request)
{
    const bool ndjson = request.field("content-type").find("ndjson") != std::string_view::npos;
    auto read = read_registration(request.body, ndjson, rules_);
    if (!read)
        co_return problem(400, read.error());
    if (!read->is_list && !read->rejected.empty())
        co_return problem(400, read->rejected.front().error);

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
            if (!is_terminal(one.task.known.status) || one.task.settle_until)
                poller(provider)->watch(one.task);
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
    co_return answer(code, body);
}

Api::Answer Api::list_tasks(const ServerRequest& request)
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

Api::Answer Api::show_task(task::TaskKey key)
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
    auto removed = co_await with_.store->remove_task(std::move(key));
    if (!removed)
        co_return store_problem(removed.error());
    if (!*removed)
        co_return problem(404, "no such task is known");
    if (poll::Poller* one = poller(provider))
        one->forget(id);
    ServerResponse response;
    response.status = 204;
    co_return response;
}

Api::Answer Api::list_events(const ServerRequest& request)
{
    auto query = event_query(request);
    if (!query)
        co_return problem(400, query.error());
    auto page = co_await with_.store->events(std::move(*query));
    if (!page)
        co_return store_problem(page.error());
    ServerResponse response;
    response.body = R"({"events":[)";
    for (std::size_t i = 0; i < page->events.size(); ++i)
        response.body += (i == 0 ? "" : ",") + encode_event(page->events[i]);
    response.body += R"(],"nextCursor":)" + json::serialize(cursor(page->next)) + "}";
    co_return response;
}

Api::Answer Api::list_deliveries(const ServerRequest& request)
{
    auto query = delivery_query(request);
    if (!query)
        co_return problem(400, query.error());
    auto page = co_await with_.store->deliveries(std::move(*query));
    if (!page)
        co_return store_problem(page.error());
    json::array deliveries;
    for (const store::DeliverySummary& one : page->deliveries)
        deliveries.push_back(admin::encode(one));
    json::object body;
    body["deliveries"] = std::move(deliveries);
    body["nextCursor"] = page->next ? json::value(page->next->text()) : json::value(nullptr);
    co_return answer(200, body);
}

Api::Answer Api::show_delivery(std::string_view id)
{
    const auto key = store::DeliveryKey::parse(id);
    if (!key)
        co_return problem(404, "a delivery's id looks like 12-0-3");
    auto found = co_await with_.store->delivery(*key);
    if (!found)
        co_return store_problem(found.error());
    if (!*found)
        co_return problem(404, "no such delivery is known");
    json::object body = admin::encode((*found)->summary);
    json::array attempts;
    for (const store::Attempt& one : (*found)->attempts)
        attempts.push_back(admin::encode(one));
    body["attemptLog"] = std::move(attempts);
    co_return answer(200, body);
}

ServerResponse Api::list_providers() const
{
    const auto now = with_.clock->steady_now();
    json::array providers;
    for (const poll::Poller* one : with_.pollers) {
        const poll::ProviderHealth& health = one->health();
        const auto& counters = one->counters();
        json::object entry;
        entry["name"] = one->name();
        entry["state"] = health.key_refused() ? "keyRefused" : health.probing() ? "failing" : "ok";
        entry["tasks"] = one->watched();
        entry["inFlight"] = one->in_flight();
        entry["failuresInARow"] = health.failures_in_a_row();
        entry["lastError"] = health.last_error().empty() ? json::value(nullptr)
                                                         : json::value(base::printable(health.last_error()));
        entry["lastSuccessAt"] = health.last_success()
                                     ? json::value(base::format_rfc3339(*health.last_success()))
                                     : json::value(nullptr);
        entry["nextRequestInMs"] = std::max<std::int64_t>(0, (health.blocked_until() - now).count());
        entry["requests"] = counters.requests;
        entry["failedLooks"] = counters.failed_looks;
        entry["looks"] = counters.looks;
        entry["transitions"] = counters.transitions;
        entry["malformedItems"] = counters.malformed;
        entry["foreignItems"] = counters.foreign;
        entry["bytesReceived"] = counters.bytes;
        providers.push_back(std::move(entry));
    }
    json::object body;
    body["providers"] = std::move(providers);
    return answer(200, body);
}

Api::Answer Api::status()
{
    auto totals = co_await with_.store->totals();
    if (!totals)
        co_return store_problem(totals.error());
    json::object body = admin::encode(*totals);
    body["version"] = std::string(base::version());
    body["uptimeSeconds"] = (with_.clock->steady_now() - started_).count() / 1000;
    json::object delivery;
    delivery["inFlight"] = with_.dispatcher->in_flight();
    delivery["held"] = with_.dispatcher->held();
    delivery["attempts"] = with_.dispatcher->counters().attempts;
    delivery["delivered"] = with_.dispatcher->counters().delivered;
    delivery["failed"] = with_.dispatcher->counters().failed;
    delivery["dead"] = with_.dispatcher->counters().dead;
    body["delivery"] = std::move(delivery);
    json::object providers;
    for (const poll::Poller* one : with_.pollers)
        providers[one->name()] = one->health().key_refused() ? "keyRefused"
                                 : one->health().probing()   ? "failing"
                                                             : "ok";
    body["providers"] = std::move(providers);
    co_return answer(200, body);
}

Api::Answer Api::ready()
{
    // A relay or a receiver that is down is no reason to take pollhook out of service; a store that does not
    // answer is.
    auto beat = co_await with_.store->meta("ready");
    if (!beat)
        co_return store_problem(beat.error());
    json::object body;
    body["status"] = "ok";
    co_return answer(200, body);
}

poll::Poller* Api::poller(std::string_view provider) const
{
    const auto found = std::ranges::find(
        with_.pollers, provider, [](const poll::Poller* one) -> std::string_view { return one->name(); }
    );
    return found == with_.pollers.end() ? nullptr : *found;
}

}  // namespace pollhook::admin
