#include "fault_answer.hpp"

#include "pollhook/http/problem.hpp"

#include <boost/json.hpp>

#include <string>
#include <utility>

namespace pollhook::simulator {

namespace json = boost::json;

namespace {

constexpr std::size_t big_body = 8 * 1024 * 1024;

http::ServerResponse plain(int status, std::string content_type, std::string body)
{
    http::ServerResponse response;
    response.status = status;
    response.content_type = std::move(content_type);
    response.body = std::move(body);
    return response;
}

http::ServerResponse document(int status, const json::object& body)
{
    return plain(status, "application/json", json::serialize(body));
}

}  // namespace

http::ServerResponse status_answer(int status, Dialect dialect)
{
    const std::string_view reason = http::reason(status);
    if (dialect == Dialect::receiver)
        return plain(status, "text/plain", std::string(reason));
    if (dialect == Dialect::ohmygpt) {
        json::object body;
        body["statusCode"] = status;
        body["message"] = reason;
        body["data"] = nullptr;
        return document(status, body);
    }
    if (status == 401 || status == 429)
        return plain(status, "", "");
    if (status == 403)
        return plain(status, "text/plain", "forbidden");
    json::object body;
    body["success"] = false;
    body["message"] = reason;
    return document(status, body);
}

http::ServerResponse fault_answer(const Fault& fault, Dialect dialect, http::ServerResponse good)
{
    http::ServerResponse response;
    switch (fault.kind) {
        case FaultKind::status:
            response = status_answer(fault.status, dialect);
            if (!fault.retry_after.empty())
                response.fields.emplace_back("Retry-After", fault.retry_after);
            return response;
        case FaultKind::html:
            return plain(200, "text/html; charset=utf-8", "<!doctype html><html><body>New API</body></html>");
        case FaultKind::empty:
            if (dialect == Dialect::proxy)
                return plain(200, "application/json", "[]");
            return plain(200, "application/json", R"({"statusCode":200,"message":"Success","data":null})");
        case FaultKind::bad_json: good.body.resize(good.body.size() / 2); return good;
        case FaultKind::success_false:
            return plain(200, "application/json", R"({"success":false,"message":"database is locked"})");
        case FaultKind::reset: response.disruption = http::Disruption::reset; return response;
        case FaultKind::hang: response.disruption = http::Disruption::hang; return response;
        case FaultKind::truncate: good.disruption = http::Disruption::close_midway; return good;
        case FaultKind::redirect:
            response = plain(301, "text/html", "<a href=\"/\">moved</a>");
            response.fields.emplace_back("Location", "/");
            return response;
        case FaultKind::big: return plain(200, "application/json", std::string(big_body, ' '));
        case FaultKind::slow:
        case FaultKind::duplicate:
        case FaultKind::foreign:
        case FaultKind::omit:
        case FaultKind::backwards:
        case FaultKind::bad_item: break;
    }
    return good;
}

}  // namespace pollhook::simulator
