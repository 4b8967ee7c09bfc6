#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/config/secret.hpp"
#include "pollhook/http/client.hpp"

#include <string>

/// The two ends of a token request (RFC 6749, 4.4), without the network.
namespace pollhook::sink {

/// The body of the request: the grant, and what is asked for.
std::string token_request(const config::SinkAuth& auth);

/// The value of its Authorization field: the client's name and key, each encoded as in a form (RFC 6749,
/// 2.3.1). The caller wipes it.
std::string client_credentials(const config::SinkAuth& auth);

/// What the endpoint's answer says.
struct TokenAnswer {
    config::Secret token;       ///< empty: there is none, see `problem`
    base::Duration lifetime{};  ///< from now on; a minute where the endpoint does not say, at most a day
    std::string problem;        ///< for people; holds nothing of a token
};
TokenAnswer read_token(const http::Response& response);

}  // namespace pollhook::sink
