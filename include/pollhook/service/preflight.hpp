#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/config/load.hpp"

#include <vector>

namespace pollhook::service {

/// What would keep a daemon with this configuration from starting although every value is well-formed: URLs
/// and secrets that cannot be used, TLS files that are missing or broken, names that the store needs for
/// itself. For config::load(). Opens no connection and writes nothing; blocks on the file system. Any thread.
std::vector<config::Finding> preflight(const config::Config& config);

}  // namespace pollhook::service
