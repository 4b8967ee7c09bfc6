#include "directory_access.hpp"

#include "pollhook/base/text.hpp"
#include "user_name.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace pollhook::cli {
namespace {

std::string path_text(const std::filesystem::path& path)
{
    return base::printable(path.string(), 4096);
}

/// 0, or the errno of what is in the way.
int access_error(const std::filesystem::path& directory)
{
    return ::access(directory.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

/// The directory itself, or the one in which it would be made.
std::filesystem::path nearest_existing(std::filesystem::path directory)
{
    std::error_code ignored;
    while (!std::filesystem::exists(directory, ignored) && directory.has_relative_path())
        directory = directory.parent_path();
    return directory;
}

}  // namespace

std::string how_to_let_in(const std::filesystem::path& directory)
{
    const std::string user = user_name(::geteuid());
    return fmt::format(
        "the user {} must be able to write {}: sudo install -d -m 0700 -o {} {}",
        user,
        path_text(directory),
        user,
        path_text(directory)
    );
}

std::vector<std::string> inaccessible(const config::Config& config)
{
    std::vector<std::string> all;
    const auto look = [&](const std::string& key, const std::filesystem::path& wanted, int error) {
        if (error != 0)
            all.push_back(fmt::format(
                "{} {}: {} ({})",
                key,
                path_text(wanted),
                std::generic_category().message(error),
                how_to_let_in(wanted)
            ));
    };
    // The daemon makes its state directory, but no other one.
    const std::filesystem::path& state = config.daemon.state_dir;
    look("daemon.state_dir", state, access_error(nearest_existing(state)));
    for (const config::Sink& sink : config.sinks)
        if (sink.type == config::SinkType::file)
            look("sink " + sink.name, sink.path.parent_path(), access_error(sink.path.parent_path()));
    for (const config::ListenAddress& address : config.admin.listen)
        if (address.is_unix())
            look("admin.listen", address.path.parent_path(), access_error(address.path.parent_path()));
    return all;
}

}  // namespace pollhook::cli
