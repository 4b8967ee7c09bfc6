#pragma once

#include "pollhook/config/config.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace pollhook::cli {

/// What to do so that this user may write to `directory`: `the user pollhook must be able to write DIR: …`.
std::string how_to_let_in(const std::filesystem::path& directory);

/// What this user could not write to if it ran a daemon with this configuration, with what to do about it:
/// the state directory, the directories of file sinks and of unix sockets. Only looks; empty when all is
/// well. It may be another user that runs the daemon.
std::vector<std::string> inaccessible(const config::Config& config);

}  // namespace pollhook::cli
