#include "pollhook/config/show.hpp"

#include "key_table.hpp"
#include "value_text.hpp"

#include <algorithm>

namespace pollhook::config {
namespace {

bool is_repeated(std::string_view table)
{
    return std::ranges::any_of(tables(), [&](const TableDescriptor& t) {
        return t.name == table && t.repeated;
    });
}

/// A nested key stays dotted, which is TOML too.
template <class Section>
std::string lines_of(const Section& section)
{
    std::string out;
    for (const Row<Section>& row : rows<Section>()) {
        const std::string value =
            fits(row.key, type_of(section)) ? row.print(row.key, section) : std::string();
        if (!value.empty())
            out += row.key.key + " = " + value + "\n";
    }
    return out;
}

}  // namespace

std::string show(const Config& config)
{
    std::string out;
    for_each_section(config, [&](std::string_view table, const auto& section) {
        const std::string name(table);
        out += (out.empty() ? "" : "\n") + (is_repeated(table) ? "[[" + name + "]]\n" : "[" + name + "]\n");
        out += lines_of(section);
    });
    return out;
}

std::vector<std::string> restart_needed(const Config& running, const Config& next)
{
    std::vector<std::string> out;
    const auto compare = [&]<class Section>(const Section& before, const Section& after) {
        for (const Row<Section>& row : rows<Section>())
            if (row.key.reload == Reload::restart && !row.same(before, after))
                out.push_back(row.key.path());
    };
    compare(running.daemon, next.daemon);
    compare(running.store, next.store);
    compare(running.admin, next.admin);
    compare(running.task_webhooks, next.task_webhooks);
    compare(running.delivery, next.delivery);
    return out;
}

}  // namespace pollhook::config
