#include "pollhook/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace pollhook::base {
namespace {

using namespace std::chrono;

/// Takes exactly `digits` decimal digits off the front of `text`; -1 when they are not there.
int take_number(std::string_view& text, std::size_t digits)
{
    if (text.size() < digits)
        return -1;
    int value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + digits, value);
    if (ec != std::errc{} || end != text.data() + digits || value < 0 || text[0] == '-')
        return -1;
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char c)
{
    if (text.empty() || text[0] != c)
        return false;
    text.remove_prefix(1);
    return true;
}

/// The milliseconds of `.123456`; finer digits are cut off.
std::optional<milliseconds> take_fraction(std::string_view& text)
{
    if (!take(text, '.') && !take(text, ','))
        return milliseconds(0);
    int value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        if (digits < 3)
            value = value * 10 + (text[digits] - '0');
        ++digits;
    }
    if (digits == 0)
        return std::nullopt;
    for (std::size_t i = digits; i < 3; ++i)
        value *= 10;
    text.remove_prefix(digits);
    return milliseconds(value);
}

/// The zone's distance from UTC; no zone is UTC.
std::optional<minutes> take_zone(std::string_view& text)
{
    if (text.empty() || take(text, 'Z') || take(text, 'z'))
        return minutes(0);
    const bool west = text[0] == '-';
    if (!take(text, '+') && !take(text, '-'))
        return std::nullopt;
    const int h = take_number(text, 2);
    const int m = take(text, ':') || !text.empty() ? take_number(text, 2) : 0;
    if (h < 0 || h > 23 || m < 0 || m > 59)
        return std::nullopt;
    const minutes offset = hours(h) + minutes(m);
    return west ? -offset : offset;
}

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
constexpr std::array<Unit, 5> units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}
};

}  // namespace

std::string format_rfc3339(TimePoint time)
{
    constexpr TimePoint first = sys_days(year(0) / January / 1);
    constexpr TimePoint last = sys_days(year(10'000) / January / 1) - milliseconds(1);
    time = std::clamp(time, first, last);
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        clock.subseconds().count()
    );
}

std::optional<TimePoint> parse_rfc3339(std::string_view text)
{
    const int y = take_number(text, 4);
    if (y < 0 || !take(text, '-'))
        return std::nullopt;
    const int mo = take_number(text, 2);
    if (mo < 0 || !take(text, '-'))
        return std::nullopt;
    const int d = take_number(text, 2);
    const year_month_day date{
        year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d < 0 ? 0 : d))
    };
    if (!date.ok() || (!take(text, 'T') && !take(text, 't') && !take(text, ' ')))
        return std::nullopt;
    const int h = take_number(text, 2);
    if (h < 0 || h > 23 || !take(text, ':'))
        return std::nullopt;
    const int mi = take_number(text, 2);
    if (mi < 0 || mi > 59 || !take(text, ':'))
        return std::nullopt;
    const int s = take_number(text, 2);
    if (s < 0 || s > 60)
        return std::nullopt;
    const auto fraction = take_fraction(text);
    const auto zone = fraction ? take_zone(text) : std::nullopt;
    if (!zone || !text.empty())
        return std::nullopt;
    return TimePoint(
        sys_days(date).time_since_epoch() + hours(h) + minutes(mi) + seconds(s) + *fraction - *zone
    );
}

std::optional<Duration> parse_duration(std::string_view text)
{
    double value = 0;
    const auto [end, ec] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (ec != std::errc{} || !(value >= 0) || text[0] == '-')
        return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& [name, ms] : units) {
        constexpr double hundred_years_ms = 100.0 * 366 * 86'400'000;
        const double total = value * static_cast<double>(ms);
        if (unit == name && total <= hundred_years_ms)
            return Duration(std::llround(total));
    }
    return std::nullopt;
}

std::string format_duration(Duration duration)
{
    const std::int64_t ms = duration.count();
    if (ms == 0)
        return "0s";
    for (auto unit = units.rbegin(); unit != units.rend(); ++unit)
        if (ms % unit->ms == 0)
            return fmt::format("{}{}", ms / unit->ms, unit->name);
    return fmt::format("{}ms", ms);
}

}  // namespace pollhook::base
