#pragma once

#include "pollhook/http/server.hpp"

namespace pollhook::admin {

/// `GET /`: one page that reads the API. Its policy allows its own script and style and this server, nothing
/// else.
http::ServerResponse dashboard();

/// `GET /openapi.json`: the API described in OpenAPI 3.1.
http::ServerResponse openapi_document();

}  // namespace pollhook::admin
