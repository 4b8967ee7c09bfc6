#pragma once

#include "event_feed.hpp"
#include "pollhook/admin/routes.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/store/queries.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pollhook::admin {

// Query parameters as the store's queries; the error is a text for the caller that names the parameter.

/// What is wrong with a query that has a name which is none of the route's, or one twice that may come once;
/// empty when nothing is.
std::string wrong_parameter(const http::ServerRequest& request, const Route& route);

template <class T>
using Parsed = boost::system::result<T, std::string>;

Parsed<store::TaskQuery> task_query(const http::ServerRequest& request);
Parsed<store::EventQuery> event_query(const http::ServerRequest& request);

/// Of `GET /v1/events/stream`.
struct FeedRequest {
    store::EventQuery query;
    FeedStart start = FeedStart::now;
};
Parsed<FeedRequest> feed_request(const http::ServerRequest& request);

Parsed<store::DeliveryQuery> delivery_query(const http::ServerRequest& request);
/// How many jobs to list.
Parsed<std::size_t> job_limit(const http::ServerRequest& request);

}  // namespace pollhook::admin
