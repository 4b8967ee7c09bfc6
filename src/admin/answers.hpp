#pragma once

#include "pollhook/http/server.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string_view>

namespace pollhook::admin {

// The answers that all resources share.

http::ServerResponse answer(int status, const boost::json::object& body);
/// A problem document with `members` as extension members (RFC 9457, 3.2).
http::ServerResponse problem_with(int status, std::string_view detail, const boost::json::object& members);
/// 507 while the store is full, 503 for everything else that a store may say.
http::ServerResponse store_problem(const boost::system::error_code& code);
/// `allowed` goes into the Allow field: `GET, POST`.
http::ServerResponse method_not_allowed(std::string_view allowed);
/// Whether the body is one JSON object a line.
bool is_ndjson(const http::ServerRequest& request);
/// A `nextCursor`: null at the end (0).
boost::json::value cursor(std::int64_t position);

}  // namespace pollhook::admin
