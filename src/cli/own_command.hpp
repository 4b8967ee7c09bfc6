#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pollhook::cli {

/// What to type to run `program` from `folder`: its bare name when the first one on `search_path` (as PATH)
/// is this very file, else its path, from `folder` where it lies below. All paths are absolute.
std::string command_for(
    const std::filesystem::path& program, const std::filesystem::path& folder, std::string_view search_path
);

/// The same for this process; `pollhook` when nothing is known about it.
std::string own_command();

}  // namespace pollhook::cli
