#include "answers.hpp"
#include "encode.hpp"
#include "event_feed.hpp"
#include "parameters.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstddef>
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

ServerResponse Api::stream_events(const ServerRequest& request)
{
    auto feed = feed_request(request);
    if (!feed)
        return problem(400, feed.error());
    if (!feed_->has_room_for(feed->query)) {
        const std::size_t most =
            EventFeed::most_readers - (feed->query.tasks.empty() ? 0 : EventFeed::kept_free);
        ServerResponse refused =
            problem(503, fmt::format("{} streams of events are open, which is the most: end one", most));
        refused.fields.emplace_back("Retry-After", "5");
        return refused;
    }
    ServerResponse response;
    response.content_type = "text/event-stream";
    response.stream = [this, wanted = std::move(*feed)](http::ResponseStream& out) {
        return feed_->send(wanted.query, wanted.start, out);
    };
    return response;
}

}  // namespace pollhook::admin
