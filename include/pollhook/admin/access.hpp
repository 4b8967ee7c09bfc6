#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/http/server.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pollhook::admin {

/// Who may ask what of the admin API. Immutable.
///
/// The Host field must be an address that we listen on or a name we were given, so that no web page can reach
/// us by a name of its own (DNS rebinding). Requests that a browser makes for another origin are refused,
/// also when that is another port of this machine. Writes need the token when one is set, and a JSON content
/// type, which a plain form cannot send.
class Access {
public:
    /// `endpoints` are those really listened on.
    Access(const config::Admin& admin, std::span<const boost::asio::ip::tcp::endpoint> endpoints);

    /// The answer to a request that is not allowed; empty when it is.
    [[nodiscard]] std::optional<http::ServerResponse> refusal(const http::ServerRequest& request) const;
    /// The answer to a POST whose content type is not JSON, for a path that takes POST at all.
    [[nodiscard]] static std::optional<http::ServerResponse> body_refusal(const http::ServerRequest& request);

private:
    using Digest = std::array<unsigned char, 32>;

    [[nodiscard]] bool is_our_host(std::string_view host_field) const;
    [[nodiscard]] bool has_token(std::string_view authorization) const;

    std::optional<Digest> token_digest_;  // the token itself need not stay in memory
    std::vector<std::string> hosts_;
    bool any_address_ = false;  // listening on 0.0.0.0 or [::]
};

}  // namespace pollhook::admin
