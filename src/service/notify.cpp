#include "pollhook/service/notify.hpp"

#include "pollhook/base/file_descriptor.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace pollhook::service {
namespace {

std::optional<std::int64_t> number_of(const char* variable)
{
    const char* text = std::getenv(variable);
    if (text == nullptr)
        return std::nullopt;
    const std::string_view digits = text;
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (ec != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

}  // namespace

void notify(std::string_view state)
{
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof address.sun_path)
        return;
    const std::size_t length = std::strlen(path);
    std::memcpy(address.sun_path, path, length);
    // A leading @ stands for the abstract namespace.
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    const base::FileDescriptor descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!descriptor.is_open())
        return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    // sockaddr is how the socket API takes every kind of address.
    (void)::sendto(
        descriptor.get(),
        state.data(),
        state.size(),
        MSG_NOSIGNAL,
        reinterpret_cast<const sockaddr*>(&address),
        size
    );
}

void notify_reloading()
{
    timespec now{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &now);
    constexpr std::int64_t million = 1'000'000;
    const std::int64_t microseconds = now.tv_sec * million + now.tv_nsec / 1000;
    notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

std::optional<base::Duration> watchdog_interval()
{
    const auto microseconds = number_of("WATCHDOG_USEC");
    const auto process = number_of("WATCHDOG_PID");
    if (!microseconds || *microseconds <= 0 || (process && *process != ::getpid()))
        return std::nullopt;
    return std::chrono::duration_cast<base::Duration>(std::chrono::microseconds(*microseconds));
}

}  // namespace pollhook::service
