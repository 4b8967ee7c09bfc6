#include "server_request.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/http/form.hpp"
#include "pollhook/http/problem.hpp"

#include <algorithm>

namespace pollhook::http {
namespace {

std::string_view find(const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view name)
{
    const auto found = std::ranges::find(pairs, name, &std::pair<std::string, std::string>::first);
    return found == pairs.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

std::string_view ServerRequest::field(std::string_view name) const
{
    return find(fields, name);
}

std::optional<std::string_view> ServerRequest::parameter(std::string_view name) const
{
    const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
    if (found == query.end())
        return std::nullopt;
    return found->second;
}

std::optional<ServerResponse> read_message(
    boost::beast::http::request<boost::beast::http::string_body>& message, ServerRequest& request
)
{
    namespace http = boost::beast::http;

    request.method = std::string(message.method_string());
    if (message.method() == http::verb::head)
        request.method = "GET";
    request.target = std::string(message.target());
    request.fields.clear();
    for (const auto& field : message) {
        const auto name = field.name_string();
        const auto value = field.value();
        request.fields.emplace_back(
            base::to_lower({name.data(), name.size()}), std::string(value.data(), value.size())
        );
    }

    // A missing or doubled Host is how requests are smuggled past checks of it (RFC 9112, 3.2).
    const std::size_t hosts = message.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() >= 11))
        return problem(400, "exactly one Host field is needed");
    if (!request.target.starts_with('/'))
        return problem(400, "the request target must start with '/'");

    const std::string_view target = request.target;
    const std::size_t end = std::min(target.find_first_of("?#"), target.size());
    std::optional<std::string> path = percent_decode(target.substr(0, end));
    if (!path)
        return problem(400, "the path has a bad percent escape");
    request.path = std::move(*path);

    request.query.clear();
    if (end < target.size() && target[end] == '?') {
        std::optional<FormFields> query = parse_form(target.substr(end + 1));
        if (!query)
            return problem(400, "the query has a bad percent escape");
        request.query = std::move(*query);
    }
    request.body = std::move(message.body());
    return std::nullopt;
}

}  // namespace pollhook::http
