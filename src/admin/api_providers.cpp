#include "answers.hpp"
#include "bodies.hpp"
#include "encode.hpp"
#include "members.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

namespace {

/// No task lives longer than a year (provider.max_age).
constexpr base::Duration longest_age = std::chrono::days(366);

json::object shown(const poll::Poller& poller, base::SteadyPoint now)
{
    const poll::ProviderHealth& health = poller.health();
    const auto& counters = poller.counters();
    json::object entry;
    entry["name"] = poller.name();
    entry["state"] = Api::state_of(poller);
    entry["reason"] = text_or_null(poller.pauses().reason());
    entry["pausedAt"] = time_or_null(poller.pauses().since());
    entry["tasks"] = poller.watched();
    entry["inFlight"] = poller.in_flight();
    entry["failuresInARow"] = health.failures_in_a_row();
    entry["lastError"] = text_or_null(health.last_error());
    entry["lastSuccessAt"] = time_or_null(health.last_success());
    entry["nextRequestInMs"] = std::max<std::int64_t>(0, (health.blocked_until() - now).count());
    entry["requests"] = counters.requests;
    entry["failedLooks"] = counters.failed_looks;
    entry["looks"] = counters.looks;
    entry["transitions"] = counters.transitions;
    entry["malformedItems"] = counters.malformed;
    entry["foreignItems"] = counters.foreign;
    entry["bytesReceived"] = counters.bytes;
    return entry;
}

}  // namespace

std::string_view Api::state_of(const poll::Poller& poller)
{
    if (poller.pauses().is_paused())
        return "paused";
    if (poller.health().key_refused())
        return "keyRefused";
    return poller.health().probing() ? "failing" : "ok";
}

Api::Answer Api::route_providers(const ServerRequest& request)
{
    constexpr std::string_view root = "/v1/providers";
    std::string_view rest = request.path;
    rest.remove_prefix(root.size());
    if (rest.empty()) {
        if (request.method != "GET")
            co_return method_not_allowed("GET");
        co_return list_providers();
    }
    rest.remove_prefix(1);
    const auto slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    const std::string_view verb = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    if (verb != "pause" && verb != "resume")
        co_return problem(404, "a provider's paths are /v1/providers/NAME/pause and resume");
    if (request.method != "POST")
        co_return method_not_allowed("POST");
    const poll::Poller* const one = poller(name);
    if (one == nullptr)
        co_return unknown_provider(name);
    poll::Pauses next = one->pauses();
    if (verb == "pause") {
        auto body = read_pause(request.body);
        if (!body)
            co_return problem(400, body.error());
        next.begin(with_.clock->now(), std::move(body->reason));
    } else
        next.end(with_.clock->now());
    co_return co_await set_pauses(name, std::move(next));
}

Api::Answer Api::set_pauses(std::string name, poll::Pauses pauses)
{
    pauses.forget_before(with_.clock->now() - longest_age);
    // Stored first: whoever was told that it is paused finds it paused after a crash.
    const auto stored = co_await with_.store->set_meta(poll::Pauses::note_name(name), pauses.text());
    if (!stored)
        co_return store_problem(stored.error());
    poll::Poller* const one = poller(name);  // a reload may have removed it
    if (one == nullptr)
        co_return unknown_provider(name);
    one->set_pauses(std::move(pauses));
    co_return answer(200, shown(*one, with_.clock->steady_now()));
}

ServerResponse Api::list_providers() const
{
    json::array providers;
    for (const poll::Poller* one : with_.pollers)
        providers.push_back(shown(*one, with_.clock->steady_now()));
    json::object body;
    body["providers"] = std::move(providers);
    return answer(200, body);
}

ServerResponse Api::unknown_provider(std::string_view name) const
{
    std::vector<std::string> names;
    names.reserve(with_.pollers.size());
    for (const poll::Poller* one : with_.pollers)
        names.push_back(one->name());
    return problem(404, no_such("configured provider", name, names));
}

}  // namespace pollhook::admin
