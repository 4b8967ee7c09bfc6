#pragma once

#include "pollhook/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pollhook::http {

enum class Scheme : std::uint8_t { http, https };

/// Where a request goes: what connections, limits and breakers are keyed by.
struct Origin {
    Scheme scheme = Scheme::https;
    std::string host;  ///< lower case, without brackets; a name or the text of an address
    std::uint16_t port = 443;

    bool operator==(const Origin&) const = default;
    auto operator<=>(const Origin&) const = default;

    /// `https://hooks.example.com:8443`; the port only when it is not the scheme's own.
    [[nodiscard]] std::string text() const;
    /// The Host field's value: `hooks.example.com:8443`, `[::1]:80` (RFC 9110, 7.2).
    [[nodiscard]] std::string host_field() const;
};

/// An absolute http or https URL, checked and split.
struct Url {
    Origin origin;
    std::string target;  ///< path and query as they go into the request line; at least `/`; never a fragment

    /// For logs and people: without query, since it may hold a token.
    [[nodiscard]] std::string without_query() const;
};

/// Reads a URL that means one place to everybody: http or https only, no userinfo, no empty or
/// percent-encoded host, port 1 to 65535, no control characters or spaces, at most 8 KiB. Boost.URL alone
/// accepts some of these. The error's message says which rule was broken (category http_category()).
base::Result<Url> parse_url(std::string_view text);

}  // namespace pollhook::http
