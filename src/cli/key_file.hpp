#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::cli {

/// The keys in `file`, one a line, or the one in the environment variable when there is no file. Null: no
/// variable. Secrets never come from the command line, which everybody on the machine can read.
///
/// Throws std::runtime_error when the file cannot be read or holds none; without a file there may be none.
std::vector<std::string> read_keys(const std::optional<std::filesystem::path>& file, const char* variable);

/// All of a file, or of standard input for `-`. Throws std::runtime_error when it cannot be read.
std::string read_whole(const std::filesystem::path& file);

}  // namespace pollhook::cli
