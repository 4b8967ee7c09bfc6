// Keeps the tables of docs/configuration.md as the parser's own table of keys has them.

#include "configuration_tables.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view begin_mark = "<!-- begin: made by configuration_page, do not edit -->\n";
constexpr std::string_view end_mark = "<!-- end -->\n";
constexpr int usage = 64;

std::optional<std::string> read(const std::string& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

/// The page with its tables made anew; nothing when it has no place for them.
std::optional<std::string> renewed(const std::string& page)
{
    const std::size_t begin = page.find(begin_mark);
    const std::size_t end = page.find(end_mark);
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        return std::nullopt;
    return page.substr(0, begin) + std::string(begin_mark) + "\n" +
           pollhook::documentation::configuration_tables() + page.substr(end);
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string_view mode = argc == 3 ? argv[1] : "";
    if (mode != "--check" && mode != "--write") {
        fmt::print(stderr, "usage: configuration_page --check|--write docs/configuration.md\n");
        return usage;
    }
    const std::string file = argv[2];
    const auto page = read(file);
    const auto wanted = page ? renewed(*page) : std::nullopt;
    if (!wanted) {
        fmt::print(stderr, "{}: cannot be read, or has no marked place for the tables\n", file);
        return 1;
    }
    if (*wanted == *page)
        return 0;
    if (mode == "--check") {
        fmt::print(
            stderr, "{0} is not what the table of keys says; run: configuration_page --write {0}\n", file
        );
        return 1;
    }
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << *wanted;
    return out.flush() ? 0 : 1;
}
