#pragma once

#include <filesystem>
#include <optional>

namespace pollhook::cli {

/// Where the configuration says that the database is. Throws ConfigurationError.
std::filesystem::path configured_database(const std::optional<std::filesystem::path>& config);

}  // namespace pollhook::cli
