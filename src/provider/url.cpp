#include "pollhook/provider/url.hpp"

#include "pollhook/base/text.hpp"

#include <algorithm>
#include <array>

namespace pollhook::provider {
namespace {

/// Discord's, those of a cache, and those of signed links to object stores.
constexpr std::array<std::string_view, 19> volatile_names{
    "rand",
    "ex",
    "is",
    "hm",
    "sig",
    "sign",
    "signature",
    "expires",
    "expiry",
    "exp",
    "token",
    "ts",
    "timestamp",
    "t",
    "_",
    "auth_key",
    "awsaccesskeyid",
    "ossaccesskeyid",
    "security-token",
};
constexpr std::array<std::string_view, 5> volatile_prefixes{"x-amz-", "x-oss-", "x-goog-", "x-cos-", "q-"};

bool is_volatile(std::string_view parameter)
{
    const std::string name = base::to_lower(parameter.substr(0, parameter.find('=')));
    return std::ranges::find(volatile_names, name) != volatile_names.end() ||
           std::ranges::any_of(volatile_prefixes, [&](std::string_view p) { return name.starts_with(p); });
}

}  // namespace

bool is_web_url(std::string_view text) noexcept
{
    const std::string_view scheme = text.substr(0, text.find("://"));
    return (base::equals_ignoring_case(scheme, "https") || base::equals_ignoring_case(scheme, "http")) &&
           text.size() > scheme.size() + 3 &&
           std::ranges::none_of(text, [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; });
}

std::string stable_url(std::string_view url)
{
    url = url.substr(0, url.find('#'));
    const std::size_t question = url.find('?');
    std::string stable(url.substr(0, question));
    if (question == std::string_view::npos)
        return stable;
    char separator = '?';
    std::string_view query = url.substr(question + 1);
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view parameter = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (parameter.empty() || is_volatile(parameter))
            continue;
        stable += separator;
        stable += parameter;
        separator = '&';
    }
    return stable;
}

}  // namespace pollhook::provider
