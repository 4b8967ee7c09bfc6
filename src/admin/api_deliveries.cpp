#include "answers.hpp"
#include "bodies.hpp"
#include "encode.hpp"
#include "members.hpp"
#include "parameters.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/http/problem.hpp"
#include "pollhook/task/trace.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::admin {

namespace asio = boost::asio;
namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

Api::Answer Api::route_deliveries(const ServerRequest& request)
{
    constexpr std::string_view prefix = "/v1/deliveries/";
    constexpr std::string_view retry = "/retry";
    const bool get = request.method == "GET";
    const bool post = request.method == "POST";
    std::string_view rest = request.path;
    if (rest.size() < prefix.size()) {
        if (get)
            co_return co_await list_deliveries(request);
        co_return method_not_allowed("GET");
    }
    rest.remove_prefix(prefix.size());
    if (rest == "retry") {
        if (post)
            co_return co_await retry_deliveries(request);
        co_return method_not_allowed("POST");
    }
    const bool is_retry = rest.ends_with(retry);
    if (is_retry)
        rest.remove_suffix(retry.size());
    const auto key = store::DeliveryKey::parse(rest);
    if (!key)
        co_return problem(404, "a delivery's id looks like 12-0-3");
    if (is_retry) {
        if (post)
            co_return co_await retry_delivery(*key);
        co_return method_not_allowed("POST");
    }
    if (get)
        co_return co_await show_delivery(*key);
    co_return method_not_allowed("GET");
}

Api::Answer Api::list_deliveries(const ServerRequest& request) const
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

Api::Answer Api::show_delivery(store::DeliveryKey key) const
{
    auto found = co_await with_.store->delivery(key);
    if (!found)
        co_return store_problem(found.error());
    if (!*found)
        co_return problem(404, "no such delivery is known");
    json::object body = admin::encode((*found)->summary);
    const std::string& trace = (*found)->traceparent;
    body["traceparent"] = text_or_null(trace);
    json::array attempts;
    // The log holds every attempt from the first on, unless there are too many to show.
    const bool is_whole = (*found)->attempts.size() == (*found)->summary.attempts;
    for (const store::Attempt& one : (*found)->attempts) {
        json::object attempt = admin::encode(one);
        const auto number = static_cast<std::uint32_t>(attempts.size() + 1);
        const std::string own =
            is_whole ? task::trace_of_attempt(trace, static_cast<std::int32_t>(key.sink), number) : "";
        attempt["traceparent"] = text_or_null(own);
        attempts.push_back(std::move(attempt));
    }
    body["attemptLog"] = std::move(attempts);
    co_return answer(200, body);
}

Api::Answer Api::retry_delivery(store::DeliveryKey key)
{
    const auto reopened = co_await with_.store->reopen(key, with_.dispatcher->outbox_now());
    if (!reopened)
        co_return store_problem(reopened.error());
    if (*reopened == store::Reopening::not_found)
        co_return problem(404, "no such delivery is known");
    if (*reopened == store::Reopening::in_flight)
        co_return problem(409, "the delivery is being attempted now");
    auto found = co_await with_.store->delivery(key);
    if (!found)
        co_return store_problem(found.error());
    if (!*found)
        co_return problem(404, "no such delivery is known");
    json::object body = admin::encode((*found)->summary);
    co_await wake_queue(std::move((*found)->summary));
    co_return answer(200, body);
}

/// Tells the dispatcher that a delivery's queue has something due.
asio::awaitable<void> Api::wake_queue(store::DeliverySummary delivery) const
{
    std::vector<store::OriginId> waiting;
    for (const delivery::Destination* one : with_.dispatcher->sinks())
        if (one->row.id == delivery.key.sink)
            waiting.push_back(one->row.origin);
    if (delivery.key.sink == store::task_webhook) {
        const auto backlog = co_await with_.store->backlog();
        // It is stored as due: without this it is only found later.
        if (!backlog)
            co_return;
        for (const store::OriginBacklog& one : *backlog)
            if (one.name == delivery.origin)
                waiting.push_back(one.origin);
    }
    with_.dispatcher->send_now(waiting);
}

Api::Answer Api::retry_deliveries(const ServerRequest& request)
{
    auto wanted = read_retry(request.body);
    if (!wanted)
        co_return problem(400, wanted.error());
    if (const std::string name = wanted->filter.sink; !name.empty()) {
        const auto sinks = co_await with_.store->sinks();
        if (!sinks)
            co_return store_problem(sinks.error());
        std::vector<std::string> names;
        for (const store::SinkSummary& one : *sinks)
            names.push_back(one.name);
        if (std::ranges::find(names, name) == names.end())
            co_return problem(400, no_such("sink", name, names));
    }
    store::JobRequest job;
    job.kind = store::JobKind::retry;
    job.filter = std::move(wanted->filter);
    job.per_second = wanted->per_second;
    if (wanted->dry_run)
        co_return co_await count_matching(std::move(job));
    if (const delivery::Destination* const to = sink(job.filter.sink))
        with_.dispatcher->send_now({&to->row.origin, 1});
    co_return co_await create_job(std::move(job));
}

}  // namespace pollhook::admin
