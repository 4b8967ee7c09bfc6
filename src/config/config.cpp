#include "pollhook/config/config.hpp"

#include "names.hpp"

#include <fmt/format.h>

namespace pollhook::config {

std::string ListenAddress::text() const
{
    if (is_unix())
        return "unix:" + path.string();
    return fmt::format(fmt::runtime(address.is_v6() ? "[{}]:{}" : "{}:{}"), address.to_string(), port);
}

std::string_view to_string(base::LogLevel level) noexcept
{
    return name_of(level);
}

std::string_view to_string(base::LogFormat format) noexcept
{
    return name_of(format);
}

std::string_view to_string(Synchronous synchronous) noexcept
{
    return name_of(synchronous);
}

std::string_view to_string(ProviderType type) noexcept
{
    return name_of(type);
}

std::string_view to_string(Auth auth) noexcept
{
    return name_of(auth);
}

std::string_view to_string(Format format) noexcept
{
    return name_of(format);
}

std::string_view to_string(Order order) noexcept
{
    return name_of(order);
}

std::string_view to_string(SinkType type) noexcept
{
    return name_of(type);
}

std::string_view to_string(AuthMethod method) noexcept
{
    return name_of(method);
}

std::string_view to_string(TlsVersion version) noexcept
{
    return name_of(version);
}

}  // namespace pollhook::config
