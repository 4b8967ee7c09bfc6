#pragma once

#include "command_line.hpp"
#include "pollhook/config/environment.hpp"

#include <stdexcept>

namespace pollhook::cli {

/// Why a client command does not know where the daemon is; what() is for the user.
class ConfigurationError final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Finds the daemon's address and token: the command line, else the environment (POLLHOOK_ADMIN,
/// POLLHOOK_ADMIN_TOKEN), else the configuration. A default configuration that is not there or that this user
/// may not read means 127.0.0.1:8780.
///
/// The configuration's token goes to this machine and to the configuration's own address only. Throws
/// ConfigurationError.
ClientOptions resolve(const ClientFlags& flags, const config::Environment& environment);

}  // namespace pollhook::cli
