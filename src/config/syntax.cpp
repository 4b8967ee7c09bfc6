#include "syntax.hpp"

#include "pollhook/base/text.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace pollhook::config {
namespace {

namespace ip = boost::asio::ip;

constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

constexpr bool is_lower(char c) noexcept
{
    return c >= 'a' && c <= 'z';
}

constexpr bool is_alphanumeric(char c) noexcept
{
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

constexpr bool is_control(char c) noexcept
{
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept
{
    std::uint16_t port = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (ec != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return port;
}

/// `host`, `host:80`, `[::1]`, `[::1]:80`; `port` stays empty where there is no colon.
struct Authority {
    std::string_view host;
    bool is_bracketed = false;
    std::optional<std::string_view> port;
};

std::optional<Authority> split_authority(std::string_view text)
{
    Authority out;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos)
            return std::nullopt;
        out.host = text.substr(1, end - 1);
        out.is_bracketed = true;
        rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':')
            return std::nullopt;
    } else {
        const auto colon = text.find(':');
        out.host = text.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
    }
    if (!rest.empty())
        out.port = rest.substr(1);
    return out;
}

bool is_host_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 253 && is_alphanumeric(text.front()) &&
           std::ranges::all_of(text, [](char c) {
               return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
           });
}

bool is_address_v6(std::string_view text)
{
    boost::system::error_code error;
    ip::make_address_v6(text, error);
    return !error && text.find('%') == std::string_view::npos;
}

std::optional<std::string> authority_problem(std::string_view text)
{
    if (text.find('@') != std::string_view::npos)
        return "must not contain a user name or password";
    const auto authority = split_authority(text);
    const bool good = authority && (authority->is_bracketed ? is_address_v6(authority->host)
                                                            : is_host_name(authority->host));
    if (!good)
        return "must have a host, such as https://hooks.example.com/path";
    if (authority->port && parse_port(*authority->port).value_or(0) == 0)
        return "must have a port from 1 to 65535";
    return std::nullopt;
}

}  // namespace

bool is_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 64 && (is_digit(text.front()) || is_lower(text.front())) &&
           std::ranges::all_of(text, [](char c) {
               return is_digit(c) || is_lower(c) || c == '.' || c == '_' || c == '-';
           });
}

bool is_header_name(std::string_view text) noexcept
{
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [&](char c) {
        return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    });
}

bool is_reserved_header(std::string_view name)
{
    constexpr std::array<std::string_view, 19> names{
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "range",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "user-agent"
    };
    constexpr std::array<std::string_view, 4> prefixes{"webhook-", "pollhook-", "ce-", "proxy-"};
    const std::string lower = base::to_lower(name);
    return std::ranges::find(names, lower) != names.end() ||
           std::ranges::any_of(prefixes, [&](std::string_view prefix) { return lower.starts_with(prefix); });
}

bool is_header_value(std::string_view text) noexcept
{
    return text.size() <= 8192 &&
           std::ranges::none_of(text, [](char c) { return is_control(c) && c != '\t'; });
}

bool is_signing_secret(std::string_view text) noexcept
{
    constexpr std::string_view prefix = "whsec_";
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    const std::string_view digits = text.substr(0, text.size() - padding);
    const bool only_digits =
        std::ranges::all_of(digits, [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; });
    if (text.size() % 4 != 0 || !only_digits)
        return false;
    const std::size_t bytes = text.size() / 4 * 3 - padding;
    return bytes >= 24 && bytes <= 64;
}

bool is_word(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 64 &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_host(std::string_view text)
{
    return is_host_name(text) || is_address_v6(text);
}

std::optional<std::string> url_problem(std::string_view text)
{
    const std::string scheme = base::to_lower(text.substr(0, text.find("://")));
    if (text.find("://") == std::string_view::npos || (scheme != "http" && scheme != "https"))
        return "must start with https:// or http://";
    if (text.size() > 8192)
        return "must not be longer than 8 KiB";
    const auto is_visible_ascii = [](char c) { return c > ' ' && c < '\x7f'; };
    if (!std::ranges::all_of(text, is_visible_ascii))
        return "must not contain spaces, control characters or letters outside ASCII";
    if (text.find('#') != std::string_view::npos)
        return "must not have a fragment (#)";
    const std::string_view rest = text.substr(scheme.size() + 3);
    return authority_problem(rest.substr(0, rest.find_first_of("/?")));
}

std::optional<std::string> proxy_problem(std::string_view url)
{
    constexpr std::string_view scheme = "http://";
    if (base::to_lower(url.substr(0, scheme.size())) != scheme)
        return "must start with http://: what goes through a proxy is encrypted from end to end, if at all";
    std::string_view authority = url.substr(scheme.size());
    if (authority.ends_with('/'))
        authority.remove_suffix(1);
    if (authority.find_first_of("/?") != std::string_view::npos)
        return "must end with the port, such as http://proxy.example.com:3128";
    return std::nullopt;
}

std::optional<std::string> network_problem(std::string_view text)
{
    const auto slash = text.find('/');
    boost::system::error_code error;
    const ip::address address = ip::make_address(text.substr(0, slash), error);
    if (error || text.find('%') != std::string_view::npos)
        return "must be a network such as \"10.1.0.0/16\" or \"fd00::/8\"";
    if (slash == std::string_view::npos)
        return std::nullopt;
    const unsigned bits = address.is_v4() ? 32 : 128;
    const auto length = parse_port(text.substr(slash + 1));
    if (!length || *length > bits)
        return fmt::format("must have a prefix length from 0 to {}", bits);
    const std::string canonical = address.is_v4()
                                      ? ip::network_v4(address.to_v4(), *length).canonical().to_string()
                                      : ip::network_v6(address.to_v6(), *length).canonical().to_string();
    if (canonical != fmt::format("{}/{}", address.to_string(), *length))
        return fmt::format("must end with its prefix: \"{}\"", canonical);
    return std::nullopt;
}

std::optional<ListenAddress> parse_listen_address(std::string_view text)
{
    constexpr std::string_view unix_prefix = "unix:";
    if (text.starts_with(unix_prefix)) {
        // sockaddr_un holds 107 bytes and a terminator (unix(7)).
        const std::filesystem::path path(text.substr(unix_prefix.size()));
        const bool good = path.is_absolute() && path.has_filename() && path.native().size() <= 107 &&
                          std::ranges::none_of(path.native(), is_control);
        return good ? std::optional(ListenAddress{.address = {}, .port = 0, .path = path}) : std::nullopt;
    }
    const auto authority = split_authority(text);
    if (!authority || !authority->port)
        return std::nullopt;
    const auto port = parse_port(*authority->port);
    const std::string_view host = authority->host == "localhost" ? "127.0.0.1" : authority->host;
    boost::system::error_code error;
    const ip::address address = ip::make_address(host, error);
    if (!port || error || address.is_v6() != authority->is_bracketed)
        return std::nullopt;
    return ListenAddress{.address = address, .port = *port, .path = {}};
}

}  // namespace pollhook::config
