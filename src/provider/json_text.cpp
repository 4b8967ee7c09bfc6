#include "pollhook/provider/json_text.hpp"

#include "pollhook/base/json_listener.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>
#include <unordered_set>

namespace pollhook::provider {

namespace json = boost::json;

namespace {

constexpr bool is_space(char c) noexcept
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// The position after the string that begins at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) noexcept
{
    const std::size_t first = at + 1;
    for (std::size_t quote = text.find('"', first); quote != std::string_view::npos;
         quote = text.find('"', quote + 1)) {
        std::size_t backslashes = 0;
        while (quote - backslashes > first && text[quote - backslashes - 1] == '\\')
            ++backslashes;
        if (backslashes % 2 == 0)
            return quote + 1;
    }
    return std::string_view::npos;
}

/// The number in the escape that begins at `at`; empty where there is no `\uXXXX`.
std::optional<unsigned> code_unit(std::string_view text, std::size_t at) noexcept
{
    constexpr std::size_t length = 6;
    const std::string_view escape = text.substr(std::min(at, text.size()), length);
    if (escape.size() < length || !escape.starts_with("\\u"))
        return std::nullopt;
    unsigned unit = 0;
    const auto [end, error] = std::from_chars(escape.data() + 2, escape.data() + length, unit, 16);
    return error == std::errc() && end == escape.data() + length ? std::optional(unit) : std::nullopt;
}

constexpr bool is_high_surrogate(unsigned unit) noexcept
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

constexpr bool is_low_surrogate(unsigned unit) noexcept
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

}  // namespace

std::size_t skip_space(std::string_view text, std::size_t at) noexcept
{
    while (at < text.size() && is_space(text[at]))
        ++at;
    return std::min(at, text.size());
}

std::size_t skip_value(std::string_view text, std::size_t at) noexcept
{
    std::size_t depth = 0;
    while (at < text.size()) {
        switch (text[at]) {
            case '"':
                at = skip_string(text, at);
                if (depth == 0 || at == std::string_view::npos)
                    return at;
                continue;
            case '{':
            case '[': ++depth; break;
            case '}':
            case ']':
                if (depth == 0)
                    return at;
                if (--depth == 0)
                    return at + 1;
                break;
            default:
                if (depth == 0 && (text[at] == ',' || is_space(text[at])))
                    return at;
        }
        ++at;
    }
    return std::string_view::npos;
}

bool is_valid_json(std::string_view text)
{
    json::parse_options options;
    options.max_depth = max_json_depth;
    json::basic_parser<base::JsonListener> parser(options);
    json::error_code ec;
    return parser.write_some(false, text.data(), text.size(), ec) == text.size() && !ec;
}

void replace_unpaired_surrogates(std::string& text) noexcept
{
    constexpr std::size_t length = 6;
    constexpr std::string_view replacement = "\\ufffd";
    std::size_t at = text.find('\\');
    while (at != std::string::npos) {
        std::size_t end = at + 2;  // `\\` is a backslash, and whatever follows it is no escape
        if (const auto unit = code_unit(text, at)) {
            end = at + length;
            const bool is_pair =
                is_high_surrogate(*unit) && is_low_surrogate(code_unit(text, end).value_or(0));
            if (is_pair)
                end += length;
            else if (is_high_surrogate(*unit) || is_low_surrogate(*unit))
                std::ranges::copy(replacement, text.begin() + static_cast<std::ptrdiff_t>(at));
        }
        at = text.find('\\', end);
    }
}

std::optional<std::string> string_of(std::string_view value)
{
    if (value.size() < 2 || value.front() != '"' || value.back() != '"')
        return std::nullopt;
    const std::string_view plain = value.substr(1, value.size() - 2);
    json::error_code ec;
    if (plain.find('\\') == std::string_view::npos)
        return is_valid_json(value) ? std::optional<std::string>(plain) : std::nullopt;
    const json::value parsed = json::parse({value.data(), value.size()}, ec);
    if (ec || !parsed.is_string())
        return std::nullopt;
    return std::string(parsed.get_string().data(), parsed.get_string().size());
}

bool MemberScanner::next() noexcept
{
    if (at_ == std::string_view::npos && value().empty())
        return false;
    const bool first = at_ == 0;
    if (closed_ || text_.empty())
        return false;
    std::size_t at = skip_space(text_, first ? 1 : at_);
    if (!first && at < text_.size() && text_[at] == ',')
        at = skip_space(text_, at + 1);
    else if (!first && at < text_.size() && text_[at] != '}')
        return false;
    if (at >= text_.size())
        return false;
    if (text_[at] == '}') {
        closed_ = true;
        return false;
    }
    if (text_[at] != '"')
        return false;
    const std::size_t name_end = skip_string(text_, at);
    if (name_end == std::string_view::npos)
        return false;
    name_ = text_.substr(at + 1, name_end - at - 2);
    at = skip_space(text_, name_end);
    if (at >= text_.size() || text_[at] != ':')
        return false;
    value_ = skip_space(text_, at + 1);
    at_ = std::string_view::npos;
    return value_ < text_.size();
}

std::string_view MemberScanner::value() noexcept
{
    if (at_ == std::string_view::npos) {
        const std::size_t end = skip_value(text_, value_);
        if (end == std::string_view::npos || end == value_)
            return {};
        at_ = end;
    }
    return text_.substr(value_, at_ - value_);
}

std::optional<JsonObject> JsonObject::parse(std::string_view text)
{
    const std::size_t begin = skip_space(text, 0);
    if (begin == text.size() || text[begin] != '{' || !is_valid_json(text))
        return std::nullopt;
    return of_valid(text.substr(begin));
}

JsonObject JsonObject::of_valid(std::string_view text)
{
    constexpr std::size_t usual_size = 24;
    JsonObject object;
    object.members_.reserve(usual_size);
    MemberScanner scanner(text);
    while (object.members_.size() < max_json_members && scanner.next()) {
        Member member;
        member.name_text = {scanner.name().data() - 1, scanner.name().size() + 2};
        if (scanner.name().find('\\') == std::string_view::npos)
            member.name = scanner.name();
        else
            member.name = string_of(member.name_text).value_or(std::string());
        member.value = scanner.value();
        object.members_.push_back(std::move(member));
    }
    object.drop_overridden();
    return object;
}

void JsonObject::drop_overridden()
{
    std::unordered_set<std::string_view> seen;
    seen.reserve(members_.size());
    std::vector<bool> overridden(members_.size());
    for (std::size_t i = members_.size(); i-- > 0;)
        overridden[i] = !seen.insert(members_[i].name).second;
    if (seen.size() == members_.size())
        return;
    std::vector<Member> kept;
    kept.reserve(seen.size());
    for (std::size_t i = 0; i < members_.size(); ++i)
        if (!overridden[i])
            kept.push_back(std::move(members_[i]));
    members_ = std::move(kept);
}

std::string_view JsonObject::find(std::string_view name) const noexcept
{
    const auto found = std::ranges::find(members_, name, &Member::name);
    return found == members_.end() ? std::string_view() : found->value;
}

std::vector<std::string_view> elements_of(std::string_view array)
{
    std::vector<std::string_view> elements;
    if (array.empty() || array.front() != '[')
        return elements;
    std::size_t at = skip_space(array, 1);
    while (elements.size() < max_json_members && at < array.size() && array[at] != ']') {
        const std::size_t end = skip_value(array, at);
        if (end == std::string_view::npos || end == at)
            break;
        elements.push_back(array.substr(at, end - at));
        at = skip_space(array, end);
        if (at < array.size() && array[at] == ',')
            at = skip_space(array, at + 1);
    }
    return elements;
}

}  // namespace pollhook::provider
