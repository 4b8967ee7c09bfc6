#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/config/secret.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace pollhook::http {

/// Asks the HTTP proxy at the other end of `socket` for a tunnel to `authority`, a host and a port, and gives
/// the status it answered; after 200 to 299 the next byte is the target's.
///
/// The answer has the bounds of any other answer. Errors: malformed_answer, also for a 2xx that brings a body
/// or bytes that nobody asked for; connection_reset; cancelled; with the reason in `detail`. It has no
/// deadline of its own. All parameters must outlive the operation.
boost::asio::awaitable<base::Result<int>> ask_for_tunnel(
    boost::asio::ip::tcp::socket& socket,
    const std::string& authority,
    const config::Secret& authorization,
    std::string& detail
);

}  // namespace pollhook::http
