#pragma once

#include <filesystem>

namespace pollhook::cli {

/// A new directory that only this user may enter; it goes, with all that is in it, at the end of its scope.
class TemporaryDirectory {
public:
    /// Throws std::system_error.
    TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace pollhook::cli
