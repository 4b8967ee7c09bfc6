#pragma once

#include <string>

namespace pollhook::store {

/// Kept with a delivery that `order = "latest"` ended.
inline const std::string superseded_reason = "superseded by a newer event";

}  // namespace pollhook::store
