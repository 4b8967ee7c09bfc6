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
    const Reloading* const reloading = with_.reloading;
    body["reloads"] = reloading == nullptr ? 0 : reloading->count;
    body["lastReload"] = reloading != nullptr && reloading->last
                             ? json::value(admin::encode(*reloading->last))
                             : json::value(nullptr);
    co_return answer(200, body);
}

}  // namespace pollhook::admin
