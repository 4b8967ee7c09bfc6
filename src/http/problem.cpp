#include "pollhook/http/problem.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/json.hpp>

namespace pollhook::http {

std::string_view reason(int status) noexcept
{
    const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    const auto text = boost::beast::http::obsolete_reason(known);
    if (known == boost::beast::http::status::unknown)
        return "Unknown";
    return {text.data(), text.size()};
}

ServerResponse problem(int status, std::string_view detail)
{
    boost::json::object document;
    document["type"] = "about:blank";
    document["title"] = reason(status);
    document["status"] = status;
    if (!detail.empty())
        document["detail"] = detail;

    ServerResponse response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = boost::json::serialize(document);
    return response;
}

}  // namespace pollhook::http
