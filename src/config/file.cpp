#include "file.hpp"

#include "pollhook/base/file_descriptor.hpp"
#include "size.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace pollhook::config {
namespace {

FileProblem cannot_read()
{
    const int code = errno;
    if (code == ENOENT)
        return {.missing = true, .text = "does not exist"};
    return {.text = "cannot be read: " + std::generic_category().message(code)};
}

}  // namespace

boost::system::result<std::string, FileProblem> read_file(
    const std::filesystem::path& path, std::size_t limit_bytes
)
{
    // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    const base::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    );  // NOLINT(*-vararg)
    struct stat status{};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0)
        return cannot_read();
    if (S_ISDIR(status.st_mode))
        return FileProblem{.text = "is a directory"};
    if (!S_ISREG(status.st_mode))
        return FileProblem{.text = "is not a regular file"};
    std::string content;
    while (content.size() <= limit_bytes) {
        constexpr std::size_t step = 64UL << 10U;
        const std::size_t before = content.size();
        content.resize(before + step);
        const ssize_t count = ::read(file.get(), content.data() + before, step);
        if (count < 0 && errno != EINTR)
            return cannot_read();
        content.resize(before + static_cast<std::size_t>(count < 0 ? 0 : count));
        if (count == 0)
            return content;
    }
    return FileProblem{.text = fmt::format("is larger than {}", format_size(limit_bytes))};
}

}  // namespace pollhook::config
