#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/http/route.hpp"
#include "pollhook/http/stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace pollhook::http {

/// Puts TLS on connected sockets: 1.2 at least, SNI, the peer's chain against the store, its name against
/// subjectAltName only (no common name, no partial wildcards), sessions resumed per origin. Must outlive its
/// handshakes; the streams may outlive it. Lives on the loop.
class TlsConnector {
public:
    /// Takes the files and the version of `options`; throws config::SettingError when one cannot be used.
    explicit TlsConnector(const RouteOptions& options);
    TlsConnector(const TlsConnector&) = delete;
    TlsConnector& operator=(const TlsConnector&) = delete;
    ~TlsConnector();

    /// Errc::tls_failed with the reason in `detail`. `origin` and `detail` must outlive the operation.
    [[nodiscard]] boost::asio::awaitable<base::Result<std::unique_ptr<Stream>>> handshake(
        boost::asio::ip::tcp::socket socket, const Origin& origin, std::string& detail
    );

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Throws std::invalid_argument, as TlsConnector does, when a file of `options` cannot be used. Its text
/// begins with the option's name. Any thread.
void check_tls_files(const RouteOptions& options);

}  // namespace pollhook::http
