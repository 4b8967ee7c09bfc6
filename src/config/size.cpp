#include "size.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace pollhook::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array<Unit, 9> units{
    {{"TiB", 1ULL << 40U},
     {"GiB", 1ULL << 30U},
     {"MiB", 1ULL << 20U},
     {"KiB", 1ULL << 10U},
     {"B", 1},
     {"kB", 1000},
     {"MB", 1'000'000},
     {"GB", 1'000'000'000},
     {"TB", 1'000'000'000'000}}
};
constexpr std::size_t binary_units = 5;

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    double value = 0;
    const auto [end, ec] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (ec != std::errc{} || !(value >= 0) || text.front() == '-')
        return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& [name, bytes] : units) {
        constexpr double limit = 1152921504606846976.0;  // 2^60
        const double total = value * static_cast<double>(bytes);
        if (unit == name && total <= limit)
            return static_cast<std::uint64_t>(std::llround(total));
    }
    return std::nullopt;
}

std::string format_size(std::uint64_t bytes)
{
    for (std::size_t i = 0; i < binary_units; ++i)
        if (bytes != 0 && bytes % units[i].bytes == 0)
            return fmt::format("{}{}", bytes / units[i].bytes, units[i].name);
    return "0B";
}

}  // namespace pollhook::config
