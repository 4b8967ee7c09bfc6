#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

namespace pollhook::config {

/// The bytes of a regular file, or a sentence without a subject that says why not: `does not exist`, `is a
/// directory`, `is larger than …`. Never blocks on a pipe or a device, since it opens none.
struct FileProblem {
    bool missing = false;
    std::string text = {};
};

/// The bytes of a regular file. Never waits for a pipe or a device, since it reads none.
boost::system::result<std::string, FileProblem> read_file(
    const std::filesystem::path& path, std::size_t limit_bytes
);

}  // namespace pollhook::config
