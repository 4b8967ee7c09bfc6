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
#include <string>
#include <string_view>

namespace pollhook::http {

class Connector;

/// How long each step of one exchange may take. `total` covers all of them.
struct Deadlines {
    base::Duration connect = std::chrono::seconds(5);  ///< look-up, TCP and TLS together
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
    /// whole). False: the body is cut there and the status counts (a receiver's answer; reliability.md
    /// section 4).
    bool whole_body = false;
    /// The rules for the address that is connected to; null means any address (a configured relay or sink).
    const AddressGuard* guard = nullptr;
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
    std::string body;          ///< at most response_limit bytes
    bool body_cut = false;     ///< the body was longer, or ended early after a complete head
};

/// One exchange's outcome with what an attempt record wants to know.
struct Exchange {
    base::Result<Response> response = make_error_code(Errc::cancelled);
    std::string detail;   ///< for people: what exactly went wrong, such as OpenSSL's reason; printable
    std::string peer;     ///< `203.0.113.7:443`, empty when nothing was connected
    bool reused = false;  ///< the connection had served an earlier exchange
    Timing timing;
};

struct ClientOptions {
    std::size_t max_idle_per_origin = 16;
    std::size_t max_idle = 512;
    base::Duration idle_timeout = std::chrono::seconds(55);
    std::string ca_file;  ///< PEM; empty: the system's store
};

/// An HTTP/1.1 client with a keep-alive pool by origin (and guard), its own look-up threads, full TLS
/// verification (SNI, host name by subjectAltName only, TLS 1.2 at least) and bounds on everything that a
/// peer can send.
///
/// Redirects are never followed, nothing is retried but one case: a reused connection that ends before the
/// first byte of an answer is replaced by a new one, once, within the same deadlines (RFC 9112, 9.3.1). Lives
/// on the loop: call it there only.
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
