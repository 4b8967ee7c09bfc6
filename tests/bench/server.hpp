// An HTTP/1.1 server that costs next to nothing, for what stands at the daemon's other end in benchmarks: one
// thread, epoll, keep-alive, plain or TLS. It trusts its peers, which are ours.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// Of CLOCK_MONOTONIC.
std::int64_t now_ns();

/// The number that a text begins with; 0 when it begins with none.
std::size_t number(std::string_view text);

/// A header's value in a request's head; empty when it is not there. `name` is in lower case.
std::string_view header(std::string_view head, std::string_view name);

/// A whole answer of 200.
std::string ok(std::string_view type, std::string_view body);

struct Connection {
    int fd = -1;
    SSL* tls = nullptr;
    bool shaken = false;      ///< the TLS handshake is done
    std::uint32_t local = 0;  ///< the address it came to, in the host's order of bytes
    std::string in;
    std::string out;  ///< what the socket did not take yet
    std::int64_t first_byte = 0;
};

struct Request {
    std::string_view head;  ///< with the last line's end
    std::string_view body;
    std::string_view whole;
};

class Server {
public:
    /// Listens at every address, so that each 127.0.0.x is an origin of its own. 0: a free port. Without a
    /// certificate it speaks plain text.
    explicit Server(std::uint16_t port, const std::string& certificate = {}, const std::string& key = {});
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    virtual ~Server() = default;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::uint64_t handshakes() const noexcept { return handshakes_; }
    [[noreturn]] void run();

protected:
    virtual void take(const std::shared_ptr<Connection>& connection, const Request& request) = 0;

    void send(Connection& connection, std::string_view text);
    /// Delays must be the same for all of them.
    void send_at(std::int64_t due, const std::shared_ptr<Connection>& connection, std::string_view text);
    void forget_handshakes() noexcept { handshakes_ = 0; }

private:
    struct Delayed {
        std::int64_t due;
        std::weak_ptr<Connection> connection;
        std::string text;
    };

    void watch(int fd, int operation, std::uint32_t events) const;
    [[nodiscard]] int patience() const;
    void accept_all();
    void close(Connection& connection);
    ssize_t receive(Connection& connection, char* into, std::size_t size);
    void serve(int fd, std::uint32_t events);
    void read_from(const std::shared_ptr<Connection>& connection);
    void take_requests(const std::shared_ptr<Connection>& connection);
    void write_rest(Connection& connection);
    void send_delayed();

    int epoll_;
    int listener_;
    std::uint16_t port_ = 0;
    SSL_CTX* context_ = nullptr;
    std::map<int, std::shared_ptr<Connection>> connections_;
    std::deque<Delayed> delayed_;
    std::uint64_t handshakes_ = 0;
};

}  // namespace bench
