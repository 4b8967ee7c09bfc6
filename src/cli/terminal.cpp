#include "terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace pollhook::cli {

bool wants_color(ColorMode mode, int descriptor)
{
    if (mode != ColorMode::automatic)
        return mode == ColorMode::always;
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    if (no_color != nullptr && *no_color != '\0')
        return false;
    return ::isatty(descriptor) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

void print_error(std::string_view message, std::string_view hint)
{
    fmt::print(stderr, "pollhook: error: {}\n", message);
    if (!hint.empty())
        fmt::print(stderr, "  {}\n", hint);
}

std::string with_line_end(std::string text)
{
    if (!text.empty() && !text.ends_with('\n'))
        text += '\n';
    return text;
}

}  // namespace pollhook::cli
