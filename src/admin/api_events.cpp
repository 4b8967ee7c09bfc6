#include "answers.hpp"
#include "encode.hpp"
#include "parameters.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

Api::Answer Api::list_events(const ServerRequest& request) const
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

Api::Answer Api::show_delivery(std::string_view id) const
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

}  // namespace pollhook::admin
