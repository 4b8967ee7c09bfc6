#include "pollhook/http/error.hpp"

#include <string>

namespace pollhook::http {
namespace {

class HttpCategory final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "http"; }

    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<Errc>(value)) {
            case Errc::malformed_url: return "not an absolute URL such as https://host/path";
            case Errc::unsupported_scheme: return "the URL must begin with https:// or http://";
            case Errc::userinfo_in_url: return "the URL must not hold a user name or a password";
            case Errc::bad_host: return "the URL's host is empty or malformed";
            case Errc::bad_port: return "the URL's port must be a number from 1 to 65535";
            case Errc::port_not_allowed: return "this port may not be reached by a task's URL";
            case Errc::http_not_allowed: return "a task's URL must begin with https:// (allow_http is off)";
            case Errc::name_not_found: return "the host name does not exist";
            case Errc::look_up_failed: return "the host name could not be looked up";
            case Errc::blocked_address: return "the host's address may not be reached by a task's URL";
            case Errc::connection_refused: return "the host refused the connection";
            case Errc::proxy_refused: return "the proxy opened no way to the host";
            case Errc::unreachable: return "the host could not be reached";
            case Errc::tls_failed: return "no secure connection could be made";
            case Errc::timed_out: return "the time for the exchange ran out";
            case Errc::connection_reset: return "the connection ended before the answer was complete";
            case Errc::malformed_answer: return "the answer is not valid HTTP or exceeds our limits";
            case Errc::cancelled: return "the exchange was cancelled";
        }
        return "unknown HTTP error";
    }
};

}  // namespace

const boost::system::error_category& http_category() noexcept
{
    static const HttpCategory category;
    return category;
}

ErrorClass classify(const boost::system::error_code& ec) noexcept
{
    if (!ec)
        return ErrorClass::none;
    if (ec.category() != http_category())
        return ErrorClass::protocol;
    switch (static_cast<Errc>(ec.value())) {
        case Errc::malformed_url:
        case Errc::unsupported_scheme:
        case Errc::userinfo_in_url:
        case Errc::bad_host:
        case Errc::bad_port: return ErrorClass::protocol;
        case Errc::port_not_allowed:
        case Errc::http_not_allowed:
        case Errc::blocked_address: return ErrorClass::blocked_address;
        case Errc::name_not_found:
        case Errc::look_up_failed: return ErrorClass::dns;
        case Errc::connection_refused:
        case Errc::proxy_refused:
        case Errc::unreachable: return ErrorClass::refused;
        case Errc::tls_failed: return ErrorClass::tls;
        case Errc::timed_out: return ErrorClass::timeout;
        case Errc::connection_reset: return ErrorClass::reset;
        case Errc::malformed_answer: return ErrorClass::protocol;
        case Errc::cancelled: return ErrorClass::cancelled;
    }
    return ErrorClass::protocol;
}

std::string_view name(ErrorClass error_class) noexcept
{
    switch (error_class) {
        case ErrorClass::none: return "none";
        case ErrorClass::dns: return "dns";
        case ErrorClass::blocked_address: return "blocked_address";
        case ErrorClass::refused: return "refused";
        case ErrorClass::tls: return "tls";
        case ErrorClass::timeout: return "timeout";
        case ErrorClass::reset: return "reset";
        case ErrorClass::http: return "http";
        case ErrorClass::protocol: return "protocol";
        case ErrorClass::cancelled: return "cancelled";
    }
    return "protocol";
}

}  // namespace pollhook::http
