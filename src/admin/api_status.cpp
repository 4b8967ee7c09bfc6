#include "answers.hpp"
#include "encode.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/http/problem.hpp"
#include "sink_view.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerResponse;

namespace {

std::string_view state_of(const poll::Poller& poller)
{
    if (poller.health().key_refused())
        return "keyRefused";
    return poller.health().probing() ? "failing" : "ok";
}

}  // namespace

ServerResponse Api::list_providers() const
{
    const auto now = with_.clock->steady_now();
    json::array providers;
    for (const poll::Poller* one : with_.pollers) {
        const poll::ProviderHealth& health = one->health();
        const auto& counters = one->counters();
        json::object entry;
        entry["name"] = one->name();
        entry["state"] = state_of(*one);
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
    delivery["openBreakers"] = with_.dispatcher->open_breakers();
    json::object sinks;
    std::size_t paused = 0;
    for (const delivery::Destination* one : with_.dispatcher->sinks()) {
        sinks[one->name()] = admin::state_of(*one);
        paused += one->row.paused ? 1 : 0;
    }
    delivery["pausedSinks"] = paused;
    body["delivery"] = std::move(delivery);
    body["sinks"] = std::move(sinks);
    json::object providers;
    for (const poll::Poller* one : with_.pollers)
        providers[one->name()] = state_of(*one);
    body["providers"] = std::move(providers);
    co_return answer(200, body);
}

}  // namespace pollhook::admin
