#include "answers.hpp"
#include "bodies.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/admin/reload.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <string>
#include <utility>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerRequest;

namespace {

json::object encode(const config::SectionChanges& changes)
{
    json::object out;
    out["added"] = json::array(changes.added.begin(), changes.added.end());
    json::object changed;
    for (const config::ChangedSection& one : changes.changed)
        changed[one.name] = json::array(one.keys.begin(), one.keys.end());
    out["changed"] = std::move(changed);
    out["removed"] = json::array(changes.removed.begin(), changes.removed.end());
    return out;
}

/// 422: a wrong configuration is nothing that is wrong with the request.
int status_of(ReloadResult::Kind kind)
{
    switch (kind) {
        case ReloadResult::Kind::done: return 200;
        case ReloadResult::Kind::wrong: return 422;
        case ReloadResult::Kind::refused:
        case ReloadResult::Kind::failed: return 503;
    }
    return 503;
}

std::string summary(const ReloadResult& result)
{
    switch (result.kind) {
        case ReloadResult::Kind::done: return result.changes.text();
        case ReloadResult::Kind::wrong:
            return fmt::format(
                "the new configuration is wrong ({} error{}); the old one goes on",
                result.errors.size(),
                result.errors.size() == 1 ? "" : "s"
            );
        default: break;
    }
    return result.errors.empty() ? "the reload failed" : result.errors.front();
}

}  // namespace

json::object encode(const ReloadResult& result)
{
    json::object out;
    out["success"] = result.succeeded();
    out["time"] = base::format_rfc3339(result.at);
    out["message"] = summary(result);
    out["errors"] = json::array(result.errors.begin(), result.errors.end());
    out["warnings"] = json::array(result.warnings.begin(), result.warnings.end());
    json::object changes;
    changes["keys"] = json::array(result.changes.keys.begin(), result.changes.keys.end());
    changes["providers"] = encode(result.changes.providers);
    changes["sinks"] = encode(result.changes.sinks);
    out["changes"] = std::move(changes);
    return out;
}

/// `request` outlives the answer, as respond() says.
Api::Answer Api::reload(const ServerRequest& request) const
{
    if (request.method != "POST")
        co_return method_not_allowed("POST");
    const auto body = read_reload(request.body);
    if (!body)
        co_return problem(400, body.error());
    if (with_.reloading == nullptr || !with_.reloading->reload)
        co_return problem(503, "this daemon was not started from a configuration file");
    if (body->no_wait) {
        if (!with_.reloading->request())
            co_return problem(503, "the daemon is stopping");
        json::object accepted;
        accepted["message"] = "the reload has been asked for; GET /v1/status tells what came of it";
        co_return answer(202, accepted);
    }
    const ReloadResult result = co_await with_.reloading->reload();
    const json::object shown = admin::encode(result);
    if (result.succeeded())
        co_return answer(200, shown);
    co_return problem_with(status_of(result.kind), summary(result), shown);
}

}  // namespace pollhook::admin
