#include "pollhook/provider/task_fields.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/provider/clean_copy.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

namespace pollhook::provider {
namespace {

std::optional<base::TimePoint> time_of_number(std::string_view digits)
{
    constexpr std::int64_t smallest_ms = 100'000'000'000;     // 1973; as seconds it is the year 5138
    constexpr std::int64_t largest_ms = 253'402'300'799'999;  // the end of 9999
    std::int64_t number = 0;
    const char* const end = digits.data() + digits.size();
    auto [last, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc() || (last != end && *last != '.') || number <= 0 || number > largest_ms)
        return std::nullopt;
    return base::from_unix_ms(number < smallest_ms ? number * 1000 : number);
}

std::optional<std::string> address_of(std::string_view value)
{
    constexpr std::size_t longest = 8 * 1024;
    if (value.size() > longest)
        return std::nullopt;
    auto text = string_of(value);
    if (!text)
        return std::nullopt;
    const std::string_view trimmed = base::trim(*text);
    const auto is_control = [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; };
    if (trimmed.empty() || base::equals_ignoring_case(trimmed.substr(0, 5), "data:") ||
        std::ranges::any_of(trimmed, is_control))
        return std::nullopt;
    return std::string(trimmed);
}

}  // namespace

std::optional<std::string> TaskFields::text(std::string_view name) const
{
    const std::string_view value = task_.find(name);
    if (is_embedded_file(value))
        return std::nullopt;
    auto text = string_of(value);
    if (text && base::trim(*text).empty())
        text.reset();
    return text;
}

std::optional<base::TimePoint> TaskFields::time(std::string_view name) const
{
    const std::string_view value = task_.find(name);
    const auto text = string_of(value);
    if (!text)
        return time_of_number(value);
    const std::string_view trimmed = base::trim(*text);
    if (const auto time = base::parse_rfc3339(trimmed))
        return *time > base::TimePoint() ? time : std::nullopt;
    const bool is_number = std::ranges::all_of(trimmed, [](char c) { return c >= '0' && c <= '9'; });
    return is_number ? time_of_number(trimmed) : std::nullopt;
}

std::optional<std::string> TaskFields::url(std::string_view name) const
{
    return address_of(task_.find(name));
}

std::vector<std::string> TaskFields::urls(std::string_view name) const
{
    constexpr std::size_t most = 64;
    std::vector<std::string> urls;
    for (const std::string_view element : elements_of(task_.find(name))) {
        auto url = element.starts_with('{') ? address_of(JsonObject::of_valid(element).find("url"))
                                            : address_of(element);
        if (url && urls.size() < most && std::ranges::find(urls, *url) == urls.end())
            urls.push_back(std::move(*url));
    }
    return urls;
}

std::string TaskFields::array(std::string_view name) const
{
    const std::string_view value = task_.find(name);
    if (!value.starts_with('['))
        return "[]";
    std::string compact;
    compact.reserve(value.size());
    append_clean(compact, value);
    return compact;
}

std::size_t TaskFields::count(std::string_view name) const
{
    return elements_of(task_.find(name)).size();
}

}  // namespace pollhook::provider
