#include "log_fields.hpp"

#include <algorithm>
#include <cstddef>

namespace pollhook::base {
namespace {

constexpr bool is_name_character(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// Takes a quoted value off the front of `rest`, which begins behind the quote. Bytes that are no text stay
/// written as `\xff`, since JSON has no other way for them.
std::string take_quoted(std::string_view& rest)
{
    std::string value;
    while (!rest.empty() && rest.front() != '"') {
        char c = rest.front();
        rest.remove_prefix(1);
        if (c == '\\' && !rest.empty() && rest.front() != 'x') {
            c = rest.front();
            rest.remove_prefix(1);
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
        }
        value += c;
    }
    rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
    return value;
}

}  // namespace

LogFields split_log_line(std::string_view line)
{
    LogFields split;
    const auto colon = line.find(": ");
    const std::string_view event = line.substr(0, colon);
    const bool is_event = colon != std::string_view::npos && event.find('.') != std::string_view::npos &&
                          std::ranges::all_of(event, [](char c) { return is_name_character(c) || c == '.'; });
    if (!is_event)
        return split;
    split.event = event;
    std::string_view rest = line.substr(colon + 2);
    for (;;) {
        const auto equals = rest.find('=');
        const std::string_view key = rest.substr(0, equals);
        if (equals == std::string_view::npos || key.empty() || !std::ranges::all_of(key, is_name_character))
            return split;
        rest.remove_prefix(equals + 1);
        std::string value;
        if (rest.starts_with('"')) {
            rest.remove_prefix(1);
            value = take_quoted(rest);
        } else {
            value = rest.substr(0, rest.find(' '));
            rest.remove_prefix(value.size());
        }
        split.fields.emplace_back(key, std::move(value));
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    }
}

}  // namespace pollhook::base
