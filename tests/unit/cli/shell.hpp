#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace pollhook::test {

/// What a program said, on both of its streams, and how it ended.
struct Said {
    std::string text;
    int exit_code = -1;
};

inline Said run_in_shell(const std::string& line)
{
    std::FILE* const pipe = ::popen((line + " 2>&1").c_str(), "re");
    if (pipe == nullptr)
        throw std::runtime_error("popen");
    Said said;
    std::array<char, 4096> some{};
    for (std::size_t n = 0; (n = std::fread(some.data(), 1, some.size(), pipe)) > 0;)
        said.text.append(some.data(), n);
    said.exit_code = WEXITSTATUS(::pclose(pipe));
    return said;
}

/// A file that lives as long as the test.
class ScriptFile {
public:
    explicit ScriptFile(const std::string& text, const std::string& suffix = "sh")
        : path_(
              std::filesystem::temp_directory_path() /
              ("pollhook-script-" + std::to_string(::getpid()) + "." + suffix)
          )
    {
        std::ofstream(path_) << text;
    }
    ScriptFile(const ScriptFile&) = delete;
    ScriptFile& operator=(const ScriptFile&) = delete;
    ~ScriptFile() { std::filesystem::remove(path_); }

    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

}  // namespace pollhook::test
