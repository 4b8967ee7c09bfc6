#include "pollhook/store/metadata_filter.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>

namespace pollhook::store {

namespace json = boost::json;

namespace {

std::optional<json::value> read(std::string_view text)
{
    json::error_code error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error);
    return error ? std::nullopt : std::optional(std::move(value));
}

/// A number may be written in several ways, so it is compared by its value.
bool is_same(const json::value& value, const std::string& wanted)
{
    if (value.is_string())
        return std::string_view(value.get_string()) == wanted;
    if (value.is_structured())
        return false;
    const std::optional<json::value> other = read(wanted);
    if (!other || other->is_string() || other->is_structured())
        return false;
    if (value.is_double() && other->is_number())
        return value.get_double() == other->to_number<double>();
    if (other->is_double() && value.is_number())
        return other->get_double() == value.to_number<double>();
    return value == *other;
}

}  // namespace

bool MetadataFilter::matches(std::string_view metadata) const
{
    if (conditions_.empty())
        return true;
    const std::optional<json::value> value = read(metadata);
    if (!value || !value->is_object())
        return false;
    return std::ranges::all_of(conditions_, [&](const Condition& condition) {
        const json::value* found =
            value->get_object().if_contains(json::string_view(condition.key.data(), condition.key.size()));
        return found != nullptr && std::ranges::any_of(condition.values, [&](const std::string& wanted) {
                   return is_same(*found, wanted);
               });
    });
}

}  // namespace pollhook::store
