#pragma once

#include "pollhook/base/clock.hpp"
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

class Route;

/// `tunnel` is the proxy's answer to CONNECT.
enum class ConnectStep : std::uint8_t { look_up, connect, tunnel, tls };

/// What is known so far about a connection in the making. It is filled in step by step, so that an attempt
/// that is given up half-way still tells how far it came.
struct ConnectReport {
    ConnectStep step = ConnectStep::look_up;
    /// The judged address that is connected to, also through a proxy; without a guard the proxy's own, which
    /// is all that is known then. Unspecified until TCP is connected.
    boost::asio::ip::tcp::endpoint peer;
    std::string detail;  ///< what went wrong, for people
    base::Duration look_up{};
    base::Duration connect{};  ///< with the proxy's answer
    base::Duration tls{};
    base::Timer* watchdog = nullptr;  ///< woken at each new step, whose deadline may come sooner

    void enter(ConnectStep next)
    {
        step = next;
        if (watchdog != nullptr)
            watchdog->wake();
    }
};

/// Makes connections: look-up, judgement of every address, TCP, TLS. The seam that a simulated network takes.
class Connector {
public:
    Connector() = default;
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;
    virtual ~Connector() = default;

    /// A ready stream, or an error of http_category(). It has no deadline of its own: whoever waits cancels
    /// it. `origin`, `guard` (null: any address may be connected to), `route` (null: the connector's own) and
    /// `report` must outlive the operation; it runs as a coroutine of its own, whose cancellation state it
    /// may change.
    [[nodiscard]] virtual boost::asio::awaitable<base::Result<std::unique_ptr<Stream>>> connect(
        const Origin& origin, const AddressGuard* guard, const Route* route, ConnectReport& report
    ) = 0;
};

}  // namespace pollhook::http
