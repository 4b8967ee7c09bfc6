#include "answers.hpp"

#include "pollhook/base/plain_json.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/http/problem.hpp"
#include "pollhook/store/error.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <string>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerResponse;

ServerResponse answer(int status, const json::object& body)
{
    ServerResponse response;
    response.status = status;
    response.body = base::plain_json(body);
    return response;
}

ServerResponse problem_with(int status, std::string_view detail, const json::object& members)
{
    ServerResponse response = problem(status, detail);
    json::object document = json::parse(response.body).get_object();
    for (const auto& member : members)
        document.insert_or_assign(member.key(), member.value());
    response.body = json::serialize(document);
    return response;
}

ServerResponse store_problem(const boost::system::error_code& code)
{
    if (code == store::Errc::full)
        return problem(
            507, "the store is full: free disk space or raise store.max_size; no new task is taken meanwhile"
        );
    return problem(503, "the store failed: " + code.message());
}

ServerResponse method_not_allowed(std::string_view allowed)
{
    ServerResponse response = problem(405, fmt::format("this path knows {}", allowed));
    response.fields.emplace_back("Allow", allowed);
    return response;
}

bool is_ndjson(const http::ServerRequest& request)
{
    const std::string_view type = request.field("content-type");
    return base::to_lower(type.substr(0, type.find(';'))).find("ndjson") != std::string::npos;
}

json::value cursor(std::int64_t position)
{
    if (position == 0)
        return nullptr;
    return json::string(std::to_string(position));
}

}  // namespace pollhook::admin
