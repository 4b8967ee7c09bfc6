#include "document.hpp"

#include "pollhook/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pollhook::config {
namespace {

std::vector<std::string> table_names()
{
    std::vector<std::string> out;
    for (const TableDescriptor& table : tables())
        out.push_back(table.name);
    return out;
}

/// The keys of `table` on the level of `prefix`: of `lost_after.misses` the part `lost_after` without a
/// prefix.
std::vector<std::string> keys_of(std::string_view table, std::string_view prefix)
{
    std::set<std::string> out;
    for (const Descriptor& key : descriptors())
        if (key.table == table && key.key.starts_with(prefix)) {
            const std::string rest = key.key.substr(prefix.size());
            out.insert(rest.substr(0, rest.find('.')));
        }
    return {out.begin(), out.end()};
}

std::string header_of(const TableDescriptor& table)
{
    return table.repeated ? "[[" + table.name + "]]" : "[" + table.name + "]";
}

/// `it belongs into [daemon]`, when another table has a key of that name.
std::string home_of(std::string_view key)
{
    for (const TableDescriptor& table : tables())
        for (const Descriptor& descriptor : descriptors())
            if (descriptor.table == table.name && descriptor.key == key)
                return fmt::format("it belongs into {}", header_of(table));
    return {};
}

}  // namespace

void DocumentReader::read(const toml::table& document)
{
    for (const auto& [key, node] : document) {
        if (key.str() == "daemon")
            read_single("daemon", node, config_.daemon);
        else if (key.str() == "store")
            read_single("store", node, config_.store);
        else if (key.str() == "admin")
            read_single("admin", node, config_.admin);
        else if (key.str() == "provider")
            read_list("provider", node, config_.providers, provider_places_);
        else if (key.str() == "task_webhooks")
            read_single("task_webhooks", node, config_.task_webhooks);
        else if (key.str() == "sink")
            read_list("sink", node, config_.sinks, sink_places_);
        else if (key.str() == "delivery")
            read_single("delivery", node, config_.delivery);
        else
            unknown_table(key, node);
    }
}

Config DocumentReader::take(Place whole)
{
    config_.positions.start(std::move(whole));
    for (auto& [table, places] : single_places_)
        config_.positions.add(table, std::move(places));
    for (std::size_t i = 0; i < config_.providers.size(); ++i)
        config_.positions.add("provider " + config_.providers[i].name, std::move(provider_places_[i]));
    for (std::size_t i = 0; i < config_.sinks.size(); ++i)
        config_.positions.add("sink " + config_.sinks[i].name, std::move(sink_places_[i]));
    return std::move(config_);
}

template <class Section>
void DocumentReader::read_single(std::string_view name, const toml::node& node, Section& section)
{
    const toml::table* table = node.as_table();
    if (table == nullptr)
        return report_.add(
            node.source(), fmt::format("\"{}\" must be one table", name), fmt::format("write [{}]", name)
        );
    Places& places = single_places_[std::string(name)];
    places.emplace("", place_of(table->source()));
    read_keys(*table, "", section, places);
}

template <class Section>
void DocumentReader::read_list(
    std::string_view name, const toml::node& node, std::vector<Section>& sections, std::vector<Places>& places
)
{
    const toml::array* array = node.as_array();
    if (array == nullptr)
        return report_.add(
            node.source(),
            fmt::format("\"{}\" must be a list of tables", name),
            fmt::format("write [[{}]]", name)
        );
    for (const toml::node& element : *array) {
        const toml::table* table = element.as_table();
        if (table == nullptr) {
            report_.add(
                element.source(),
                fmt::format("\"{}\" must contain tables", name),
                fmt::format("write [[{}]]", name)
            );
            continue;
        }
        Section& section = sections.emplace_back();
        Places& own = places.emplace_back();
        own.emplace("", place_of(table->source()));
        const bool typed = read_type(*table, section, own);
        read_keys(*table, "", section, own);
        if (typed)
            check_required(name, section, own);
    }
}

template <class Section>
bool DocumentReader::read_type(const toml::table& table, Section& section, Places& places)
{
    const std::size_t before = report_.count();
    for (const Row<Section>& row : rows<Section>()) {
        const toml::node* node = row.key.key == "type" ? table.get("type") : nullptr;
        if (node == nullptr)
            continue;
        row.read(values_, row.key, *node, section);
        if (report_.count() != before)
            return false;
        places.emplace("type", place_of(node->source()));
        return true;
    }
    report_.add(
        places.find("")->second,
        fmt::format("\"type\" is missing in [[{}]]", rows<Section>().front().key.table)
    );
    return false;
}

template <class Section>
void DocumentReader::read_keys(
    const toml::table& table, const std::string& prefix, Section& section, Places& places
)
{
    const std::vector<Row<Section>>& all = rows<Section>();
    const bool typed = type_of(section).empty() || places.contains("type");
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const auto row = std::ranges::find(all, name, [](const Row<Section>& r) { return r.key.key; });
        if (row == all.end()) {
            const std::string inner = name + ".";
            const bool nested =
                std::ranges::any_of(all, [&](const auto& r) { return r.key.key.starts_with(inner); });
            if (nested && node.is_table()) {
                places.emplace(name, place_of(key.source()));
                read_keys(*node.as_table(), inner, section, places);
            } else if (nested)
                report_.add(
                    node.source(),
                    fmt::format("\"{}\" must be a table", name),
                    fmt::format("with the keys {}", fmt::join(keys_of(all.front().key.table, inner), ", "))
                );
            else
                unknown_key(all.front().key.table, key, prefix);
            continue;
        }
        if (name == "type" && !type_of(section).empty())
            continue;  // read_type() was here before
        const auto [place, is_new] = places.emplace(name, place_of(key.source()));
        if (!is_new)
            report_.add(
                key.source(),
                fmt::format("\"{}\" is defined twice", name),
                fmt::format("first at {}", place->second.text())
            );
        else if (typed && !fits(row->key, type_of(section)))
            report_.add(
                key.source(),
                fmt::format("\"{}\" does not fit the type \"{}\"", name, type_of(section)),
                fmt::format("it is for \"{}\"", row->key.fits)
            );
        else
            row->read(values_, row->key, node, section);
    }
}

template <class Section>
void DocumentReader::check_required(std::string_view name, const Section& section, const Places& places)
{
    for (const Row<Section>& row : rows<Section>())
        if (row.key.required && fits(row.key, type_of(section)) && !places.contains(row.key.key))
            report_.add(
                places.find("")->second, fmt::format("\"{}\" is missing in [[{}]]", row.key.key, name)
            );
}

void DocumentReader::unknown_key(std::string_view table, const toml::key& key, const std::string& prefix)
{
    std::string hint = did_you_mean(key.str(), keys_of(table, prefix));
    if (hint.empty())
        hint = home_of(key.str());
    const std::string shown = base::printable(key.str(), 60);
    report_.add(
        key.source(), fmt::format("unknown key \"{}{}\" in [{}]", prefix, shown, table), std::move(hint)
    );
}

void DocumentReader::unknown_table(const toml::key& key, const toml::node& node)
{
    std::string hint = node.is_table() || node.is_array() ? std::string() : home_of(key.str());
    if (hint.empty())
        hint = did_you_mean(key.str(), table_names());
    const std::string_view kind = node.is_table() || node.is_array_of_tables() ? "table" : "key";
    report_.add(
        key.source(), fmt::format("unknown {} \"{}\"", kind, base::printable(key.str(), 60)), std::move(hint)
    );
}

}  // namespace pollhook::config
