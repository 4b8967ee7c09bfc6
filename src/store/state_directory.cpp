#include "state_directory.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/store/file_names.hpp"
#include "pollhook/store/sqlite_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace pollhook::store {
namespace {

constexpr off_t reserve_bytes = 8 * 1024 * 1024;
constexpr mode_t private_file = 0600;

[[noreturn]] void not_writable(const std::filesystem::path& path, int error)
{
    throw StartError(
        Errc::not_writable,
        fmt::format("cannot write {}: {}", path.string(), std::system_category().message(error))
    );
}

std::string holder_of(int fd)
{
    std::array<char, 16> text{};
    const ssize_t read = ::pread(fd, text.data(), text.size(), 0);
    std::string_view digits(text.data(), read > 0 ? static_cast<std::size_t>(read) : 0);
    digits = digits.substr(0, digits.find_first_not_of("0123456789"));
    return digits.empty() ? "unknown" : std::string(digits);
}

}  // namespace

StateDirectory::StateDirectory(std::filesystem::path path) : path_(std::move(path))
{
    std::error_code ec;
    if (!std::filesystem::is_directory(path_, ec)) {
        std::filesystem::create_directories(path_, ec);
        if (ec)
            throw StartError(
                Errc::not_writable,
                fmt::format("cannot make the state directory {}: {}", path_.string(), ec.message())
            );
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ec);
    }
    lock();
    if (!restore_reserve())
        spdlog::warn(
            "store.no_reserve: path={} bytes={} (too little disk space)",
            base::printable(path_.string()),
            reserve_bytes
        );
}

void StateDirectory::lock()
{
    const std::filesystem::path file = path_ / lock_file;
    base::FileDescriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file));
    if (!fd.is_open())
        not_writable(file, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            not_writable(file, errno);
        throw StartError(
            Errc::in_use,
            fmt::format("another pollhook uses {} (process {})", path_.string(), holder_of(fd.get()))
        );
    }
    const std::string holder = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), holder.data(), holder.size(), 0) < 0) {
        // A full disk must not keep the daemon from starting: the lock itself needs no space.
        if (errno != ENOSPC)
            not_writable(file, errno);
    }
    lock_ = std::move(fd);
}

void StateDirectory::protect(const std::filesystem::path& file) const
{
    const base::FileDescriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file));
    if (!fd.is_open() || ::fchmod(fd.get(), private_file) != 0)
        not_writable(file, errno);
}

void StateDirectory::release_reserve() noexcept
{
    std::error_code ec;
    std::filesystem::remove(path_ / reserve_file, ec);
    reserved_ = false;
}

bool StateDirectory::restore_reserve() noexcept
{
    if (reserved_)
        return true;
    const std::filesystem::path file = path_ / reserve_file;
    {
        const base::FileDescriptor fd(
            ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file)
        );
        reserved_ = fd.is_open() && ::posix_fallocate(fd.get(), 0, reserve_bytes) == 0;
    }
    if (!reserved_)
        release_reserve();
    return reserved_;
}

bool has_free_space(const std::filesystem::path& path) noexcept
{
    constexpr std::uintmax_t shared_memory = 64UL * 1024;
    std::error_code ec;
    const std::filesystem::space_info space = std::filesystem::space(path, ec);
    return ec || space.available >= shared_memory;
}

void sync_to_disk(const std::filesystem::path& path)
{
    const base::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.is_open() || ::fsync(fd.get()) != 0)
        not_writable(path, errno);
}

}  // namespace pollhook::store
