#include "pollhook/admin/registration.hpp"

#include "members.hpp"
#include "pollhook/base/byte_order_mark.hpp"
#include "pollhook/base/plain_json.hpp"
#include "pollhook/base/repeated_member.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/task/key.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace pollhook::admin {
namespace {

namespace json = boost::json;

constexpr std::size_t most_metadata_bytes = 16 * 1024;
constexpr std::size_t longest_line = 1024UL * 1024;
/// Of one JSON document, which is read at once: some tens of milliseconds of the loop. NDJSON has no limit.
constexpr std::size_t most_listed = 10'000;

const std::array<std::string, 4> task_members{"provider", "id", "webhookUrl", "metadata"};
const std::array<std::string, 1> list_members{"tasks"};

std::string string_of(json::string_view text)
{
    return {text.data(), text.size()};
}

/// The readers below return what is wrong, in words for the caller; empty when all is well.
std::string read_id(const json::value* value, std::string& id)
{
    if (value == nullptr)
        return "\"id\" is missing";
    if (value->is_string())
        id = string_of(value->get_string());
    else if (value->is_int64() || value->is_uint64())
        id = json::serialize(*value);
    if (!task::is_valid_id(id))
        return "\"id\" must be a string of 1 to 128 visible ASCII characters without space, quote, slash and "
               "backslash";
    return {};
}

std::string read_webhook(const json::value& value, const RegistrationRules& rules, store::Registration& out)
{
    if (value.is_null())
        return {};
    if (!value.is_string())
        return "\"webhookUrl\" must be a string";
    const std::string text = string_of(value.get_string());
    const auto url = http::parse_url(text);
    if (!url)
        return "\"webhookUrl\": " + url.error().message();
    if (const auto allowed = rules.guard->check(*url); !allowed)
        return "\"webhookUrl\": " + allowed.error().message();
    out.webhook_url = text;
    out.webhook_origin = url->origin.text();
    return {};
}

/// Whole numbers beyond 64 bits are read as floating point and would lose digits; 1e400 is read as infinity.
bool has_small_numbers(const json::value& value)
{
    constexpr double limit = 0x1p63;
    if (const double* number = value.if_double())
        return std::abs(*number) < limit;
    if (const json::array* array = value.if_array())
        return std::ranges::all_of(*array, has_small_numbers);
    if (const json::object* object = value.if_object())
        return std::ranges::all_of(*object, [](const auto& member) {
            return has_small_numbers(member.value());
        });
    return true;
}

std::string read_metadata(const json::value& value, store::Registration& out)
{
    if (value.is_null())
        return {};
    if (!value.is_object())
        return "\"metadata\" must be an object";
    if (!has_small_numbers(value))
        return "\"metadata\" holds a number beyond 64 bits, which would lose digits: give it as a string";
    out.metadata = base::plain_json(value);
    if (out.metadata.size() > most_metadata_bytes)
        return "\"metadata\" is longer than 16 KiB";
    return {};
}

std::string read_entry(const json::value& value, const RegistrationRules& rules, store::Registration& out)
{
    if (!value.is_object())
        return "a task must be an object such as {\"provider\":\"…\",\"id\":\"…\"}";
    const json::object& object = value.get_object();
    if (std::string unknown = unknown_member(object, task_members); !unknown.empty())
        return unknown;

    const json::value* provider = object.if_contains("provider");
    if (provider == nullptr || !provider->is_string())
        return "\"provider\" is missing; it is one of: " + rules.provider_names;
    out.key.provider = string_of(provider->get_string());
    if (!rules.is_provider(out.key.provider))
        return fmt::format(
            "no provider is called \"{}\"; it is one of: {}",
            base::printable(out.key.provider, 60),
            rules.provider_names
        );
    if (std::string error = read_id(object.if_contains("id"), out.key.id); !error.empty())
        return error;
    if (const json::value* url = object.if_contains("webhookUrl"))
        if (std::string error = read_webhook(*url, rules, out); !error.empty())
            return error;
    if (const json::value* metadata = object.if_contains("metadata"))
        return read_metadata(*metadata, out);
    return {};
}

void take_entry(
    const json::value& value, std::size_t index, const RegistrationRules& rules, RegistrationRequest& request
)
{
    store::Registration registration;
    if (std::string error = read_entry(value, rules, registration); !error.empty()) {
        request.rejected.push_back({.index = index, .error = std::move(error)});
        return;
    }
    request.accepted.push_back(std::move(registration));
    request.indexes.push_back(index);
}

}  // namespace

boost::system::result<RegistrationRequest, std::string> read_registration(
    std::string_view body, bool ndjson, const RegistrationRules& rules
)
{
    if (ndjson) {
        RegistrationLines lines(rules);
        lines.feed(body);
        lines.finish();
        return lines.take();
    }
    body = base::without_byte_order_mark(body);
    boost::system::error_code ec;
    const json::value value = json::parse({body.data(), body.size()}, ec);
    if (ec)
        return "the body is not JSON: " + ec.message();
    if (std::string repeated = base::repeated_member(body); !repeated.empty())
        return repeated;

    RegistrationRequest request;
    const json::object* object = value.if_object();
    const json::value* tasks = object != nullptr ? object->if_contains("tasks") : nullptr;
    if (tasks == nullptr) {
        take_entry(value, 0, rules, request);
        return request;
    }
    if (!tasks->is_array())
        return std::string("\"tasks\" must be an array");
    if (std::string unknown = unknown_member(*object, list_members); !unknown.empty())
        return unknown;
    if (tasks->get_array().size() > most_listed)
        return fmt::format(
            "\"tasks\" holds more than {}; send so many as NDJSON, a task a line", most_listed
        );
    request.is_list = true;
    std::size_t index = 0;
    for (const json::value& entry : tasks->get_array())
        take_entry(entry, index++, rules, request);
    return request;
}

void RegistrationLines::feed(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        const bool is_whole = end != std::string_view::npos;
        bytes.remove_prefix(is_whole ? end + 1 : bytes.size());
        is_too_long_ = is_too_long_ || begun_.size() + part.size() > longest_line;
        if (is_whole && begun_.empty())
            take_line(part);
        else if (!is_too_long_)
            begun_ += part;
        if (is_whole && !begun_.empty())
            take_line(std::exchange(begun_, {}));
    }
}

void RegistrationLines::finish()
{
    if (!begun_.empty() || is_too_long_)
        take_line(std::exchange(begun_, {}));
}

void RegistrationLines::take_line(std::string_view line)
{
    const std::size_t index = line_++;
    if (std::exchange(is_too_long_, false)) {
        read_.rejected.push_back({.index = index, .error = "the line is longer than 1 MiB"});
        return;
    }
    line = base::trim(index == 0 ? base::without_byte_order_mark(line) : line);
    if (line.empty())
        return;
    boost::system::error_code ec;
    const json::value value = json::parse({line.data(), line.size()}, ec);
    if (ec)
        read_.rejected.push_back({.index = index, .error = "not JSON: " + ec.message()});
    else if (std::string repeated = base::repeated_member(line); !repeated.empty())
        read_.rejected.push_back({.index = index, .error = std::move(repeated)});
    else
        take_entry(value, index, rules_, read_);
}

RegistrationRequest RegistrationLines::take()
{
    RegistrationRequest taken = std::exchange(read_, {});
    read_.is_list = true;
    return taken;
}

}  // namespace pollhook::admin
