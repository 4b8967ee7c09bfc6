#include "progress_line.hpp"

#include "display_width.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace pollhook::cli {

namespace {

bool can_rewrite_lines()
{
    const char* const term = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

/// Of the terminal now: people change its size.
std::size_t columns()
{
    constexpr std::size_t usual = 80;
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return usual;
    return size.ws_col;
}

}  // namespace

ProgressLine::ProgressLine() : is_watched_(can_rewrite_lines()) {}

void ProgressLine::show(std::string_view text)
{
    if (!is_watched_)
        return;
    // A line that reaches the edge goes on in the next one, which would stay there.
    fmt::print(stderr, "\r\x1b[K{}", fitting(text, columns() - 1));
    std::fflush(stderr);
    is_shown_ = true;
}

void ProgressLine::clear()
{
    if (std::exchange(is_shown_, false))
        fmt::print(stderr, "\r\x1b[K");
}

}  // namespace pollhook::cli
