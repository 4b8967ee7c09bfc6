#include "progress_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace pollhook::cli {

ProgressLine::ProgressLine() : is_watched_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(std::string_view text)
{
    if (!is_watched_)
        return;
    fmt::print(stderr, "\r\x1b[K{}", text);
    std::fflush(stderr);
    is_shown_ = true;
}

void ProgressLine::clear()
{
    if (std::exchange(is_shown_, false))
        fmt::print(stderr, "\r\x1b[K");
}

}  // namespace pollhook::cli
