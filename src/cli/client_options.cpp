#include "client_options.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/http/origin.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

namespace pollhook::cli {
namespace {

std::string address_of(const config::ListenAddress& listen)
{
    if (listen.is_unix())
        return listen.text();
    if (listen.port == 0)
        throw ConfigurationError("the configured admin port is 0, so any; say which with --admin");
    config::ListenAddress reachable = listen;
    if (listen.address.is_unspecified() && listen.address.is_v4())
        reachable.address = boost::asio::ip::address_v4::loopback();
    else if (listen.address.is_unspecified())
        reachable.address = boost::asio::ip::address_v6::loopback();
    return "http://" + reachable.text();
}

bool is_this_machine(const std::string& address)
{
    if (address.starts_with("unix:"))
        return true;
    const auto url = http::parse_url(address);
    if (!url)
        return false;
    boost::system::error_code ec;
    const auto literal = boost::asio::ip::make_address(url->origin.host, ec);
    return url->origin.host == "localhost" || (!ec && literal.is_loopback());
}

/// `127.0.0.1:8780` is an address too.
std::string with_scheme(std::string address)
{
    if (!address.starts_with("unix:") && address.find("://") == std::string::npos)
        address.insert(0, "http://");
    return address;
}

std::string read_token(const std::filesystem::path& path)
{
    constexpr std::size_t limit = 64UL * 1024;
    std::ifstream in(path, std::ios::binary);
    std::string text(limit, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || in.gcount() == 0)
        throw ConfigurationError(fmt::format("cannot read a token from {}", base::printable(path.string())));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return std::string(base::trim(text));
}

/// The configuration as far as there is one for this user; `is_needed` when nothing else says where the
/// daemon is.
std::optional<config::Admin> configured(
    const ClientFlags& flags, const config::Environment& environment, bool is_needed
)
{
    const std::filesystem::path path = config::find(flags.config, environment);
    const bool is_named = flags.config || environment("POLLHOOK_CONFIG");
    if (!is_named && ::access(path.c_str(), R_OK) != 0)
        return std::nullopt;
    auto loaded = config::load(path, environment, config::MissingSecret::stays_empty);
    if (loaded)
        return std::move(loaded->admin);
    if (is_needed)
        throw ConfigurationError(
            "the configuration, which would say where the daemon is, is wrong (--admin says it too)\n" +
            loaded.error().text()
        );
    return std::nullopt;
}

}  // namespace

ClientOptions resolve(const ClientFlags& flags, const config::Environment& environment)
{
    ClientOptions options;
    options.output = flags.output;
    options.color = flags.color;
    std::string said = flags.admin.empty() ? environment("POLLHOOK_ADMIN").value_or("") : flags.admin;
    const auto admin = configured(flags, environment, said.empty());
    if (!said.empty()) {
        options.admin = with_scheme(std::move(said));
    } else if (admin) {
        if (admin->listen.empty())
            throw ConfigurationError("the configuration has no admin address: set admin.listen");
        options.admin = address_of(admin->listen.front());
    }

    const auto variable = environment("POLLHOOK_ADMIN_TOKEN");
    if (flags.token_file)
        options.token = read_token(*flags.token_file);
    else if (variable)
        options.token = *variable;
    else if (admin && (is_this_machine(options.admin) ||
                       (!admin->listen.empty() && options.admin == "http://" + admin->listen.front().text())))
        options.token = std::string(admin->token.reveal());
    return options;
}

}  // namespace pollhook::cli
