#pragma once

#include "pollhook/config/load.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::config {

/// An environment that holds these variables and HOME.
inline Environment environment_of(std::map<std::string, std::string> variables = {})
{
    variables.emplace("HOME", "/home/someone");
    return [variables](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

/// The texts of everything that is wrong with `text`, as file `t`.
inline std::vector<std::string> problems(
    std::string_view text, const Environment& environment = environment_of()
)
{
    std::vector<std::string> out;
    const Loaded loaded = load_from_text(text, "t", environment);
    if (loaded.has_error())
        for (const Diagnostic& diagnostic : loaded.error().all)
            out.push_back(diagnostic.text());
    return out;
}

/// The configuration, which must be good.
inline Config good(std::string_view text, const Environment& environment = environment_of())
{
    Loaded loaded = load_from_text(text, "t", environment);
    if (loaded.has_error()) {
        ADD_FAILURE() << loaded.error().text();
        return {};
    }
    return std::move(loaded.value());
}

/// A directory that lives as long as the test.
class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "config-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    std::filesystem::path write(const std::string& name, std::string_view content) const
    {
        const std::filesystem::path file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

private:
    std::filesystem::path path_;
};

}  // namespace pollhook::config
