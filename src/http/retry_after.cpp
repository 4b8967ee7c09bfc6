#include "pollhook/http/retry_after.hpp"

#include "pollhook/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace pollhook::http {
namespace {

using std::chrono::seconds;

/// Longer than anyone waits; keeps the arithmetic far from overflow.
constexpr seconds longest{1'000'000'000};

constexpr std::array<std::string_view, 12> months{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};
constexpr std::array<std::string_view, 7> short_days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days{
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
};

/// Reads a date from left to right; one wrong step spoils it for good.
class DateReader {
public:
    explicit DateReader(std::string_view text) : rest_(text) {}

    void literal(std::string_view expected)
    {
        if (!rest_.starts_with(expected))
            good_ = false;
        else
            rest_.remove_prefix(expected.size());
    }

    template <std::size_t N>
    unsigned one_of(const std::array<std::string_view, N>& words)
    {
        for (unsigned i = 0; i < N; ++i) {
            if (rest_.starts_with(words[i])) {
                rest_.remove_prefix(words[i].size());
                return i;
            }
        }
        good_ = false;
        return 0;
    }

    int digits(std::size_t count)
    {
        int value = 0;
        if (rest_.size() < count) {
            good_ = false;
            return value;
        }
        const char* const end = rest_.data() + count;
        const auto [last, error] = std::from_chars(rest_.data(), end, value);
        if (error != std::errc() || last != end || rest_.front() == '-')
            good_ = false;
        rest_.remove_prefix(count);
        return value;
    }

    /// asctime pads the day with a space.
    int padded_day()
    {
        if (!rest_.starts_with(' '))
            return digits(2);
        rest_.remove_prefix(1);
        return digits(1);
    }

    seconds time_of_day()
    {
        const int hour = digits(2);
        literal(":");
        const int minute = digits(2);
        literal(":");
        const int second = digits(2);
        if (hour > 23 || minute > 59 || second > 60)  // 60: a leap second
            good_ = false;
        return std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
    }

    [[nodiscard]] std::optional<base::TimePoint> finish(int year, unsigned month_index, int day, seconds time)
        const
    {
        const std::chrono::year_month_day date{
            std::chrono::year(year),
            std::chrono::month(month_index + 1),
            std::chrono::day(static_cast<unsigned>(day))
        };
        if (!good_ || !rest_.empty() || !date.ok())
            return std::nullopt;
        return std::chrono::sys_days(date) + time;
    }

private:
    std::string_view rest_;
    bool good_ = true;
};

/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::optional<base::TimePoint> imf_fixdate(std::string_view text)
{
    DateReader reader(text);
    reader.one_of(short_days);
    reader.literal(", ");
    const int day = reader.digits(2);
    reader.literal(" ");
    const unsigned month = reader.one_of(months);
    reader.literal(" ");
    const int year = reader.digits(4);
    reader.literal(" ");
    const seconds time = reader.time_of_day();
    reader.literal(" GMT");
    return reader.finish(year, month, day, time);
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`; a year that seems to lie more than 50 years ahead is in the past (RFC
/// 9110, 5.6.7).
std::optional<base::TimePoint> rfc850_date(std::string_view text, base::TimePoint now)
{
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int this_year = static_cast<int>(today.year());
    DateReader reader(text);
    reader.one_of(long_days);
    reader.literal(", ");
    const int day = reader.digits(2);
    reader.literal("-");
    const unsigned month = reader.one_of(months);
    reader.literal("-");
    int year = this_year - this_year % 100 + reader.digits(2);
    if (year > this_year + 50)
        year -= 100;
    reader.literal(" ");
    const seconds time = reader.time_of_day();
    reader.literal(" GMT");
    return reader.finish(year, month, day, time);
}

/// `Sun Nov  6 08:49:37 1994`
std::optional<base::TimePoint> asctime_date(std::string_view text)
{
    DateReader reader(text);
    reader.one_of(short_days);
    reader.literal(" ");
    const unsigned month = reader.one_of(months);
    reader.literal(" ");
    const int day = reader.padded_day();
    reader.literal(" ");
    const seconds time = reader.time_of_day();
    reader.literal(" ");
    const int year = reader.digits(4);
    return reader.finish(year, month, day, time);
}

std::optional<base::TimePoint> http_date(std::string_view text, base::TimePoint now)
{
    if (const auto date = imf_fixdate(text))
        return date;
    if (const auto date = rfc850_date(text, now))
        return date;
    return asctime_date(text);
}

}  // namespace

std::optional<base::Duration> retry_after(std::string_view field, base::TimePoint now)
{
    const std::string_view text = base::trim(field);
    if (text.empty())
        return std::nullopt;
    if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        std::int64_t count = 0;
        const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error == std::errc::result_out_of_range)
            return longest;
        return std::min(seconds(count), longest);
    }
    const std::optional<base::TimePoint> date = http_date(text, now);
    if (!date)
        return std::nullopt;
    return std::clamp<base::Duration>(*date - now, base::Duration::zero(), longest);
}

}  // namespace pollhook::http
