#include "faults/mounts.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace pollhook::test {
namespace {

void call(int result, const std::string& what)
{
    if (result != 0)
        throw std::system_error(errno, std::system_category(), what);
}

/// root within is the user outside.
void map_user(uid_t user, gid_t group)
{
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
}

}  // namespace

std::string own_mounts()
{
    const uid_t user = ::getuid();
    const gid_t group = ::getgid();
    if (::unshare(CLONE_NEWNS) != 0) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return "no mount namespace of our own: " + std::system_category().message(errno);
        map_user(user, group);
    }
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return "mounts cannot be made private: " + std::system_category().message(errno);
    return {};
}

void mount_memory(const std::filesystem::path& directory, std::size_t bytes)
{
    std::filesystem::create_directories(directory);
    const std::string options = "mode=0700,size=" + std::to_string(bytes);
    call(::mount("tmpfs", directory.c_str(), "tmpfs", 0, options.c_str()), "mount tmpfs");
}

void make_read_only(const std::filesystem::path& path)
{
    call(::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), "mount --bind");
    call(
        ::mount("none", path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), "remount read-only"
    );
}

void mount_over(const std::filesystem::path& source, const std::filesystem::path& path)
{
    call(::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), "mount --bind");
}

void unmount(const std::filesystem::path& path)
{
    call(::umount2(path.c_str(), MNT_DETACH), "umount");
}

}  // namespace pollhook::test
