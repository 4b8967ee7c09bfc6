#include "pollhook/provider/account.hpp"

#include "pollhook/base/byte_order_mark.hpp"
#include "pollhook/base/excerpt.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/config/setting_error.hpp"
#include "pollhook/http/retry_after.hpp"
#include "pollhook/provider/envelope.hpp"
#include "pollhook/provider/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pollhook::provider {

namespace asio = boost::asio;

namespace {

std::string key_field(config::Auth auth, std::string_view key)
{
    switch (auth) {
        case config::Auth::bearer: return fmt::format("Authorization: Bearer {}\r\n", key);
        case config::Auth::raw: return fmt::format("Authorization: {}\r\n", key);
        case config::Auth::mj_api_secret: return fmt::format("mj-api-secret: {}\r\n", key);
    }
    return {};
}

/// What a refusal's body says, whichever way it says it.
std::string message_of(const http::Response& response)
{
    constexpr std::size_t longest_text = 500;
    const std::string_view body = base::trim(response.body);
    if (body.starts_with('{'))
        return read_envelope(body).message;
    const bool is_text = response.content_type.empty() || response.content_type == "text/plain";
    return is_text && body.size() <= longest_text ? std::string(body) : std::string();
}

/// Where the key, or a long part of it, begins in `text` from `at` on, and how much of it is there.
std::pair<std::size_t, std::size_t> find_key(std::string_view text, std::string_view key, std::size_t at)
{
    constexpr std::size_t shortest_part = 8;
    const std::size_t least = std::min(shortest_part, key.size());
    for (; at + least <= text.size(); ++at) {
        if (key.find(text.substr(at, least)) == std::string_view::npos)
            continue;
        std::size_t length = least;
        while (at + length < text.size() && key.find(text.substr(at, length + 1)) != std::string_view::npos)
            ++length;
        return {at, length};
    }
    return {std::string_view::npos, 0};
}

std::string_view hint(int status)
{
    switch (status) {
        case 401: return ", check api_key";
        case 403: return ", the key may not poll, or this address is blocked";
        case 404: return ", is base_url right?";
        default:
            return status >= 300 && status < 400 ? ", is base_url right? redirects are not followed" : "";
    }
}

LookFailure failed(const http::Exchange& exchange)
{
    LookFailure failure;
    const auto& error = exchange.response.error();
    failure.kind = Errc::unavailable;
    if (error == http::Errc::cancelled)
        failure.kind = Errc::cancelled;
    else if (error == http::Errc::malformed_answer)
        failure.kind = Errc::malformed_answer;
    failure.detail = exchange.detail.empty() ? error.message() : exchange.detail;
    return failure;
}

}  // namespace

Account::Account(
    const config::Provider& provider,
    config::Auth auth,
    std::string_view content_type,
    base::Clock& clock,
    http::Client& client
)
    : key_(provider.api_key),
      timeout_(provider.request_timeout),
      clock_(clock),
      client_(client)
{
    auto url = http::parse_url(provider.base_url);
    if (!url)
        throw config::SettingError(
            "base_url", fmt::format("provider {}: base_url: {}", provider.name, url.error().message())
        );
    const auto is_control = [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; };
    if (std::ranges::any_of(key_.reveal(), is_control))
        throw config::SettingError(
            "api_key",
            fmt::format("provider {}: api_key holds a character that no header may hold", provider.name)
        );
    origin_ = std::move(url->origin);
    prefix_ = std::move(url->target);
    prefix_.resize(std::min(prefix_.find('?'), prefix_.size()));
    while (prefix_.ends_with('/'))
        prefix_.pop_back();
    fields_ = fmt::format(
        "Content-Type: {}\r\nAccept: application/json\r\nUser-Agent: {}\r\n", content_type, base::user_agent()
    );
    if (!key_.empty())
        fields_ += key_field(auth, key_.reveal());
}

asio::awaitable<Posted> Account::post(std::string path, std::string body, Answer& answer)
{
    constexpr base::Duration longest_connect = std::chrono::seconds(5);
    const std::string target = prefix_ + path;
    http::Request request;
    request.method = "POST";
    request.origin = &origin_;
    request.target = target;
    request.fields = fields_;
    request.body = body;
    request.deadlines.look_up = std::min(longest_connect, timeout_);
    request.deadlines.connect = std::min(longest_connect, timeout_);
    request.deadlines.tls = std::min(longest_connect, timeout_);
    request.deadlines.write = timeout_;
    request.deadlines.head = timeout_;
    request.deadlines.body = timeout_;
    request.deadlines.total = timeout_;
    request.response_limit = body_limit;
    request.whole_body = true;
    http::Exchange exchange = co_await client_.send(request);

    Posted posted;
    ++answer.requests;
    answer.request_times.push_back(exchange.timing.total);
    if (!exchange.response) {
        posted.failure = failed(exchange);
        co_return posted;
    }
    http::Response& response = *exchange.response;
    answer.bytes += response.body.size();
    posted.status = response.status;
    if (response.status < 200 || response.status > 299)
        posted.failure = judge("HTTP", response.status, message_of(response));
    else if (response.content_type == "text/html" || response.content_type == "application/xhtml+xml")
        posted.failure = malformed("a web page, is base_url right?");
    if (posted.failure)
        posted.failure->retry_after = http::retry_after(response.retry_after, clock_.now());
    replace_unpaired_surrogates(response.body);
    posted.body = answer.bodies.emplace_back(std::move(response.body));
    posted.body = base::trim(base::without_byte_order_mark(posted.body));
    co_return posted;
}

std::optional<LookFailure> Account::judge(std::string_view source, int status, std::string_view message) const
{
    if (status >= 200 && status <= 299)
        return std::nullopt;
    LookFailure failure;
    if (status == 401 || status == 403)
        failure.kind = Errc::unauthorized;
    else if (status == 429)
        failure.kind = Errc::rate_limited;
    else if (status >= 300 && status <= 399)
        failure.kind = Errc::redirected;
    else if (status == 408 || status == 409 || status == 425 || status >= 500)
        failure.kind = Errc::unavailable;
    else
        failure.kind = Errc::refused;
    failure.detail = fmt::format("{} {}{}", source, status, hint(status));
    if (!message.empty())
        failure.detail += fmt::format(": {}", quoted(message));
    return failure;
}

LookFailure Account::malformed(std::string_view what, std::string_view message) const
{
    LookFailure failure;
    failure.kind = Errc::malformed_answer;
    failure.detail = what;
    if (!message.empty())
        failure.detail += fmt::format(": {}", quoted(message));
    return failure;
}

std::string Account::quoted(std::string_view text) const
{
    constexpr std::size_t longest = 1000;
    text = text.substr(0, longest);
    std::string shown;
    while (!key_.empty()) {
        const auto [at, length] = find_key(text, key_.reveal(), 0);
        if (at == std::string_view::npos)
            break;
        shown += text.substr(0, at);
        shown += "***";
        text.remove_prefix(at + length);
    }
    shown += text;
    return base::excerpt(base::without_url_secrets(shown));
}

}  // namespace pollhook::provider
