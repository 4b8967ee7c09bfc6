#include "pollhook/provider/envelope.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/provider/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace pollhook::provider {
namespace {

std::optional<std::int64_t> number_of(std::string_view value)
{
    if (value.size() > 2 && value.front() == '"')
        value = value.substr(1, value.size() - 2);
    std::int64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto [last, error] = std::from_chars(value.data(), end, number);
    if (value.empty() || error != std::errc() || last != end)
        return std::nullopt;
    return number;
}

/// The text itself, or the message of an object such as `{"message":…,"type":…}`.
std::string message_of(std::string_view value)
{
    if (!value.starts_with('{'))
        return string_of(value).value_or(std::string());
    MemberScanner member(value);
    while (member.next())
        if (member.name() == "message")
            return string_of(member.value()).value_or(std::string());
    return {};
}

}  // namespace

Envelope read_envelope(std::string_view text)
{
    Envelope envelope;
    std::optional<std::int64_t> second_code;
    MemberScanner member(text);
    while (member.next()) {
        const std::string_view name = member.name();
        const std::string_view rest = member.rest();
        const std::string_view value = member.value();
        if (name == "data")
            envelope.data = value.empty() ? rest : value;
        else if (name == "statusCode")
            envelope.code = number_of(value);
        else if (name == "code")
            second_code = number_of(value);
        else if (name == "success" && (value == "true" || value == "false"))
            envelope.success = value == "true";
        else if (envelope.message.empty() &&
                 (name == "message" || name == "description" || name == "msg" || name == "error"))
            envelope.message = message_of(value);
    }
    if (!envelope.code)
        envelope.code = second_code;
    envelope.whole = member.closed();
    return envelope;
}

bool says_unknown_task(std::string_view message)
{
    constexpr std::array<std::string_view, 7> phrases{
        "not found", "no found", "no_found", "not_found", "not exist", "不存在", "未找到"
    };
    const std::string text = base::to_lower(message);
    return std::ranges::any_of(phrases, [&](std::string_view p) {
        return text.find(p) != std::string::npos;
    });
}

}  // namespace pollhook::provider
