#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/http/stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace pollhook::http {

enum class ConnectStep : std::uint8_t { look_up, connect, tls };

/// What is known so far about a connection in the making. It is filled in step by step, so that an attempt
/// that is given up half-way still tells how far it came.
struct ConnectReport {
    ConnectStep step = ConnectStep::look_up;
    boost::asio::ip::tcp::endpoint peer;  ///< unspecified until TCP is connected
    std::string detail;                   ///< what went wrong, for people
    base::Duration look_up{};
    base::Duration connect{};
    base::Duration tls{};
};

/// Makes connections: look-up, judgement of every address, TCP, TLS. The seam that a simulated network takes.
class Connector {
public:
    Connector() = default;
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;
    virtual ~Connector() = default;

    /// A ready stream, or an error of http_category(). It has no deadline of its own: whoever waits cancels
    /// it. `origin`, `guard` (null: any address may be connected to) and `report` must outlive the operation;
    /// it runs as a coroutine of its own, whose cancellation state it may change.
    [[nodiscard]] virtual boost::asio::awaitable<base::Result<std::unique_ptr<Stream>>> connect(
        const Origin& origin, const AddressGuard* guard, ConnectReport& report
    ) = 0;
};

}  // namespace pollhook::http
