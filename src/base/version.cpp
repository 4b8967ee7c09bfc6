#include "pollhook/base/version.hpp"

namespace pollhook::base {

std::string_view version() noexcept
{
    return POLLHOOK_VERSION;
}

std::string_view user_agent() noexcept
{
    return "pollhook/" POLLHOOK_VERSION;
}

}  // namespace pollhook::base
