#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace pollhook::test {

/// Gives this process, and those it starts, mounts of their own, which end with it. Needs no privilege where
/// user namespaces are allowed. Empty when it worked, else why not, for GTEST_SKIP. Call it before there are
/// threads.
std::string own_mounts();

/// Each throws std::system_error.
void mount_memory(const std::filesystem::path& directory, std::size_t bytes);
/// What is at `path`, a file or a directory, can no longer be written there.
void make_read_only(const std::filesystem::path& path);
/// `source` is seen at `path`.
void mount_over(const std::filesystem::path& source, const std::filesystem::path& path);
void unmount(const std::filesystem::path& path);

}  // namespace pollhook::test
