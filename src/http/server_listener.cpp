#include "server_listener.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/errc.hpp>
#include <sys/stat.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace pollhook::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::string_view unix_prefix = "unix:";

[[noreturn]] void fail(const error_code& ec, std::string_view address, std::string_view why)
{
    throw std::system_error(ec, "cannot listen on " + std::string(address) + ": " + std::string(why));
}

void check(const error_code& ec, std::string_view address, std::string_view step)
{
    if (ec)
        fail(ec, address, step);
}

tcp::endpoint parse_tcp(std::string_view address)
{
    const auto invalid = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos)
        fail(invalid, address, "expected ADDRESS:PORT or unix:/PATH");
    std::string_view host = address.substr(0, colon);
    const std::string_view digits = address.substr(colon + 1);

    std::uint16_t port = 0;
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (bad != std::errc() || end != digits.data() + digits.size())
        fail(invalid, address, "the port must be 0 to 65535");

    if (host == "localhost")
        host = "127.0.0.1";
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    error_code ec;
    const asio::ip::address literal = asio::ip::make_address(std::string(host), ec);
    if (ec || literal.is_v6() != bracketed)
        fail(invalid, address, "expected an IP address, such as 127.0.0.1 or [::1]");
    return {literal, port};
}

/// Makes way for a new socket file where an old process left its own; nothing else is ever removed.
void remove_stale_socket(asio::io_context& loop, const std::filesystem::path& path, std::string_view address)
{
    std::error_code ec;
    if (!std::filesystem::is_socket(std::filesystem::symlink_status(path, ec)))
        return;
    stream_protocol::socket probe(loop);
    error_code refused;
    probe.connect(stream_protocol::endpoint(path.string()), refused);
    if (!refused)
        fail(asio::error::address_in_use, address, "another process answers there");
    if (refused == asio::error::connection_refused)
        std::filesystem::remove(path, ec);
}

/// The file mode must be right from the first moment on, so it cannot be set after the bind.
class UmaskGuard {
public:
    explicit UmaskGuard(mode_t mask) : previous_(::umask(mask)) {}
    UmaskGuard(const UmaskGuard&) = delete;
    UmaskGuard& operator=(const UmaskGuard&) = delete;
    ~UmaskGuard() { ::umask(previous_); }

private:
    mode_t previous_;
};

}  // namespace

ServerListener::ServerListener(asio::io_context& loop, base::Clock& clock, std::string_view address)
    : address_(address),
      acceptor_(loop),
      timer_(clock.make_timer())
{
    if (address.starts_with(unix_prefix))
        bind_unix();
    else
        bind_tcp();
    error_code ec;
    acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    check(ec, address_, "listen");
}

ServerListener::ServerListener(asio::io_context& loop, base::Clock& clock, int passed)
    : address_("the passed socket " + std::to_string(passed)),
      acceptor_(loop),
      timer_(clock.make_timer())
{
    const auto option = [passed](int name) {
        int value = 0;
        socklen_t size = sizeof value;
        return ::getsockopt(passed, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
    };
    const int family = option(SO_DOMAIN);
    const bool is_known = family == AF_INET || family == AF_INET6 || family == AF_UNIX;
    if (!is_known || option(SO_TYPE) != SOCK_STREAM || option(SO_ACCEPTCONN) != 1)
        fail(
            boost::system::errc::make_error_code(boost::system::errc::invalid_argument),
            address_,
            "it must be a stream socket that listens"
        );
    error_code ec;
    acceptor_.assign(asio::generic::stream_protocol(family, family == AF_UNIX ? 0 : IPPROTO_TCP), passed, ec);
    check(ec, address_, "take over");
    is_unix_ = family == AF_UNIX;
}

ServerListener::~ServerListener()
{
    close();
}

void ServerListener::bind_tcp()
{
    const tcp::endpoint endpoint = parse_tcp(address_);
    error_code ec;
    acceptor_.open(asio::generic::stream_protocol(endpoint.protocol()), ec);
    check(ec, address_, "open");
    acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    check(ec, address_, "SO_REUSEADDR");
    if (endpoint.address().is_v6()) {
        acceptor_.set_option(asio::ip::v6_only(true), ec);
        check(ec, address_, "IPV6_V6ONLY");
    }
    acceptor_.bind(endpoint, ec);
    check(ec, address_, "bind");
}

void ServerListener::bind_unix()
{
    const std::string path = address_.substr(unix_prefix.size());
    const auto invalid = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    if (path.empty() || path.front() != '/')
        fail(invalid, address_, "the path must be absolute");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        fail(invalid, address_, "the path is too long for a unix socket");

    auto& loop = static_cast<asio::io_context&>(acceptor_.get_executor().context());
    remove_stale_socket(loop, path, address_);
    error_code ec;
    acceptor_.open(asio::generic::stream_protocol(stream_protocol()), ec);
    check(ec, address_, "open");
    const UmaskGuard only_owner_and_group(0117);
    acceptor_.bind(stream_protocol::endpoint(path), ec);
    check(ec, address_, "bind");
    unix_path_ = path;
    is_unix_ = true;
}

std::optional<tcp::endpoint> ServerListener::tcp_endpoint() const
{
    if (is_unix_)
        return std::nullopt;
    error_code ec;
    const auto local = acceptor_.local_endpoint(ec);
    tcp::endpoint endpoint;
    if (ec || local.size() > endpoint.capacity())
        return std::nullopt;
    std::memcpy(endpoint.data(), local.data(), local.size());
    endpoint.resize(local.size());
    return endpoint;
}

void ServerListener::close()
{
    if (!acceptor_.is_open())
        return;
    error_code ignored;
    acceptor_.close(ignored);
    std::error_code also_ignored;
    if (!unix_path_.empty())
        std::filesystem::remove(unix_path_, also_ignored);
}

}  // namespace pollhook::http
