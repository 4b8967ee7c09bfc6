#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace pollhook::test {

/// Bytes of a process that are in memory.
inline std::size_t resident_bytes(pid_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    std::size_t total = 0;
    std::size_t pages = 0;
    file >> total >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POLLHOOK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POLLHOOK_SANITIZED 1
#endif
#endif

/// What a sanitizer may add to the growth of a process: AddressSanitizer keeps 256 MiB of what was freed.
#ifdef POLLHOOK_SANITIZED
inline constexpr std::size_t sanitizer_growth = std::size_t{300} << 20U;
#else
inline constexpr std::size_t sanitizer_growth = 0;
#endif

}  // namespace pollhook::test
