#include "pollhook/provider/progress.hpp"

#include "pollhook/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace pollhook::provider {

std::int8_t parse_progress(std::string_view text) noexcept
{
    text = base::trim(text);
    const bool percent = text.ends_with('%');
    if (percent)
        text = base::trim(text.substr(0, text.size() - 1));
    // from_chars() also reads `inf` and `nan`.
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || digits.front() < '0' || digits.front() > '9')
        return -1;
    double value = 0;
    if (text.size() <= 3 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        for (const char c : text)
            value = value * 10 + (c - '0');
    } else {
        const char* const end = text.data() + text.size();
        const auto [last, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc() || last != end || !std::isfinite(value))
            return -1;
        const bool fraction =
            !percent && value >= 0 && value <= 1 && text.find_first_of(".eE") != std::string_view::npos;
        constexpr double rounding_error = 1e-6;  // 0.29 * 100 is a little less than 29
        if (fraction)
            value = value * 100 + rounding_error;
    }
    return static_cast<std::int8_t>(std::clamp(value, 0.0, 100.0));
}

}  // namespace pollhook::provider
