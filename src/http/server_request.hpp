#pragma once

#include "pollhook/http/server.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

namespace pollhook::http {

/// Fills `request` from a parsed message, whose body is moved out. Empty when all is well, else the answer
/// that refuses it: a target that does not start with `/`, a bad escape, no Host or two of them.
std::optional<ServerResponse> read_message(
    boost::beast::http::request<boost::beast::http::string_body>& message, ServerRequest& request
);

}  // namespace pollhook::http
