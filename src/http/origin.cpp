#include "pollhook/http/origin.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/http/error.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t max_url_length = 8 * 1024;
constexpr std::size_t max_name_length = 253;  // RFC 1035, 2.3.4, as text
constexpr std::size_t max_label_length = 63;

constexpr std::uint16_t default_port(Scheme scheme) noexcept
{
    return scheme == Scheme::https ? 443 : 80;
}

constexpr std::string_view scheme_text(Scheme scheme) noexcept
{
    return scheme == Scheme::https ? "https" : "http";
}

bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

bool is_name_character(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

bool is_label(std::string_view label) noexcept
{
    return !label.empty() && label.size() <= max_label_length && label.front() != '-' &&
           label.back() != '-' && std::ranges::all_of(label, is_name_character);
}

/// `2130706433`, `127.1` and `0x7f.1` are names to a URL parser but addresses to getaddrinfo: what the WHATWG
/// calls a host that ends in a number. None of them is a name that can exist.
bool ends_in_number(std::string_view last_label) noexcept
{
    return std::ranges::all_of(last_label, is_digit) || last_label.starts_with("0x");
}

/// `name` is in lower case.
bool is_host_name(std::string_view name) noexcept
{
    if (name.empty() || name.size() > max_name_length)
        return false;
    for (std::string_view rest = name;;) {
        const std::size_t dot = rest.find('.');
        const std::string_view label = rest.substr(0, dot);
        if (!is_label(label))
            return false;
        if (dot == std::string_view::npos)
            return !ends_in_number(label);
        rest.remove_prefix(dot + 1);
    }
}

/// What stands between `//` and the path.
struct Authority {
    std::string_view host;  ///< of an IPv6 address with its brackets
    std::string_view port;
};

/// Boost.URL 1.81 ends the host of `//203.0.113.7.sslip.io/` after the address that it begins with, and reads
/// `//host:-1/` as a host and a path: the URL would mean one thing to us and another to everybody else.
base::Result<Authority> split_authority(std::string_view text)
{
    if (text.find('@') != std::string_view::npos)
        return Errc::userinfo_in_url;
    std::size_t end = text.find(':');
    if (text.starts_with('[')) {
        const std::size_t bracket = text.find(']');
        if (bracket == std::string_view::npos)
            return Errc::bad_host;
        end = bracket + 1;
    }
    Authority authority;
    authority.host = text.substr(0, end);
    const std::string_view rest = text.substr(authority.host.size());
    if (rest.empty())
        return authority;
    if (rest.front() != ':')
        return Errc::bad_host;
    authority.port = rest.substr(1);
    return authority;
}

base::Result<std::string> read_host(std::string_view text)
{
    if (text.empty() || text.find('%') != std::string_view::npos)
        return Errc::bad_host;
    boost::system::error_code ec;
    if (text.front() == '[') {
        const auto address = asio::ip::make_address_v6(std::string(text.substr(1, text.size() - 2)), ec);
        if (ec)
            return Errc::bad_host;
        return address.to_string();
    }
    const auto address = asio::ip::make_address_v4(std::string(text), ec);
    if (!ec)
        return address.to_string();
    // The root's dot makes no other host, but certificates are never issued with it.
    if (text.ends_with('.'))
        text.remove_suffix(1);
    std::string name = base::to_lower(text);
    if (!is_host_name(name))
        return Errc::bad_host;
    return name;
}

base::Result<std::uint16_t> read_port(std::string_view text, Scheme scheme)
{
    if (text.empty())
        return default_port(scheme);
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc() || last != end || port == 0)
        return Errc::bad_port;
    return port;
}

/// Looks for the scheme before the grammar is applied, so that `ftp://…` and `example.com/x` get the more
/// useful error.
base::Result<Scheme> read_scheme(std::string_view text)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return Errc::malformed_url;
    const std::string_view scheme = text.substr(0, colon);
    if (base::equals_ignoring_case(scheme, "https"))
        return Scheme::https;
    if (base::equals_ignoring_case(scheme, "http"))
        return Scheme::http;
    return Errc::unsupported_scheme;
}

/// Path and query of `text`, which is what follows the authority.
base::Result<std::string> read_target(std::string_view text)
{
    std::string stand_in = "http://host";
    stand_in += text;
    const auto parsed = boost::urls::parse_uri(stand_in);
    if (!parsed)
        return Errc::malformed_url;
    const boost::core::string_view path_and_query = parsed->encoded_target();
    std::string target(path_and_query.starts_with('/') ? "" : "/");
    target.append(path_and_query.data(), path_and_query.size());
    return target;
}

bool is_visible_ascii(char c) noexcept
{
    return c > 0x20 && c < 0x7f;
}

}  // namespace

std::string Origin::host_field() const
{
    const bool bracketed = host.find(':') != std::string::npos;
    std::string field;
    field.reserve(host.size() + 8);
    if (bracketed)
        field += '[';
    field += host;
    if (bracketed)
        field += ']';
    if (port != default_port(scheme)) {
        field += ':';
        field += std::to_string(port);
    }
    return field;
}

std::string Origin::text() const
{
    std::string text(scheme_text(scheme));
    text += "://";
    text += host_field();
    return text;
}

std::string Url::without_query() const
{
    return origin.text() + target.substr(0, target.find('?'));
}

base::Result<Url> parse_url(std::string_view text)
{
    if (text.empty() || text.size() > max_url_length || !std::ranges::all_of(text, is_visible_ascii))
        return Errc::malformed_url;
    const base::Result<Scheme> scheme = read_scheme(text);
    if (!scheme)
        return scheme.error();
    text.remove_prefix(text.find(':') + 1);
    if (!text.starts_with("//"))
        return Errc::malformed_url;
    text.remove_prefix(2);
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    const base::Result<Authority> authority = split_authority(text.substr(0, end));
    if (!authority)
        return authority.error();
    base::Result<std::string> host = read_host(authority->host);
    if (!host)
        return host.error();
    const base::Result<std::uint16_t> port = read_port(authority->port, *scheme);
    if (!port)
        return port.error();
    base::Result<std::string> target = read_target(text.substr(end));
    if (!target)
        return target.error();

    Url url;
    url.origin.scheme = *scheme;
    url.origin.host = std::move(*host);
    url.origin.port = *port;
    url.target = std::move(*target);
    return url;
}

}  // namespace pollhook::http
