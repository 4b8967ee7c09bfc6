#include "token_answer.hpp"

#include "header_lines.hpp"
#include "outcomes.hpp"
#include "pollhook/base/excerpt.hpp"
#include "pollhook/base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace pollhook::sink {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_token = 16 * 1024;
constexpr base::Duration assumed_lifetime = std::chrono::minutes(1);
constexpr double longest_lifetime_seconds = 24 * 60 * 60;

void append_form_encoded(std::string& out, std::string_view text)
{
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_' || c == '*';
        if (plain)
            out += c;
        else if (c == ' ')
            out += '+';
        else
            append_percent(out, c);
    }
}

std::string_view text_of(const json::object& object, std::string_view key)
{
    const json::value* const value = object.if_contains(json::string_view(key.data(), key.size()));
    if (value == nullptr || !value->is_string())
        return {};
    return {value->get_string().data(), value->get_string().size()};
}

/// Numbers in a text are not what the RFC wants, but what some endpoints send.
std::optional<double> seconds_of(const json::object& object)
{
    const json::value* const value = object.if_contains("expires_in");
    if (value == nullptr)
        return std::nullopt;
    if (value->is_number())
        return value->to_number<double>();
    const std::string_view text = text_of(object, "expires_in");
    double seconds = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (bad != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return seconds;
}

base::Duration lifetime_of(const json::object& object)
{
    const std::optional<double> seconds = seconds_of(object);
    if (!seconds || !std::isfinite(*seconds))
        return assumed_lifetime;
    const double sane = std::clamp(*seconds, 0.0, longest_lifetime_seconds);
    return base::Duration(static_cast<std::int64_t>(sane * 1000));
}

/// What may stand in an Authorization field (RFC 6750, 2.1), and a little more.
bool is_token(std::string_view text)
{
    return !text.empty() && text.size() <= longest_token &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

TokenAnswer without_token(std::string problem)
{
    TokenAnswer answer;
    answer.problem = std::move(problem);
    return answer;
}

}  // namespace

std::string token_request(const config::SinkAuth& auth)
{
    std::string body = "grant_type=client_credentials";
    if (!auth.scope.empty())
        append_form_encoded(body += "&scope=", auth.scope);
    if (!auth.audience.empty())
        append_form_encoded(body += "&audience=", auth.audience);
    return body;
}

std::string client_credentials(const config::SinkAuth& auth)
{
    std::string id;
    std::string key;
    key.reserve(auth.client_secret.reveal().size() * 3);  // so that no copy is left behind
    append_form_encoded(id, auth.client_id);
    append_form_encoded(key, auth.client_secret.reveal());
    std::string value = basic_credentials(id, key);
    ::OPENSSL_cleanse(key.data(), key.size());
    return value;
}

TokenAnswer read_token(const http::Response& response)
{
    boost::system::error_code malformed;
    const json::value value = json::parse(response.body, malformed);
    const json::object* const object = malformed ? nullptr : value.if_object();
    if (response.status < 200 || response.status > 299) {
        std::string problem = "the token endpoint answered " + describe_status(response.status);
        if (const auto error = object != nullptr ? text_of(*object, "error") : ""; !error.empty())
            problem += ": " + base::excerpt(error, 100);
        return without_token(std::move(problem));
    }
    if (object == nullptr)
        return without_token("the token endpoint's answer is not a JSON object");
    if (const std::string_view type = text_of(*object, "token_type");
        !type.empty() && !base::equals_ignoring_case(type, "bearer"))
        return without_token(
            fmt::format("the token endpoint gives tokens of type {}, not bearer", base::excerpt(type, 40))
        );
    const std::string_view token = text_of(*object, "access_token");
    if (!is_token(token))
        return without_token("the token endpoint's answer holds no usable access_token");
    TokenAnswer answer;
    answer.token = config::Secret(token);
    answer.lifetime = lifetime_of(*object);
    return answer;
}

}  // namespace pollhook::sink
