#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace pollhook::provider {

/// Why a look at a relay failed.
enum class Errc {
    unauthorized =
        1,  ///< 401 or 403: the key was refused, or may not poll; an alarm of the provider, never of a task
    rate_limited,      ///< 429
    refused,           ///< another 4xx: the request itself is not wanted (a batch too large, a poisonous id)
    unavailable,       ///< 408, 409, 425, 5xx, a time-out, no connection
    redirected,        ///< 3xx: the base URL is wrong; never followed
    malformed_answer,  ///< 2xx, but not what the relay documents: HTML, `success: false`, cut JSON
    suspicious_empty,  ///< `200 []` for a batch of several (new-api answers so when its database fails); the
                       ///< ids are in Answer::missing too
    cancelled,
};

/// One more than the largest Errc, for tables indexed by it; 0 is no error.
inline constexpr std::size_t errc_count = 9;

/// What the poller does about it, whatever its origin.
enum class Failure {
    transient = 1,  ///< back off and try again
    key_refused,    ///< raise the provider's alarm, probe slowly
};

const boost::system::error_category& provider_category() noexcept;
const boost::system::error_category& failure_category() noexcept;

/// `unauthorized`, `rate_limited`, … for logs and metrics.
std::string_view name(Errc error) noexcept;

inline boost::system::error_code make_error_code(Errc e) noexcept
{
    return {static_cast<int>(e), provider_category()};
}
inline boost::system::error_condition make_error_condition(Failure f) noexcept
{
    return {static_cast<int>(f), failure_category()};
}

}  // namespace pollhook::provider

template <>
struct boost::system::is_error_code_enum<pollhook::provider::Errc> : std::true_type {};
template <>
struct boost::system::is_error_condition_enum<pollhook::provider::Failure> : std::true_type {};
