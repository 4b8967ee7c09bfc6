#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::http {

/// The body of a request that the application reads while it arrives (see ServerOptions::streams_body).
class RequestBody {
public:
    RequestBody() = default;
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;
    virtual ~RequestBody() = default;

    /// The next bytes, at most some 64 KiB; empty at the end. The client is read from only when it is asked
    /// for: whoever is slow here slows the client down. An error: the client left, was silent for
    /// ServerOptions::request_timeout, or sent what is not HTTP; only an answer can follow.
    [[nodiscard]] virtual boost::asio::awaitable<base::Result<std::string>> read() = 0;
};

/// The body of an answer that is made while it is sent.
class ResponseStream {
public:
    ResponseStream() = default;
    ResponseStream(const ResponseStream&) = delete;
    ResponseStream& operator=(const ResponseStream&) = delete;
    virtual ~ResponseStream() = default;

    /// Sends `bytes`; true once the system has taken them. False when there is no point in more: the client
    /// left or took nothing for ServerOptions::request_timeout, or the server stops.
    [[nodiscard]] virtual boost::asio::awaitable<bool> write(std::string bytes) = 0;
};

/// A request as a server sees it: bounded, checked, with the fields in their order.
struct ServerRequest {
    std::string method;  ///< as it came, but GET for HEAD: the server leaves the body out by itself
    std::string target;  ///< as it came; starts with `/`
    std::string path;    ///< percent-decoded, without query
    std::vector<std::pair<std::string, std::string>> query;   ///< decoded
    std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case
    std::string body;
    RequestBody* stream = nullptr;  ///< set when the body is still to come; `body` is empty then
    std::string peer;               ///< `127.0.0.1:51234` or `unix`

    /// The first field of that (lower-case) name, empty when there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const;
    [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// What a server may do to a connection on purpose; the simulator's faults are made of these.
enum class Disruption {
    none,
    reset,         ///< RST instead of an answer
    hang,          ///< read the request, never answer, until the peer gives up or the server stops
    close_midway,  ///< head and half of the body, then close
};

struct ServerResponse {
    int status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    /// Makes the body instead, for as long as it takes; what it awaits is cancelled when the client leaves or
    /// the server stops. An exception cuts the answer off.
    std::function<boost::asio::awaitable<void>(ResponseStream&)> stream = {};
    bool close = false;
    Disruption disruption = Disruption::none;
};

struct ServerOptions {
    std::vector<std::string>
        listen;  ///< `127.0.0.1:8780`, `[::1]:0`, `unix:/run/pollhook/admin.sock` (mode 0660)
    /// Descriptors of listening stream sockets that somebody else opened (systemd), beside `listen`. The
    /// server closes them; the file of a unix socket stays.
    std::vector<int> passed;
    std::size_t max_connections = 64;
    std::size_t head_limit = 8 * 1024;
    std::size_t body_limit = 8 * 1024 * 1024;
    /// Whether the application reads this request's body by itself, without a limit; asked with the head
    /// alone. Empty: never.
    std::function<bool(const ServerRequest&)> streams_body = {};
    /// From the first byte to the whole request (else 408), again for making the answer (else 503), and for
    /// sending it; for each piece of a body or an answer that is streamed.
    base::Duration request_timeout = std::chrono::seconds(30);
    base::Duration idle_timeout = std::chrono::seconds(60);
};

/// A small HTTP/1.1 server for the admin API, the simulator and the receiver.
///
/// Refuses what is too large with 413 or 431 and what is not HTTP with 400, before the handler sees it. When
/// descriptors run out it pauses instead of spinning. Lives on the loop.
class Server {
public:
    /// Answers one request. Exceptions are logged and become a 500 problem document. The request lives until
    /// it completes.
    using Respond = std::function<boost::asio::awaitable<ServerResponse>(const ServerRequest&)>;

    Server(boost::asio::io_context& loop, base::Clock& clock, ServerOptions options, Respond respond);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    /// Binds every address; an error names the one that failed in its message (thrown as std::system_error:
    /// this is start-up).
    void open();
    /// The addresses it really listens on (ports filled in), as TCP endpoints; unix sockets are not among
    /// them.
    [[nodiscard]] std::vector<boost::asio::ip::tcp::endpoint> endpoints() const;
    /// Serves until cancelled, or until stop().
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// No new connections and requests; what is being answered may finish within `grace`. Streamed answers
    /// end after what is being written.
    [[nodiscard]] boost::asio::awaitable<void> stop(base::Duration grace);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::http
