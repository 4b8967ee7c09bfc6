#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/result.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/error.hpp"
#include "pollhook/http/origin.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::http {

class Connector;
class Route;

/// How long each step of one exchange may take, counted from its own beginning. `total` covers all of them,
/// counted from the beginning of send().
struct Deadlines {
    base::Duration look_up = std::chrono::seconds(5);
    base::Duration connect = std::chrono::seconds(5);  ///< TCP; again for a proxy's answer to CONNECT
    base::Duration tls = std::chrono::seconds(5);
    base::Duration write = std::chrono::seconds(15);
    base::Duration head =
        std::chrono::seconds(15);  ///< from the end of the request, interim answers included
    base::Duration body = std::chrono::seconds(15);  ///< from the end of the head
    base::Duration total = std::chrono::seconds(15);
};

/// What to send. The views must stay valid until send() completes.
struct Request {
    std::string_view method;  ///< `POST`
    const Origin* origin = nullptr;
    std::string_view target;  ///< `/path?query`
    /// Header lines as they go out, each ended by CRLF, without Host, Content-Length, Connection and
    /// Accept-Encoding, which the client writes.
    std::string_view fields;
    std::string_view body;
    Deadlines deadlines;
    std::size_t response_limit = 64 * 1024;  ///< bytes of the body that are kept; what follows is not read
    /// True: a body longer than response_limit fails with Errc::malformed_answer (a relay's answer must be
    /// whole). False: the body is cut there and the status counts (a receiver's answer).
    bool whole_body = false;
    /// The rules for the address that is connected to; null means any address (a configured relay or sink).
    const AddressGuard* guard = nullptr;
    /// How the connection is made; null means directly, with the client's own authorities.
    const Route* route = nullptr;
    /// Lower-case names of the fields that Response::fields shall hold.
    std::span<const std::string_view> keep_fields;
};

/// Milliseconds of each step; 0 for steps that a reused connection did not need.
struct Timing {
    base::Duration look_up{};
    base::Duration connect{};
    base::Duration tls{};
    base::Duration first_byte{};
    base::Duration total{};
};

/// A final answer (1xx are skipped). 100 <= status <= 599.
struct Response {
    int status = 0;
    std::string content_type;  ///< lower case, without parameters
    std::string retry_after;   ///< as it came; see retry_after()
    std::string date;          ///< the Date field as it came
    /// Those of Request::keep_fields that came, names in lower case, in their order: the first 16. A value
    /// longer than 1 KiB is left out.
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;       ///< at most response_limit bytes
    bool body_cut = false;  ///< the body was longer, or ended early after a complete head
};

/// One exchange's outcome with what an attempt record wants to know.
struct Exchange {
    base::Result<Response> response = make_error_code(Errc::cancelled);
    std::string detail;  ///< for people: what exactly went wrong, such as OpenSSL's reason; printable
    /// `203.0.113.7:443`, empty when nothing was connected. Through a proxy: the judged address of a guarded
    /// request, the proxy's own address for any other.
    std::string peer;
    bool reused = false;  ///< the connection had served an earlier exchange
    Timing timing;
};

struct ClientOptions {
    std::size_t max_idle_per_origin = 16;
    std::size_t max_idle = 512;
    base::Duration idle_timeout = std::chrono::seconds(55);
    std::string ca_file;  ///< PEM; empty: the system's store
};

/// An HTTP/1.1 client with a keep-alive pool by origin, guard and route, its own look-up threads, full TLS
/// verification (SNI, host name by subjectAltName only, TLS 1.2 at least) and bounds on everything that a
/// peer can send.
///
/// Redirects are never followed, nothing is retried but one case: a reused connection that ends before the
/// first byte of an answer is replaced by a new one, once, within the same deadlines (RFC 9112, 9.3.1): its
/// peer most likely closed it while it was idle. A peer that read the whole request and then closed without a
/// byte of an answer looks the same, and only it sees the same bytes twice; so whoever sends must put an id
/// into the request by which the peer knows it again. It stays one exchange. No other end of a connection is
/// retried: not on a new connection, not after one byte of an answer, not after a deadline. Lives on the
/// loop: call it there only.
class Client {
public:
    /// `loop`, `clock` must outlive the client.
    Client(boost::asio::io_context& loop, base::Clock& clock, ClientOptions options);
    /// With another way to make connections than the real network.
    Client(
        boost::asio::io_context& loop,
        base::Clock& clock,
        ClientOptions options,
        std::unique_ptr<Connector> connector
    );
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    /// close() must have completed.
    ~Client();

    /// Always gives an Exchange, never throws: errors are values in it. Cancelling the awaiting coroutine
    /// ends the exchange with Errc::cancelled. `request` and what it views must outlive the operation.
    [[nodiscard]] boost::asio::awaitable<Exchange> send(const Request& request);

    /// Closes the idle connections of `route`, and those in use when their exchange ends. For a route that
    /// is given up: what it was configured with may no longer hold.
    void forget(const Route& route);

    /// How many idle connections are kept from now on; see ClientOptions.
    void keep_idle(std::size_t most, std::size_t most_per_origin);

    /// Ends every exchange with Errc::cancelled and closes idle connections.
    [[nodiscard]] boost::asio::awaitable<void> close();

    struct Counters {
        std::size_t connections_opened = 0;
        std::size_t tls_handshakes = 0;
        std::size_t reused = 0;
        std::size_t idle = 0;  ///< now
    };
    [[nodiscard]] Counters counters() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::http
