#pragma once

#include <functional>
#include <optional>
#include <string>

namespace pollhook::config {

/// Looks up one environment variable; empty when it is not set. Tests pass their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process. Only for a time when no other thread changes it.
Environment process_environment();

}  // namespace pollhook::config
