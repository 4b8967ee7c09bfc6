#include "pollhook/admin/api.hpp"

#include "answers.hpp"
#include "assets.hpp"
#include "event_feed.hpp"
#include "parameters.hpp"
#include "pollhook/admin/routes.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pollhook::admin {

namespace asio = boost::asio;
namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

Api::Api(Access access, Surroundings surroundings)
    : access_(std::move(access)),
      with_(std::move(surroundings)),
      started_(with_.clock->steady_now()),
      gauges_(*with_.store, *with_.clock)
{
    rules_.guard = with_.guard;
    rules_.is_provider = [this](std::string_view provider) { return poller(provider) != nullptr; };
    take_providers(with_.pollers);
    feed_ = std::make_unique<EventFeed>(*with_.store, *with_.clock);
}

void Api::adopt(
    Access access,
    std::vector<poll::Poller*> pollers,
    const http::AddressGuard* guard,
    std::uint64_t store_limit
)
{
    access_ = std::move(access);
    with_.store_limit = store_limit;
    with_.guard = guard;
    rules_.guard = guard;
    take_providers(std::move(pollers));
}

void Api::take_providers(std::vector<poll::Poller*> pollers)
{
    with_.pollers = std::move(pollers);
    rules_.provider_names.clear();
    for (const poll::Poller* one : with_.pollers)
        rules_.provider_names += (rules_.provider_names.empty() ? "" : ", ") + one->name();
    if (rules_.provider_names.empty())
        rules_.provider_names = "(none is configured)";
}

Api::~Api() = default;

bool Api::streams_body(const ServerRequest& head)
{
    return head.method == "POST" && head.path == "/v1/tasks" && is_ndjson(head);
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

namespace {

asio::awaitable<ServerResponse> refuse(ServerResponse response)
{
    co_return response;
}

}  // namespace

/// `request` outlives the answer, as respond() says.
Api::Answer Api::route(const ServerRequest& request)
{
    const std::string_view path = request.path;
    const Route* const known = find_route(path);
    if (known != nullptr && !allows(*known, request.method))
        return refuse(method_not_allowed(known->methods));
    if (auto refused = Access::body_refusal(request))
        return refuse(std::move(*refused));
    // Probes and scrapers add parameters of their own; what is under /v1 is asked on purpose.
    if (known != nullptr && path.starts_with("/v1/")) {
        const auto error = wrong_parameter(request, *known);
        if (!error.empty())
            return refuse(problem(400, error));
    }
    const auto is_under = [path](std::string_view root) {
        return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
    };
    if (is_under("/v1/tasks"))
        return route_tasks(request);
    if (is_under("/v1/sinks"))
        return route_sinks(request);
    if (is_under("/v1/deliveries"))
        return route_deliveries(request);
    if (is_under("/v1/jobs"))
        return route_jobs(request);
    if (is_under("/v1/providers"))
        return route_providers(request);
    if (path == "/v1/reload")
        return reload(request);
    return route_state(request);
}

Api::Answer Api::route_state(const ServerRequest& request)
{
    const std::string_view path = request.path;
    const bool known = path == "/" || path == "/openapi.json" || path == "/v1/events" ||
                       path == "/v1/events/stream" || path == "/v1/prune" || path == "/v1/status" ||
                       path == "/livez" || path == "/readyz" || path == "/metrics";
    if (!known)
        co_return problem(404, "nothing is here; /openapi.json describes what there is");
    if (path == "/")
        co_return dashboard();
    if (path == "/openapi.json")
        co_return openapi_document();
    if (path == "/v1/prune")
        co_return co_await prune(request);
    if (path == "/v1/events")
        co_return co_await list_events(request);
    if (path == "/v1/events/stream")
        co_return stream_events(request);
    if (path == "/v1/status")
        co_return co_await status();
    if (path == "/readyz")
        co_return co_await ready();
    if (path == "/metrics")
        co_return co_await metrics();
    json::object alive;
    alive["status"] = "ok";
    co_return answer(200, alive);
}

poll::Poller* Api::poller(std::string_view provider) const
{
    const auto found = std::ranges::find(
        with_.pollers, provider, [](const poll::Poller* one) -> std::string_view { return one->name(); }
    );
    return found == with_.pollers.end() ? nullptr : *found;
}

}  // namespace pollhook::admin
