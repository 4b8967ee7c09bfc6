#include "process_metrics.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace pollhook::admin {
namespace {

/// What is wanted of /proc/self/stat (proc(5)).
struct Stat {
    double cpu_ticks = 0;
    double threads = 0;
    double start_ticks = 0;  ///< since the machine was started
    double virtual_bytes = 0;
    double resident_pages = 0;
};

std::optional<Stat> read_stat()
{
    std::ifstream file("/proc/self/stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto name_end = text.rfind(')');  // the name may hold blanks and brackets
    if (name_end == std::string::npos)
        return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int number = 3; number < 14; ++number)
        fields >> skipped;
    Stat stat;
    double user = 0;
    double system = 0;
    fields >> user >> system >> skipped >> skipped >> skipped >> skipped >> stat.threads >> skipped >>
        stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
    stat.cpu_ticks = user + system;
    return fields ? std::optional(stat) : std::nullopt;
}

double seconds_of(clockid_t clock)
{
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::duration<double>(
               std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)
    )
        .count();
}

std::optional<double> open_descriptors()
{
    std::error_code ec;
    const std::filesystem::directory_iterator entries("/proc/self/fd", ec);
    if (ec)
        return std::nullopt;
    return static_cast<double>(
        std::distance(begin(entries), end(entries)) - 1
    );  // not the one that reads them
}

}  // namespace

void add_process_metrics(Families& families)
{
    const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const double page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    if (const auto stat = read_stat()) {
        families.counter("process_cpu_seconds_total", "User and system CPU time spent.")
            .add({}, stat->cpu_ticks / ticks);
        families.gauge("process_resident_memory_bytes", "Resident memory size.")
            .add({}, stat->resident_pages * page);
        families.gauge("process_virtual_memory_bytes", "Virtual memory size.").add({}, stat->virtual_bytes);
        families.gauge("process_threads", "Number of threads.").add({}, stat->threads);
        // /proc/stat has the time of the machine's start, but may be hidden.
        const double started =
            seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME) + stat->start_ticks / ticks;
        families.gauge("process_start_time_seconds", "Start time of the process since the Unix epoch.")
            .add({}, started);
    }
    if (const auto open = open_descriptors())
        families.gauge("process_open_fds", "Number of open file descriptors.").add({}, *open);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        families.gauge("process_max_fds", "Maximum number of open file descriptors.")
            .add({}, static_cast<double>(limit.rlim_cur));
}

}  // namespace pollhook::admin
