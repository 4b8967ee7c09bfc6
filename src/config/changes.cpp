#include "pollhook/config/changes.hpp"

#include "key_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pollhook::config {
namespace {

template <class Section>
void compare(const Section& before, const Section& after, std::vector<std::string>& keys)
{
    for (const Row<Section>& row : rows<Section>())
        if (!row.same(before, after))
            keys.push_back(row.key.path());
}

template <class Section>
const Section* find(const std::vector<Section>& sections, const std::string& name)
{
    const auto found = std::ranges::find(sections, name, &Section::name);
    return found == sections.end() ? nullptr : &*found;
}

template <class Section>
SectionChanges compare(const std::vector<Section>& before, const std::vector<Section>& after)
{
    SectionChanges out;
    for (const Section& section : after) {
        const Section* const old = find(before, section.name);
        if (old == nullptr) {
            out.added.push_back(section.name);
            continue;
        }
        ChangedSection changed;
        for (const Row<Section>& row : rows<Section>())
            if (!row.same(*old, section))
                changed.keys.push_back(row.key.key);
        if (!changed.keys.empty()) {
            changed.name = section.name;
            out.changed.push_back(std::move(changed));
        }
    }
    for (const Section& section : before)
        if (find(after, section.name) == nullptr)
            out.removed.push_back(section.name);
    return out;
}

void tell(const SectionChanges& changes, std::string_view kind, std::vector<std::string>& parts)
{
    if (!changes.added.empty())
        parts.push_back(fmt::format("added {} {}", kind, fmt::join(changes.added, ", ")));
    for (const ChangedSection& one : changes.changed)
        parts.push_back(fmt::format("changed {} {}: {}", kind, one.name, fmt::join(one.keys, ", ")));
    if (!changes.removed.empty())
        parts.push_back(fmt::format("removed {} {}", kind, fmt::join(changes.removed, ", ")));
}

}  // namespace

std::string Changes::text() const
{
    std::vector<std::string> parts;
    if (!keys.empty())
        parts.push_back(fmt::format("changed {}", fmt::join(keys, ", ")));
    tell(providers, "provider", parts);
    tell(sinks, "sink", parts);
    return parts.empty() ? "nothing changed" : fmt::format("{}", fmt::join(parts, "; "));
}

Changes changes_between(const Config& before, const Config& after)
{
    Changes out;
    compare(before.daemon, after.daemon, out.keys);
    compare(before.store, after.store, out.keys);
    compare(before.admin, after.admin, out.keys);
    compare(before.task_webhooks, after.task_webhooks, out.keys);
    compare(before.delivery, after.delivery, out.keys);
    out.providers = compare(before.providers, after.providers);
    out.sinks = compare(before.sinks, after.sinks);
    return out;
}

}  // namespace pollhook::config
