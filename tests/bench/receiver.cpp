// A receiver that costs next to nothing, for benchmarks: one thread, epoll, HTTP/1.1 with keep-alive, plain
// or TLS. It answers every POST with 200 and counts. What it is asked by GET does not count:
//   GET /stats   {"requests", "connections", "handshakes", "firstNs", "lastNs"}; times of CLOCK_MONOTONIC
//   GET /reset   zero again
// A request that came to 127.0.1.1 is never answered: one address of many that hangs.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view usage =
    "usage: bench_receiver [--port N] [--tls CERT KEY] [--delay MS] [--stamps FILE] [--capture FILE]\n"
    "  --stamps   appends \"NS TASK SEQUENCE\" for each POST: when its first byte was read\n"
    "  --capture  writes the first POST to FILE, byte for byte\n";

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

struct Options {
    std::uint16_t port = 0;
    std::string certificate, key, stamps, capture;
    std::chrono::milliseconds delay{0};
};

std::int64_t now_ns()
{
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// A header's value in a request's head; empty when it is not there. `name` is in lower case.
std::string_view header(std::string_view head, std::string_view name)
{
    const auto same = [](char given, char wanted) {
        return std::tolower(static_cast<unsigned char>(given)) == wanted;
    };
    std::size_t at = 0;
    while ((at = head.find("\r\n", at)) != std::string_view::npos) {
        at += 2;
        const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            std::equal(name.begin(), name.end(), line.begin(), [&](char a, char b) { return same(b, a); })) {
            std::string_view value = line.substr(name.size() + 1);
            while (!value.empty() && value.front() == ' ')
                value.remove_prefix(1);
            return value;
        }
    }
    return {};
}

std::size_t number(std::string_view text)
{
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

struct Connection {
    int fd = -1;
    SSL* tls = nullptr;
    bool shaken = false;   ///< the TLS handshake is done
    bool counted = false;  ///< it brought a POST
    bool hangs = false;
    bool waiting = false;  ///< its answer is delayed
    std::string in;
    std::int64_t first_byte = 0;
};

class Receiver {
public:
    explicit Receiver(const Options& options)
        : options_(options),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
    {
        const int on = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(options.port);
        address.sin_addr.s_addr = htonl(INADDR_ANY);  // every 127.0.0.x is an origin of its own
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 1024) != 0)
            throw std::runtime_error("cannot listen");
        ::getsockname(listener_, generic, &size);
        port_ = ntohs(address.sin_port);
        watch(listener_, EPOLL_CTL_ADD);
        if (!options.certificate.empty()) {
            context_ = SSL_CTX_new(TLS_server_method());
            if (SSL_CTX_use_certificate_chain_file(context_, options.certificate.c_str()) != 1 ||
                SSL_CTX_use_PrivateKey_file(context_, options.key.c_str(), SSL_FILETYPE_PEM) != 1)
                throw std::runtime_error("cannot read the certificate or its key");
        }
        if (!options.stamps.empty())
            stamps_ = std::fopen(options.stamps.c_str(), "we");
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    [[noreturn]] void run()
    {
        std::array<epoll_event, 256> events{};
        for (;;) {
            const int count =
                ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience());
            for (int i = 0; i < count; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener_)
                    accept_all();
                else
                    read_from(fd);
            }
            answer_delayed();
        }
    }

private:
    struct Delayed {
        std::int64_t due;
        std::weak_ptr<Connection> connection;
    };

    void watch(int fd, int operation) const
    {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(epoll_, operation, fd, &event);
    }

    [[nodiscard]] int patience() const
    {
        if (delayed_.empty())
            return -1;
        const std::int64_t left = (delayed_.front().due - now_ns() + 999'999) / 1'000'000;
        return static_cast<int>(std::max<std::int64_t>(left, 0));
    }

    void accept_all()
    {
        for (;;) {
            sockaddr_in peer{};
            socklen_t size = sizeof peer;
            const int fd =
                ::accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0)
                return;
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            const auto connection = std::make_shared<Connection>();
            connection->fd = fd;
            sockaddr_in local{};
            size = sizeof local;
            ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
            connection->hangs = local.sin_addr.s_addr == htonl(0x7f000101);
            if (context_ != nullptr) {
                connection->tls = SSL_new(context_);
                SSL_set_fd(connection->tls, fd);
                SSL_set_accept_state(connection->tls);
            }
            connections_[fd] = connection;
            watch(fd, EPOLL_CTL_ADD);
        }
    }

    void close(Connection& connection)
    {
        const int fd = connection.fd;
        if (connection.tls != nullptr)
            SSL_free(connection.tls);
        ::close(fd);
        connections_.erase(fd);
    }

    /// What came; 0 when there is nothing now, negative at the end.
    ssize_t receive(Connection& connection, char* into, std::size_t size)
    {
        if (connection.tls == nullptr) {
            const ssize_t got = ::read(connection.fd, into, size);
            if (got > 0)
                return got;
            return got < 0 && errno == EAGAIN ? 0 : -1;
        }
        ERR_clear_error();
        const int got = SSL_read(connection.tls, into, static_cast<int>(size));
        if (!connection.shaken && SSL_is_init_finished(connection.tls) != 0) {
            connection.shaken = true;
            ++handshakes_;
        }
        if (got > 0)
            return got;
        return SSL_get_error(connection.tls, got) == SSL_ERROR_WANT_READ ? 0 : -1;
    }

    void send(Connection& connection, std::string_view text)
    {
        // Small answers to a peer that waits for them: the socket's buffer always has room.
        if (connection.tls != nullptr)
            SSL_write(connection.tls, text.data(), static_cast<int>(text.size()));
        else if (::send(connection.fd, text.data(), text.size(), MSG_NOSIGNAL) < 0)
            return;
    }

    void read_from(int fd)
    {
        const auto found = connections_.find(fd);
        if (found == connections_.end())
            return;
        const std::shared_ptr<Connection> connection = found->second;
        std::array<char, 16384> buffer;
        for (;;) {
            const ssize_t got = receive(*connection, buffer.data(), buffer.size());
            if (got < 0)
                return close(*connection);
            if (got == 0)
                return;
            if (connection->in.empty())
                connection->first_byte = now_ns();
            connection->in.append(buffer.data(), static_cast<std::size_t>(got));
            take_requests(connection);
            if (connection->tls == nullptr && static_cast<std::size_t>(got) < buffer.size())
                return;
        }
    }

    void take_requests(const std::shared_ptr<Connection>& connection)
    {
        std::string& in = connection->in;
        for (;;) {
            const std::size_t end = in.find("\r\n\r\n");
            if (end == std::string::npos)
                return;
            const std::string_view head(in.data(), end + 2);
            const std::size_t size = end + 4 + number(header(head, "content-length"));
            if (in.size() < size)
                return;
            if (head.starts_with("GET "))
                send(*connection, told(head));
            else
                take_post(connection, head, size);
            in.erase(0, size);
        }
    }

    void take_post(const std::shared_ptr<Connection>& connection, std::string_view head, std::size_t size)
    {
        if (!connection->counted) {
            connection->counted = true;
            ++connections_used_;
        }
        last_ = now_ns();
        if (requests_++ == 0) {
            first_ = last_;
            capture(std::string_view(connection->in).substr(0, size));
        }
        if (stamps_ != nullptr) {
            const std::string line = std::to_string(connection->first_byte) + ' ' +
                                     std::string(header(head, "pollhook-task")) + ' ' +
                                     std::string(header(head, "pollhook-sequence")) + '\n';
            std::fwrite(line.data(), 1, line.size(), stamps_);
            std::fflush(stamps_);
        }
        if (connection->hangs)
            return;
        if (options_.delay.count() == 0)
            send(*connection, answer);
        else
            delayed_.push_back({last_ + std::chrono::nanoseconds(options_.delay).count(), connection});
    }

    void answer_delayed()
    {
        while (!delayed_.empty() && delayed_.front().due <= now_ns()) {
            if (const auto connection = delayed_.front().connection.lock())
                send(*connection, answer);
            delayed_.pop_front();
        }
    }

    void capture(std::string_view request)
    {
        if (options_.capture.empty())
            return;
        std::FILE* file = std::fopen(options_.capture.c_str(), "we");
        if (file == nullptr)
            throw std::runtime_error("cannot write " + options_.capture);
        std::fwrite(request.data(), 1, request.size(), file);
        std::fclose(file);
    }

    std::string told(std::string_view head)
    {
        if (head.starts_with("GET /reset "))
            requests_ = connections_used_ = handshakes_ = 0;
        const std::string body = "{\"requests\":" + std::to_string(requests_) +
                                 ",\"connections\":" + std::to_string(connections_used_) +
                                 ",\"handshakes\":" + std::to_string(handshakes_) +
                                 ",\"firstNs\":" + std::to_string(first_) +
                                 ",\"lastNs\":" + std::to_string(last_) + "}\n";
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    Options options_;
    int epoll_;
    int listener_;
    std::uint16_t port_ = 0;
    SSL_CTX* context_ = nullptr;
    std::FILE* stamps_ = nullptr;
    std::map<int, std::shared_ptr<Connection>> connections_;
    std::deque<Delayed> delayed_;
    std::uint64_t requests_ = 0;
    std::uint64_t connections_used_ = 0;
    std::uint64_t handshakes_ = 0;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;
};

Options parse(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&]() -> std::string {
            if (++i >= argc)
                throw std::invalid_argument(std::string(usage));
            return argv[i];
        };
        if (word == "--port") {
            options.port = static_cast<std::uint16_t>(number(value()));
        } else if (word == "--tls") {
            options.certificate = value();
            options.key = value();
        } else if (word == "--delay") {
            options.delay = std::chrono::milliseconds(number(value()));
        } else if (word == "--stamps") {
            options.stamps = value();
        } else if (word == "--capture") {
            options.capture = value();
        } else {
            throw std::invalid_argument(std::string(usage));
        }
    }
    return options;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        std::signal(SIGPIPE, SIG_IGN);
        Receiver receiver(parse(argc, argv));
        std::printf("listening on port %u\n", receiver.port());
        std::fflush(stdout);
        receiver.run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_receiver: %s\n", failure.what());
        return 1;
    }
}
