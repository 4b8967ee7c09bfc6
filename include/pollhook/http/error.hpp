#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace pollhook::http {

/// Why an exchange gave no usable answer, and why a URL was refused.
enum class Errc {
    // URLs
    malformed_url = 1,
    unsupported_scheme,
    userinfo_in_url,
    bad_host,
    bad_port,
    port_not_allowed,  ///< a task URL's port below 1024 other than 80 and 443, or a database's
    http_not_allowed,  ///< a plain http:// task URL while allow_http is off
    // exchanges
    name_not_found,
    look_up_failed,
    blocked_address,  ///< every address of the host is one that may not be reached
    connection_refused,
    proxy_refused,  ///< the proxy answered CONNECT with something else than 2xx
    unreachable,
    tls_failed,  ///< handshake or verification; the detail says which
    timed_out,
    connection_reset,
    malformed_answer,  ///< not HTTP, or HTTP beyond our bounds
    cancelled,         ///< the client is stopping
};

/// What the attempt records call it.
enum class ErrorClass : std::uint8_t {
    none,
    dns,
    blocked_address,
    refused,
    tls,
    timeout,
    reset,
    http,
    protocol,
    cancelled
};

const boost::system::error_category& http_category() noexcept;

inline boost::system::error_code make_error_code(Errc e) noexcept
{
    return {static_cast<int>(e), http_category()};
}

/// The class of an error of http_category(); `protocol` for any other.
ErrorClass classify(const boost::system::error_code& ec) noexcept;

/// `dns`, `blocked_address`, `refused`, …
std::string_view name(ErrorClass error_class) noexcept;

}  // namespace pollhook::http

template <>
struct boost::system::is_error_code_enum<pollhook::http::Errc> : std::true_type {};
