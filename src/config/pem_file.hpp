#pragma once

#include "pollhook/config/config.hpp"

namespace pollhook::config {

/// The file as it is now. One that cannot be read has no digest: whoever uses it says why. Blocks.
PemFile inspect(std::filesystem::path path);

}  // namespace pollhook::config
