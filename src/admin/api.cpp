#include "pollhook/admin/api.hpp"

#include "answers.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace pollhook::admin {

namespace asio = boost::asio;
namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

namespace {

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

poll::Poller* Api::poller(std::string_view provider) const
{
    const auto found = std::ranges::find(
        with_.pollers, provider, [](const poll::Poller* one) -> std::string_view { return one->name(); }
    );
    return found == with_.pollers.end() ? nullptr : *found;
}

}  // namespace pollhook::admin
