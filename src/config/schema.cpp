#include "pollhook/config/schema.hpp"

#include "pollhook/config/descriptor.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace pollhook::config {
namespace {

namespace json = boost::json;

json::object of_type(std::string_view type)
{
    json::object schema;
    schema["type"] = json::string(type.data(), type.size());
    return schema;
}

json::object list_of(json::object item)
{
    json::object schema = of_type("array");
    schema["items"] = std::move(item);
    return schema;
}

json::object either(json::object one, json::object other)
{
    json::array forms;
    forms.emplace_back(std::move(one));
    forms.emplace_back(std::move(other));
    json::object schema;
    schema["anyOf"] = std::move(forms);
    return schema;
}

/// A string, or where to find it.
json::object secret()
{
    json::object source = of_type("object");
    json::object places;
    for (const char* const place : {"env", "file", "credential"})
        places[place] = of_type("string");
    source["properties"] = std::move(places);
    source["additionalProperties"] = false;
    source["minProperties"] = 1;
    source["maxProperties"] = 1;
    return either(of_type("string"), std::move(source));
}

/// A table of any names.
json::object table_of(json::object value)
{
    json::object schema = of_type("object");
    schema["additionalProperties"] = std::move(value);
    return schema;
}

json::object text_or_texts()
{
    return either(of_type("string"), list_of(of_type("string")));
}

json::object number(std::string_view type, const Descriptor& row)
{
    json::object schema = of_type(type);
    if (row.minimum < row.maximum) {
        schema["minimum"] = row.minimum;
        schema["maximum"] = row.maximum;
    }
    return schema;
}

json::object choice(const Descriptor& row)
{
    json::object schema = of_type("string");
    json::array all;
    for (const std::string& one : row.choices)
        all.emplace_back(one);
    schema["enum"] = std::move(all);
    return schema;
}

json::object value_of(const Descriptor& row)
{
    switch (row.type) {
        case ValueType::boolean: return of_type("boolean");
        case ValueType::integer: return number("integer", row);
        case ValueType::number: return number("number", row);
        case ValueType::choice: return choice(row);
        case ValueType::secret:
        case ValueType::pass_phrase:
        case ValueType::signing_secret:
        case ValueType::signing_key: return secret();
        case ValueType::signing_secrets: return list_of(secret());
        case ValueType::names:
        case ValueType::words:
        case ValueType::event_patterns:
        case ValueType::task_event_patterns:
        case ValueType::networks:
        case ValueType::hosts:
        case ValueType::addresses:
        case ValueType::durations: return list_of(of_type("string"));
        case ValueType::headers: return table_of(secret());
        case ValueType::metadata_filters: return table_of(text_or_texts());
        case ValueType::duration:
        case ValueType::size:
        case ValueType::name:
        case ValueType::url:
        case ValueType::base_url:
        case ValueType::proxy_url:
        case ValueType::host:
        case ValueType::path:
        case ValueType::file_name:
        case ValueType::text:
        case ValueType::user_name: break;
    }
    return of_type("string");
}

std::string description_of(const Descriptor& row)
{
    std::string text = row.text;
    if (const std::string range = row.range_text(); !range.empty())
        text += " (" + range + ")";
    if (!row.fits.empty())
        text += " [only of type " + row.fits + "]";
    return text;
}

json::object key_of(const Descriptor& row)
{
    json::object schema = value_of(row);
    schema["description"] = description_of(row);
    // Most of TOML's simple values are JSON's too; others stay in words.
    boost::system::error_code ec;
    if (json::value value = json::parse(row.default_text, ec); !ec)
        schema["default"] = std::move(value);
    return schema;
}

json::object open_table(std::string_view text)
{
    json::object schema = of_type("object");
    if (!text.empty())
        schema["description"] = json::string(text.data(), text.size());
    schema["properties"] = json::object();
    schema["additionalProperties"] = false;
    return schema;
}

void require(json::object& table, std::string_view key)
{
    if (!table.contains("required"))
        table["required"] = json::array();
    table["required"].get_array().emplace_back(json::string(key.data(), key.size()));
}

/// Puts a key where it belongs; `lost_after.misses` into a table of its own.
void add(json::object& table, std::string_view key, const Descriptor& row)
{
    json::object& properties = table["properties"].get_object();
    const auto dot = key.find('.');
    const std::string_view name = key.substr(0, dot);
    if (dot == std::string_view::npos) {
        properties[name] = key_of(row);
        if (row.required && row.fits.empty())
            require(table, name);
        return;
    }
    if (!properties.contains(name))
        properties[name] = open_table({});
    add(properties[name].get_object(), key.substr(dot + 1), row);
}

}  // namespace

json::object schema()
{
    json::object whole = open_table("The configuration of pollhook");
    whole["$schema"] = "http://json-schema.org/draft-04/schema#";
    json::object& all = whole["properties"].get_object();
    for (const TableDescriptor& table : tables()) {
        json::object one = open_table(table.text);
        for (const Descriptor& row : descriptors())
            if (row.table == table.name)
                add(one, row.key, row);
        all[table.name] = table.repeated ? list_of(std::move(one)) : std::move(one);
    }
    return whole;
}

}  // namespace pollhook::config
