#include "configuration_tables.hpp"

#include "pollhook/config/descriptor.hpp"

#include <fmt/format.h>

#include <string_view>

namespace pollhook::documentation {
namespace {

using config::Descriptor;
using config::Reload;
using config::TableDescriptor;
using config::ValueType;

/// A cell of a table ends at a bar.
std::string cell(std::string_view text)
{
    std::string out;
    for (const char each : text)
        out += each == '|' ? std::string("\\|") : std::string(1, each);
    return out;
}

std::string_view kind_of(ValueType type)
{
    switch (type) {
        case ValueType::boolean: return "`true` or `false`";
        case ValueType::integer: return "whole number";
        case ValueType::number: return "number";
        case ValueType::duration: return "[duration](#kinds-of-values)";
        case ValueType::size: return "[size](#kinds-of-values)";
        case ValueType::choice: return "one of";
        case ValueType::name: return "[name](#kinds-of-values)";
        case ValueType::url: return "URL";
        case ValueType::base_url: return "URL without a query";
        case ValueType::proxy_url: return "`http://host:port`";
        case ValueType::host: return "host name or address";
        case ValueType::path: return "absolute path";
        case ValueType::file_name: return "file name";
        case ValueType::text: return "text";
        case ValueType::user_name: return "text without a colon";
        case ValueType::secret:
        case ValueType::pass_phrase: return "[secret](#secrets)";
        case ValueType::signing_secret: return "[secret](#secrets), `whsec_…`";
        case ValueType::signing_secrets: return "list of [secrets](#secrets), `whsec_…`";
        case ValueType::signing_key: return "[secret](#secrets), `whsk_…`";
        case ValueType::names: return "list of [names](#kinds-of-values)";
        case ValueType::words: return "list of words";
        case ValueType::event_patterns:
        case ValueType::task_event_patterns: return "list of [event types](#kinds-of-values)";
        case ValueType::networks: return "list of networks, `10.1.0.0/16`";
        case ValueType::hosts: return "list of host names or addresses";
        case ValueType::addresses: return "list of [addresses](#kinds-of-values)";
        case ValueType::durations: return "list of [durations](#kinds-of-values)";
        case ValueType::headers: return "table of texts or [secrets](#secrets)";
        case ValueType::metadata_filters: return "table of texts or lists of texts";
    }
    return {};
}

std::string value_of(const Descriptor& key)
{
    std::string out(kind_of(key.type));
    for (const std::string& choice : key.choices)
        out += fmt::format(" `{}`", choice);
    const std::string range = key.range_text();
    return range.empty() ? out : fmt::format("{}, {}", out, range);
}

std::string default_of(const Descriptor& key)
{
    if (key.required)
        return "**required**";
    return key.default_text.empty() ? "none" : fmt::format("`{}`", key.default_text);
}

std::string text_of(const Descriptor& key)
{
    std::string out = key.text;
    if (!key.fits.empty())
        out += fmt::format(" Only for `{}`.", key.fits);
    if (key.reload == Reload::restart)
        out += " Needs a restart.";
    return out;
}

std::string rows_of(const TableDescriptor& table)
{
    std::string out = "| key | what it is for | value | default |\n|---|---|---|---|\n";
    for (const Descriptor& key : config::descriptors())
        if (key.table == table.name)
            out += fmt::format(
                "| `{}` | {} | {} | {} |\n",
                key.key,
                cell(text_of(key)),
                cell(value_of(key)),
                cell(default_of(key))
            );
    return out;
}

}  // namespace

std::string configuration_tables()
{
    std::string out;
    for (const TableDescriptor& table : config::tables())
        out += fmt::format(
            "## {0}{1}{2}\n\n{3}{4}\n\n{5}\n",
            table.repeated ? "[[" : "[",
            table.name,
            table.repeated ? "]]" : "]",
            table.text,
            table.repeated ? " Any number of them." : "",
            rows_of(table)
        );
    return out;
}

}  // namespace pollhook::documentation
