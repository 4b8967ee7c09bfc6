#include "value_reader.hpp"

#include "pem_file.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/config/events.hpp"
#include "size.hpp"
#include "syntax.hpp"
#include "value_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pollhook::config {
namespace {

/// What stands in the file, for a message: the value when it is short and simple, else its kind.
std::string found(const toml::node& node)
{
    switch (node.type()) {
        case toml::node_type::string:
            return fmt::format("\"{}\"", base::printable(node.ref<std::string>(), 60));
        case toml::node_type::integer: return fmt::to_string(node.ref<std::int64_t>());
        case toml::node_type::floating_point: return fmt::to_string(node.ref<double>());
        case toml::node_type::boolean: return node.ref<bool>() ? "true" : "false";
        case toml::node_type::array: return "an array";
        case toml::node_type::table: return "a table";
        default: return "a date or time";
    }
}

bool in_range(const Descriptor& key, double value) noexcept
{
    return value >= key.minimum && value <= key.maximum;
}

bool is_list_of_texts(ValueType type) noexcept
{
    switch (type) {
        case ValueType::names:
        case ValueType::words:
        case ValueType::event_patterns:
        case ValueType::task_event_patterns:
        case ValueType::networks:
        case ValueType::hosts: return true;
        default: return false;
    }
}

}  // namespace

ValueReader::ValueReader(const Environment& environment, MissingSecret missing_secret, Report& report)
    : environment_(environment),
      missing_secret_(missing_secret),
      report_(report)
{
}

void ValueReader::read(const Descriptor& key, const toml::node& node, bool& out)
{
    if (const auto value = node.value_exact<bool>())
        out = *value;
    else
        refuse(key, node, "must be true or false");
}

void ValueReader::read(const Descriptor& key, const toml::node& node, unsigned& out)
{
    const auto value = node.value_exact<std::int64_t>();
    if (value && in_range(key, static_cast<double>(*value)))
        out = static_cast<unsigned>(*value);
    else
        refuse(key, node, fmt::format("must be an integer from {}", key.range_text()));
}

void ValueReader::read(const Descriptor& key, const toml::node& node, double& out)
{
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (value && std::isfinite(*value) && in_range(key, *value))
        out = *value;
    else
        refuse(key, node, fmt::format("must be a number from {}", key.range_text()));
}

void ValueReader::read(const Descriptor& key, const toml::node& node, Duration& out)
{
    const auto text = node.value_exact<std::string>();
    const auto value = text ? base::parse_duration(*text) : std::nullopt;
    if (!value)
        refuse(key, node, "must be a duration such as \"15s\"", "units: ms, s, m, h, d");
    else if (!in_range(key, static_cast<double>(value->count())))
        refuse(key, node, fmt::format("must be from {}", key.range_text()));
    else
        out = *value;
}

void ValueReader::read(const Descriptor& key, const toml::node& node, std::uint64_t& out)
{
    const auto text = node.value_exact<std::string>();
    const auto value = text ? parse_size(*text) : std::nullopt;
    if (!value)
        refuse(key, node, "must be a size such as \"64KiB\"", "units: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB");
    else if (!in_range(key, static_cast<double>(*value)))
        refuse(key, node, fmt::format("must be from {}", key.range_text()));
    else
        out = *value;
}

void ValueReader::read(const Descriptor& key, const toml::node& node, std::string& out)
{
    const auto text = node.value_exact<std::string>();
    if (!text)
        return refuse(key, node, is_list_of_texts(key.type) ? "must contain strings" : "must be a string");
    switch (key.type) {
        case ValueType::name:
        case ValueType::names:
            if (!is_name(*text))
                refuse(
                    key,
                    node,
                    "must be a name: up to 64 of a-z, 0-9, dot, dash and underscore, a letter or digit first"
                );
            break;
        case ValueType::url:
        case ValueType::base_url:
        case ValueType::proxy_url: check_url(key, node, *text); break;
        case ValueType::text:
        case ValueType::user_name:
            if (!is_header_value(*text))
                refuse(key, node, "must not contain control characters or exceed 8 KiB");
            else if (key.type == ValueType::user_name && text->find(':') != std::string::npos)
                refuse(key, node, "must not contain a colon");
            break;
        case ValueType::words:
            if (!is_word(*text))
                refuse(key, node, "must contain words of up to 64 visible ASCII characters");
            break;
        case ValueType::host:
            if (!is_host(*text))
                refuse(key, node, "must be a host name without scheme and port");
            out = base::to_lower(*text);
            return;
        case ValueType::file_name: {
            const std::filesystem::path path(*text);
            const bool plain = path.has_filename() && path.filename() == path && *text != "." &&
                               *text != ".." && text->size() <= 200 && is_header_value(*text);
            if (!plain)
                refuse(key, node, "must be a file name without a directory");
            break;
        }
        case ValueType::event_patterns:
        case ValueType::task_event_patterns: check_pattern(key, node, *text); break;
        case ValueType::networks:
            if (const auto problem = network_problem(*text))
                refuse(key, node, *problem);
            break;
        case ValueType::hosts:
            if (!is_host(*text))
                refuse(key, node, "must contain host names without scheme and port");
            out = base::to_lower(*text);
            return;
        default: break;
    }
    out = *text;
    const bool is_prefix = key.type == ValueType::base_url || key.type == ValueType::proxy_url;
    while (is_prefix && out.ends_with('/'))
        out.pop_back();
}

void ValueReader::read(const Descriptor& key, const toml::node& node, std::filesystem::path& out)
{
    const auto text = node.value_exact<std::string>();
    const std::filesystem::path path(text.value_or(""));
    if (!path.is_absolute() || path.native().size() > 4000 || !is_header_value(path.native()))
        refuse(key, node, "must be an absolute path");
    else
        out = path.lexically_normal();
}

void ValueReader::read(const Descriptor& key, const toml::node& node, PemFile& out)
{
    std::filesystem::path path;
    read(key, node, path);
    if (!path.empty())
        out = inspect(std::move(path));
}

void ValueReader::read(const Descriptor& key, const toml::node& node, std::vector<MetadataFilter>& out)
{
    const toml::table* table = node.as_table();
    if (table == nullptr)
        return refuse(key, node, "must be a table", R"(such as metadata = { tenant = ["a", "b"] })");
    const std::size_t before = report_.count();
    std::vector<MetadataFilter> filters;
    for (const auto& [name, wanted] : *table) {
        MetadataFilter& filter = filters.emplace_back();
        filter.key = name.str();
        const Descriptor each{
            .key = key.key + "." + base::printable(name.str(), 60), .type = ValueType::text
        };
        if (!is_header_value(filter.key))
            report_.add(
                name.source(),
                fmt::format("\"{}\" must not contain control characters or exceed 8 KiB", each.key)
            );
        if (wanted.is_array() && wanted.as_array()->empty())
            report_.add(
                wanted.source(), fmt::format("\"{}\" must not be empty: it selects nothing", each.key)
            );
        else if (wanted.is_array())
            read(each, wanted, filter.values);
        else
            read(each, wanted, filter.values.emplace_back());
    }
    if (report_.count() == before)
        out = std::move(filters);
}

void ValueReader::read(const Descriptor& key, const toml::node& node, ListenAddress& out)
{
    const auto text = node.value_exact<std::string>();
    if (const auto address = text ? parse_listen_address(*text) : std::nullopt)
        out = *address;
    else
        refuse(
            key,
            node,
            R"(must contain addresses such as "127.0.0.1:8780", "[::1]:8780" or "unix:/run/pollhook/admin.sock")"
        );
}

void ValueReader::refuse(
    const Descriptor& key, const toml::node& node, std::string_view demand, std::string hint
)
{
    report_.add(
        node.source(), fmt::format("\"{}\" {}, not {}", key.key, demand, found(node)), std::move(hint)
    );
}

void ValueReader::refuse_choice(const Descriptor& key, const toml::node& node)
{
    const auto text = node.value_exact<std::string>();
    refuse(
        key,
        node,
        fmt::format(
            "must be {}\"{}\"", key.choices.size() > 1 ? "one of " : "", fmt::join(key.choices, "\", \"")
        ),
        text ? did_you_mean(*text, key.choices) : std::string()
    );
}

void ValueReader::check_url(const Descriptor& key, const toml::node& node, const std::string& url)
{
    // The URL itself is not repeated: a query or a password in it may be secret.
    auto problem = url_problem(url);
    if (!problem && key.type == ValueType::base_url && url.find('?') != std::string::npos)
        problem = "must not have a query (?)";
    if (!problem && key.type == ValueType::proxy_url)
        problem = proxy_problem(url);
    if (problem)
        report_.add(node.source(), fmt::format("\"{}\" {}", key.key, *problem));
}

void ValueReader::check_pattern(const Descriptor& key, const toml::node& node, const std::string& pattern)
{
    const bool wild = pattern == "*" || pattern.ends_with(".*");
    const auto selected = event_types_of(pattern);
    const bool selects_others =
        std::ranges::any_of(selected, [](std::string_view type) { return !type.starts_with("task."); });
    if (selects_others && key.type == ValueType::task_event_patterns)
        return refuse(key, node, "must select events of tasks only", R"("task.*" is every one of them)");
    if (!selected.empty())
        return;
    const std::string demand = wild ? "must contain patterns that some event type matches"
                                    : "must contain event types or patterns such as \"task.*\"";
    refuse(key, node, demand, did_you_mean(pattern, event_patterns()));
}

const toml::array* ValueReader::checked_array(const Descriptor& key, const toml::node& node)
{
    const toml::array* array = node.as_array();
    const bool may_be_empty =
        key.type != ValueType::event_patterns && key.type != ValueType::task_event_patterns;
    constexpr std::size_t limit = 1000;
    if (array == nullptr)
        refuse(
            key,
            node,
            "must be an array",
            node.is_string() ? fmt::format("write [{}]", found(node)) : std::string()
        );
    else if (array->empty() && !may_be_empty)
        report_.add(
            node.source(),
            fmt::format("\"{}\" must not be empty", key.key),
            R"(["task.*"] is every event of a task)"
        );
    else if (array->size() > limit)
        report_.add(node.source(), fmt::format("\"{}\" must not have more than {} elements", key.key, limit));
    else
        return array;
    return nullptr;
}

}  // namespace pollhook::config
