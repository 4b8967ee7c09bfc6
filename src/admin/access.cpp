#include "pollhook/admin/access.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace pollhook::admin {
namespace {

std::array<unsigned char, 32> sha256(std::string_view text)
{
    std::array<unsigned char, 32> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in this OpenSSL");
    return digest;
}

/// `[::1]:8780` and `localhost:8780` without their port and brackets, in lower case.
std::string host_of(std::string_view host_field)
{
    if (host_field.starts_with('['))
        return base::to_lower(host_field.substr(1, host_field.find(']') - 1));
    return base::to_lower(host_field.substr(0, host_field.find(':')));
}

bool is_json(std::string_view content_type)
{
    const std::string type = base::to_lower(base::trim(content_type.substr(0, content_type.find(';'))));
    return type == "application/json" || type == "application/x-ndjson";
}

}  // namespace

Access::Access(const config::Admin& admin, std::span<const boost::asio::ip::tcp::endpoint> endpoints)
    : hosts_(admin.hosts)
{
    if (!admin.token.empty())
        token_digest_ = sha256(admin.token.reveal());
    for (const auto& endpoint : endpoints) {
        hosts_.push_back(endpoint.address().to_string());
        if (endpoint.address().is_loopback() || endpoint.address().is_unspecified())
            hosts_.emplace_back("localhost");
        any_address_ = any_address_ || endpoint.address().is_unspecified();
    }
}

std::optional<http::ServerResponse> Access::refusal(const http::ServerRequest& request) const
{
    const bool write = request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
    // Whoever may open the unix socket was let in by its mode; there is no name to forge.
    if (request.peer != "unix" && !is_our_host(request.field("host")))
        return http::problem(
            421, "the Host field is neither an address this server listens on nor one of admin.hosts"
        );
    const std::string_view site = request.field("sec-fetch-site");
    const std::string_view origin = request.field("origin");
    if (!site.empty() && site != "same-origin" && site != "none")
        return http::problem(403, "requests from other sites are refused");
    if (const auto scheme = origin.find("://");
        !origin.empty() && (scheme == std::string_view::npos ||
                            !base::equals_ignoring_case(origin.substr(scheme + 3), request.field("host"))))
        return http::problem(403, "requests from other origins are refused");
    if (!write)
        return std::nullopt;
    if (token_digest_ && !has_token(request.field("authorization"))) {
        http::ServerResponse refused =
            http::problem(401, "this needs the header Authorization: Bearer TOKEN (admin.token)");
        refused.fields.emplace_back("WWW-Authenticate", "Bearer");
        return refused;
    }
    return std::nullopt;
}

std::optional<http::ServerResponse> Access::body_refusal(const http::ServerRequest& request)
{
    if (request.method == "POST" && !is_json(request.field("content-type")))
        return http::problem(415, "Content-Type must be application/json or application/x-ndjson");
    return std::nullopt;
}

bool Access::is_our_host(std::string_view host_field) const
{
    std::string host = host_of(host_field);
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address(host, ec);
    if (!ec)
        host = address.to_string();  // an IPv6 address has many spellings
    return (any_address_ && !ec) || std::ranges::find(hosts_, host) != hosts_.end();
}

bool Access::has_token(std::string_view authorization) const
{
    constexpr std::string_view scheme = "bearer ";
    if (!base::equals_ignoring_case(authorization.substr(0, scheme.size()), scheme))
        return false;
    const Digest given = sha256(base::trim(authorization.substr(scheme.size())));
    return CRYPTO_memcmp(given.data(), token_digest_->data(), given.size()) == 0;
}

}  // namespace pollhook::admin
