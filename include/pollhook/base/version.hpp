#pragma once

#include <string_view>

namespace pollhook::base {

/// The version of this build, such as `0.1.0`; set by CMake's project().
std::string_view version() noexcept;

/// What the daemon calls itself to relays and receivers: `pollhook/0.1.0`.
std::string_view user_agent() noexcept;

}  // namespace pollhook::base
