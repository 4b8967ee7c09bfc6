#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/config/descriptor.hpp"
#include "value_reader.hpp"

#include <string>
#include <vector>

namespace pollhook::config {

/// A key together with the member that holds it.
template <class Section>
struct Row {
    Descriptor key;
    void (*read)(ValueReader& reader, const Descriptor& key, const toml::node& node, Section& section);
    std::string (*print)(const Descriptor& key, const Section& section);  ///< TOML; empty: nothing to show
    bool (*same)(const Section& before, const Section& after);            ///< also of what is not printed
};

/// The rows of one table, in the order in which they are shown.
template <class Section>
const std::vector<Row<Section>>& rows();

template <>
const std::vector<Row<Daemon>>& rows<Daemon>();
template <>
const std::vector<Row<Store>>& rows<Store>();
template <>
const std::vector<Row<Admin>>& rows<Admin>();
template <>
const std::vector<Row<Provider>>& rows<Provider>();
template <>
const std::vector<Row<TaskWebhooks>>& rows<TaskWebhooks>();
template <>
const std::vector<Row<Sink>>& rows<Sink>();
template <>
const std::vector<Row<Delivery>>& rows<Delivery>();

/// The `type` that decides which keys fit; empty where there is none.
template <class Section>
std::string_view type_of(const Section& section)
{
    if constexpr (requires { section.type; })
        return to_string(section.type);
    else
        return {};
}

inline bool fits(const Descriptor& key, std::string_view type)
{
    return key.fits.empty() || key.fits == type;
}

/// Calls `visit(name, section)` for each part of `config` in the order of tables(); the lists come one by
/// one.
template <class AnyConfig, class Visitor>
void for_each_section(AnyConfig& config, const Visitor& visit)
{
    visit("daemon", config.daemon);
    visit("store", config.store);
    visit("admin", config.admin);
    for (auto& provider : config.providers)
        visit("provider", provider);
    visit("task_webhooks", config.task_webhooks);
    for (auto& sink : config.sinks)
        visit("sink", sink);
    visit("delivery", config.delivery);
}

}  // namespace pollhook::config
