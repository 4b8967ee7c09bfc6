#include "terminal.hpp"

#include "pollhook/base/journal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
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

void print_lines(std::string_view text)
{
    // The level as sd-daemon(3) wants it; without one the journal takes a line for a mere notice.
    const char* const level = base::logs_to_journal() ? "<3>" : "";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        fmt::print(stderr, "{}{}\n", level, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void print_error(std::string_view message, std::string_view hint)
{
    print_lines(fmt::format("pollhook: error: {}", message));
    if (!hint.empty())
        print_lines(fmt::format("  {}", hint));
}

std::string with_line_end(std::string text)
{
    if (!text.empty() && !text.ends_with('\n'))
        text += '\n';
    return text;
}

}  // namespace pollhook::cli
