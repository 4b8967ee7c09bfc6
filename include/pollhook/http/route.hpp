#pragma once

#include "pollhook/config/secret.hpp"
#include "pollhook/http/origin.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pollhook::http {

class TlsConnector;

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

struct RouteOptions {
    std::string ca_file;           ///< PEM; empty: the system's authorities
    std::string certificate_file;  ///< PEM, with its chain, shown to a peer that asks; empty: none
    std::string key_file;          ///< PEM, without a passphrase; empty: it is in `certificate_file`
    TlsVersion min_tls_version = TlsVersion::tls_1_2;
    /// An HTTP proxy (scheme http) that every connection goes through by CONNECT (RFC 9110, 9.3.6), for http
    /// targets too. It is trusted: its own address is not judged by the guard.
    std::optional<Origin> proxy;
    config::Secret proxy_authorization;  ///< the value of Proxy-Authorization; empty: none
};

/// How the connections of one sender are made: whom it trusts, who it says it is, and through what it goes.
/// Connections and TLS sessions are shared within a route only.
///
/// Immutable. It must outlive the send() that uses it; idle connections may outlive it, since no later route
/// can get them. Client::forget() closes them at once. Lives on the loop that its client lives on.
class Route {
public:
    /// Reads the files; throws config::SettingError, with the name of the option as its key, when one cannot
    /// be read or used, when key and certificate do not belong together, or when the proxy is not an http
    /// origin.
    explicit Route(RouteOptions options);
    Route(const Route&) = delete;
    Route& operator=(const Route&) = delete;
    ~Route();

    /// Unlike that of any other route of this process, also of one that is gone; never 0.
    [[nodiscard]] std::uint64_t identity() const noexcept { return identity_; }
    [[nodiscard]] const std::optional<Origin>& proxy() const noexcept { return options_.proxy; }
    [[nodiscard]] const config::Secret& proxy_authorization() const noexcept
    {
        return options_.proxy_authorization;
    }
    [[nodiscard]] TlsConnector& tls() const noexcept { return *tls_; }

private:
    RouteOptions options_;
    std::unique_ptr<TlsConnector> tls_;
    std::uint64_t identity_;
};

}  // namespace pollhook::http
