#include "own_command.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace pollhook::cli {
namespace {

namespace fs = std::filesystem;

fs::path first_on(std::string_view search_path, const fs::path& name)
{
    while (!search_path.empty()) {
        const std::size_t end = std::min(search_path.find(':'), search_path.size());
        const fs::path candidate = fs::path(search_path.substr(0, end)) / name;
        std::error_code ignored;
        if (fs::is_regular_file(candidate, ignored))
            return candidate;
        search_path.remove_prefix(std::min(end + 1, search_path.size()));
    }
    return {};
}

}  // namespace

std::string command_for(const fs::path& program, const fs::path& folder, std::string_view search_path)
{
    const fs::path found = first_on(search_path, program.filename());
    std::error_code ignored;
    if (!found.empty() && fs::equivalent(found, program, ignored))
        return program.filename().string();
    const fs::path nearer = program.lexically_relative(folder);
    const bool is_below = !nearer.empty() && *nearer.begin() != "..";
    if (!is_below)
        return program.string();
    return nearer.has_parent_path() ? nearer.string() : "./" + nearer.string();
}

std::string own_command()
{
    std::error_code failed;
    const fs::path program = fs::read_symlink("/proc/self/exe", failed);
    const fs::path folder = failed ? fs::path() : fs::current_path(failed);
    if (failed)
        return "pollhook";
    const char* search_path = std::getenv("PATH");
    return command_for(program, folder, search_path == nullptr ? "" : search_path);
}

}  // namespace pollhook::cli
