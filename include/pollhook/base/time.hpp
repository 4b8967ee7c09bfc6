#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::base {

/// All spans of time in pollhook have millisecond resolution.
using Duration = std::chrono::milliseconds;

/// Wall-clock time: what is stored, signed and shown. It may jump; never wait on it.
using TimePoint = std::chrono::sys_time<Duration>;

/// Monotonic time: what is waited on and measured. Its epoch means nothing and it is never stored.
using SteadyPoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// `2026-11-21T03:18:39.123Z` (RFC 3339, UTC, always with milliseconds).
/// What lies outside the years 0 to 9999 is shown as their first or last moment.
std::string format_rfc3339(TimePoint time);

/// Reads RFC 3339 and the ISO 8601 forms that relays send: `T` or a space between date and time, any number
/// of fraction digits, `Z`, `+08:00`, `+0800`, `+08` or no zone at all (taken as UTC). Finer digits than
/// milliseconds are cut off; a leap second is the first of the next minute. Empty for anything else, also for
/// impossible dates.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

/// A duration of the configuration: a number and a unit out of ms, s, m, h, d, such as `250ms`, `1.5h`,
/// `30d`; rounded to milliseconds. Empty for anything else: no unit, negative, or more than 100 years.
std::optional<Duration> parse_duration(std::string_view text);

/// A whole number of the largest unit that fits, which parse_duration reads back: `90s` is `90s`, `120s` is
/// `2m`, `0ms` is `0s`.
std::string format_duration(Duration duration);

/// Milliseconds since 1970-01-01, as the store keeps them.
constexpr std::int64_t to_unix_ms(TimePoint time) noexcept
{
    return time.time_since_epoch().count();
}
constexpr TimePoint from_unix_ms(std::int64_t ms) noexcept
{
    return TimePoint(Duration(ms));
}

}  // namespace pollhook::base
