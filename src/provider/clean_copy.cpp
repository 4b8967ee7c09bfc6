#include "pollhook/provider/clean_copy.hpp"

#include "pollhook/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace pollhook::provider {
namespace {

/// Longer strings are looked at: no prompt is a file, but some fields carry one.
constexpr std::size_t longest_trusted_text = 8 * 1024;

/// In lower case and without underscores, since servers differ in that.
constexpr std::array<std::string_view, 14> internal_names{
    "notifyhook",
    "webhookurl",
    "nonce",
    "userid",
    "clientip",
    "channelid",
    "guildid",
    "instanceid",
    "subinstanceid",
    "token",
    "apikey",
    "mjapisecret",
    "username",
    "quota",
};
constexpr std::string_view internal_prefix = "discord";
constexpr std::array<std::string_view, 2> file_names{"maskbase64", "base64array"};

std::string canonical(std::string_view name)
{
    std::string plain = base::to_lower(name);
    std::erase_if(plain, [](char c) { return c == '_' || c == '-'; });
    return plain;
}

bool is_internal(std::string_view canonical_name)
{
    return canonical_name.starts_with(internal_prefix) ||
           std::ranges::find(internal_names, canonical_name) != internal_names.end();
}

constexpr bool is_base64(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '-' || c == '_' || c == '=' || c == '\\';  // `\/` is how some write a slash
}

/// Whether a double, which is what most receivers read a number into, can hold it at least roughly.
bool is_finite(std::string_view number)
{
    double ignored = 0;
    const char* const end = number.data() + number.size();
    const auto [last, error] = std::from_chars(number.data(), end, ignored);
    return last == end && (error == std::errc() || number.find("e-") != std::string_view::npos ||
                           number.find("E-") != std::string_view::npos);
}

bool is_number(std::string_view value)
{
    return !value.empty() && (value.front() == '-' || (value.front() >= '0' && value.front() <= '9'));
}

bool is_empty(std::string_view value)
{
    return value == "\"\"" || value == "null" ||
           (value.starts_with('[') && skip_space(value, 1) == value.size() - 1);
}

/// Writes members one after the other.
class ObjectWriter {
public:
    explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

    void name(const JsonObject::Member& member)
    {
        if (!first_)
            out_ += ',';
        first_ = false;
        out_ += member.name_text;
        out_ += ':';
    }
    void close() { out_ += '}'; }

private:
    std::string& out_;
    bool first_ = true;
};

void append_member(ObjectWriter& writer, std::string& out, const JsonObject::Member& member)
{
    if (is_number(member.value) && !is_finite(member.value))
        return;
    writer.name(member);
    append_clean(out, member.value);
}

/// `depth` is that of the task (0) or of its `properties` (1).
void append_task(std::string& out, const JsonObject& object, int depth)
{
    ObjectWriter writer(out);
    for (const JsonObject::Member& member : object.members()) {
        const std::string name = canonical(member.name);
        if (is_internal(name))
            continue;
        if (std::ranges::find(file_names, name) != file_names.end() && !is_empty(member.value)) {
            writer.name(member);
            out += "null";
        } else if (depth == 0 && name == "properties" && member.value.starts_with('{')) {
            writer.name(member);
            append_task(out, JsonObject::of_valid(member.value), depth + 1);
        } else {
            append_member(writer, out, member);
        }
    }
    writer.close();
}

}  // namespace

bool is_embedded_file(std::string_view string)
{
    if (string.size() <= longest_trusted_text)
        return false;
    const std::string_view text = string.substr(1, string.size() - 2);
    return base::equals_ignoring_case(text.substr(0, 5), "data:") || std::ranges::all_of(text, is_base64);
}

void append_clean(std::string& out, std::string_view value)
{
    if (value.starts_with('{')) {
        ObjectWriter writer(out);
        const JsonObject object = JsonObject::of_valid(value);
        for (const JsonObject::Member& member : object.members())
            append_member(writer, out, member);
        writer.close();
    } else if (value.starts_with('[')) {
        out += '[';
        const std::size_t begin = out.size();
        for (const std::string_view element : elements_of(value)) {
            if (out.size() > begin)
                out += ',';
            append_clean(out, element);
        }
        out += ']';
    } else if ((value.starts_with('"') && is_embedded_file(value)) ||
               (is_number(value) && !is_finite(value))) {
        out += "null";
    } else {
        out += value;
    }
}

std::string clean_copy(const JsonObject& task)
{
    std::string out;
    if (!task.members().empty()) {
        const std::string_view last = task.members().back().value;
        const char* const begin = task.members().front().name_text.data();
        out.reserve(static_cast<std::size_t>(last.data() + last.size() - begin) + 2);
    }
    append_task(out, task, 0);
    return out;
}

}  // namespace pollhook::provider
