#include "answers.hpp"
#include "encode.hpp"
#include "parameters.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerRequest;

namespace {

json::string text(std::string_view value)
{
    return json::string(value.data(), value.size());
}

std::optional<std::int64_t> read_id(std::string_view word)
{
    std::int64_t id = 0;
    const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (ec != std::errc{} || end != word.data() + word.size() || id <= 0)
        return std::nullopt;
    return id;
}

}  // namespace

Api::Answer Api::route_jobs(const ServerRequest& request)
{
    constexpr std::string_view prefix = "/v1/jobs/";
    const bool get = request.method == "GET";
    std::string_view rest = request.path;
    if (rest.size() < prefix.size()) {
        if (get)
            co_return co_await list_jobs(request);
        co_return method_not_allowed("GET");
    }
    rest.remove_prefix(prefix.size());
    const auto id = read_id(rest);
    if (!id)
        co_return problem(404, "a job's id is a number");
    if (get)
        co_return co_await show_job(*id);
    if (request.method == "DELETE")
        co_return co_await cancel_job(*id);
    co_return method_not_allowed("GET, DELETE");
}

Api::Answer Api::create_job(store::JobRequest request)
{
    const auto job = co_await with_.store->create_job(std::move(request), with_.clock->now());
    if (!job)
        co_return store_problem(job.error());
    with_.dispatcher->wake_jobs();
    http::ServerResponse response = answer(202, encode_job(*job));
    response.fields.emplace_back("Location", "/v1/jobs/" + std::to_string(job->id));
    co_return response;
}

Api::Answer Api::count_matching(store::JobRequest request) const
{
    const auto matching = co_await with_.store->count_matching(std::move(request));
    if (!matching)
        co_return store_problem(matching.error());
    json::object body;
    body["matching"] = *matching;
    co_return answer(200, body);
}

/// `request` outlives the answer, as respond() says.
Api::Answer Api::list_jobs(const ServerRequest& request) const
{
    const auto limit = job_limit(request);
    if (!limit)
        co_return problem(400, limit.error());
    const auto found = co_await with_.store->jobs(*limit);
    if (!found)
        co_return store_problem(found.error());
    json::array jobs;
    for (const store::Job& one : *found)
        jobs.push_back(encode_job(one));
    json::object body;
    body["jobs"] = std::move(jobs);
    co_return answer(200, body);
}

Api::Answer Api::show_job(std::int64_t id) const
{
    const auto job = co_await with_.store->job(id);
    if (!job)
        co_return store_problem(job.error());
    if (!*job)
        co_return problem(404, "no such job is known");
    co_return answer(200, encode_job(**job));
}

Api::Answer Api::cancel_job(std::int64_t id)
{
    const auto cancelled = co_await with_.store->cancel_job(id, with_.clock->now());
    if (!cancelled)
        co_return store_problem(cancelled.error());
    const auto job = co_await with_.store->job(id);
    if (!job)
        co_return store_problem(job.error());
    if (!*job)
        co_return problem(404, "no such job is known");
    if (!*cancelled)
        co_return problem(409, "the job has ended already");
    co_return answer(200, encode_job(**job));
}

json::object Api::encode_job(const store::Job& job) const
{
    const store::JobRequest& request = job.request;
    const bool replays = request.kind == store::JobKind::replay;
    json::object out;
    out["id"] = job.id;
    out["kind"] = text(name(request.kind));
    out["state"] = text(name(job.state));
    out["total"] = job.total;
    out["examined"] = job.examined;
    out["deliveries"] = job.deliveries;
    out["perSecond"] = request.per_second;
    out["createdAt"] = time_or_null(job.created_at);
    out["endedAt"] = time_or_null(job.ended_at);
    out["since"] = time_or_null(replays ? std::optional(request.since) : request.filter.since);
    out["until"] = time_or_null(replays ? request.until : request.filter.until);
    if (!replays) {
        const store::DeliveryFilter& filter = request.filter;
        out["deliveryState"] = text(name(filter.state.value_or(store::DeliveryState::dead)));
        out["sink"] = text_or_null(filter.sink);
        out["task"] = filter.task ? json::value(text(filter.task->provider + '/' + filter.task->id))
                                  : json::value(nullptr);
        out["origin"] = text_or_null(filter.origin);
        return out;
    }
    out["sink"] = nullptr;
    for (const delivery::Destination* one : with_.dispatcher->sinks())
        if (one->row.id == request.sink)
            out["sink"] = text(one->name());
    json::array types;
    for (const task::EventType type : request.types)
        types.push_back(text(name(type)));
    out["types"] = std::move(types);
    return out;
}

}  // namespace pollhook::admin
