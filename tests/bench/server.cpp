#include "server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace bench {

std::int64_t now_ns()
{
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

std::size_t number(std::string_view text)
{
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

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

std::string ok(std::string_view type, std::string_view body)
{
    std::string answer("HTTP/1.1 200 OK\r\nContent-Type: ");
    answer.append(type).append("\r\nContent-Length: ").append(std::to_string(body.size()));
    return answer.append("\r\n\r\n").append(body);
}

Server::Server(std::uint16_t port, const std::string& certificate, const std::string& key)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
{
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 1024) != 0)
        throw std::runtime_error("cannot listen");
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
    if (certificate.empty())
        return;
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1)
        throw std::runtime_error("cannot read the certificate or its key");
}

void Server::run()
{
    std::array<epoll_event, 256> events{};
    for (;;) {
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience());
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events.at(static_cast<std::size_t>(i));
            if (event.data.fd == listener_)
                accept_all();
            else
                serve(event.data.fd, event.events);
        }
        send_delayed();
    }
}

void Server::watch(int fd, int operation, std::uint32_t events) const
{
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, operation, fd, &event);
}

int Server::patience() const
{
    if (delayed_.empty())
        return -1;
    const std::int64_t left = (delayed_.front().due - now_ns() + 999'999) / 1'000'000;
    return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void Server::accept_all()
{
    for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const auto connection = std::make_shared<Connection>();
        connection->fd = fd;
        sockaddr_in local{};
        socklen_t size = sizeof local;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
        connection->local = ntohl(local.sin_addr.s_addr);
        if (context_ != nullptr) {
            connection->tls = SSL_new(context_);
            SSL_set_fd(connection->tls, fd);
            SSL_set_accept_state(connection->tls);
        }
        connections_[fd] = connection;
        watch(fd, EPOLL_CTL_ADD, EPOLLIN);
    }
}

void Server::close(Connection& connection)
{
    const int fd = connection.fd;
    if (connection.tls != nullptr)
        SSL_free(connection.tls);
    ::close(fd);
    connections_.erase(fd);
}

/// What came; 0 when there is nothing now, negative at the end.
ssize_t Server::receive(Connection& connection, char* into, std::size_t size)
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

void Server::serve(int fd, std::uint32_t events)
{
    const auto found = connections_.find(fd);
    if (found == connections_.end())
        return;
    const std::shared_ptr<Connection> connection = found->second;
    if ((events & EPOLLOUT) != 0)
        write_rest(*connection);
    read_from(connection);
}

void Server::read_from(const std::shared_ptr<Connection>& connection)
{
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

void Server::take_requests(const std::shared_ptr<Connection>& connection)
{
    std::string& in = connection->in;
    for (;;) {
        const std::size_t end = in.find("\r\n\r\n");
        if (end == std::string::npos)
            return;
        const std::string_view whole(in);
        const std::string_view head = whole.substr(0, end + 2);
        const std::size_t size = end + 4 + number(header(head, "content-length"));
        if (in.size() < size)
            return;
        take(connection, {head, whole.substr(end + 4, size - end - 4), whole.substr(0, size)});
        in.erase(0, size);
    }
}

void Server::send(Connection& connection, std::string_view text)
{
    if (!connection.out.empty()) {
        connection.out.append(text);
        return;
    }
    const ssize_t sent = connection.tls != nullptr
                             ? SSL_write(connection.tls, text.data(), static_cast<int>(text.size()))
                             : ::send(connection.fd, text.data(), text.size(), MSG_NOSIGNAL);
    const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (taken == text.size())
        return;
    connection.out.assign(text.substr(taken));  // of a connection that ended reading tells
    watch(connection.fd, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

void Server::write_rest(Connection& connection)
{
    const std::string rest = std::exchange(connection.out, {});
    watch(connection.fd, EPOLL_CTL_MOD, EPOLLIN);
    send(connection, rest);
}

void Server::send_at(std::int64_t due, const std::shared_ptr<Connection>& connection, std::string_view text)
{
    delayed_.push_back({due, connection, std::string(text)});
}

void Server::send_delayed()
{
    while (!delayed_.empty() && delayed_.front().due <= now_ns()) {
        if (const auto connection = delayed_.front().connection.lock())
            send(*connection, delayed_.front().text);
        delayed_.pop_front();
    }
}

}  // namespace bench
