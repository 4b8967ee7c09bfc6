#include "pollhook/service/activation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace pollhook::service {
namespace {

constexpr int first_descriptor = 3;
/// More than anybody has a use for.
constexpr int most_descriptors = 64;

std::string_view variable(const char* name)
{
    const char* text = std::getenv(name);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

std::optional<int> number_of(std::string_view digits)
{
    int value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (ec != std::errc() || end != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

std::vector<PassedSocket> passed_sockets()
{
    std::vector<PassedSocket> sockets;
    if (number_of(variable("LISTEN_PID")) != ::getpid())
        return sockets;
    std::string_view names = variable("LISTEN_FDNAMES");
    const int count = std::min(number_of(variable("LISTEN_FDS")).value_or(0), most_descriptors);
    for (int i = 0; i < count; ++i) {
        PassedSocket& socket = sockets.emplace_back();
        socket.descriptor = first_descriptor + i;
        ::fcntl(socket.descriptor, F_SETFD, FD_CLOEXEC);
        const auto colon = names.find(':');
        socket.name = names.substr(0, colon);
        names.remove_prefix(colon == std::string_view::npos ? names.size() : colon + 1);
    }
    return sockets;
}

}  // namespace

std::vector<PassedSocket> take_passed_sockets()
{
    std::vector<PassedSocket> sockets = passed_sockets();
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name);
    return sockets;
}

}  // namespace pollhook::service
