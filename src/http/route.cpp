#include "pollhook/http/route.hpp"

#include "pollhook/config/setting_error.hpp"
#include "pollhook/http/tls.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace pollhook::http {
namespace {

std::uint64_t next_route_identity() noexcept
{
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

bool is_control(char c) noexcept
{
    return (c >= '\0' && c < ' ') || c == '\x7f';
}

RouteOptions checked(RouteOptions options)
{
    if (options.proxy && options.proxy->scheme != Scheme::http)
        throw config::SettingError("proxy", "proxy: its URL must begin with http://");
    if (options.certificate_file.empty() && !options.key_file.empty())
        throw config::SettingError("key_file", "key_file: there is no certificate_file that it belongs to");
    if (std::ranges::any_of(options.proxy_authorization.reveal(), is_control))
        throw config::SettingError(
            "proxy", "proxy: its credentials hold a character that no header may hold"
        );
    return options;
}

}  // namespace

Route::Route(RouteOptions options)
    : options_(checked(std::move(options))),
      tls_(std::make_unique<TlsConnector>(options_)),
      identity_(next_route_identity())
{
}

Route::~Route() = default;

}  // namespace pollhook::http
