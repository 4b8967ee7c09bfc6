#include "pollhook/config/descriptor.hpp"

#include "key_table.hpp"
#include "pollhook/base/time.hpp"
#include "size.hpp"

#include <fmt/format.h>

namespace pollhook::config {
namespace {

template <class Section>
void append_keys(std::vector<Descriptor>& out)
{
    for (const Row<Section>& each : rows<Section>())
        out.push_back(each.key);
}

}  // namespace

bool Descriptor::is_secret() const noexcept
{
    switch (type) {
        case ValueType::secret:
        case ValueType::pass_phrase:
        case ValueType::signing_secret:
        case ValueType::signing_secrets:
        case ValueType::signing_key:
        case ValueType::headers: return true;
        default: return false;
    }
}

std::string Descriptor::range_text() const
{
    const auto duration = [](double ms) {
        return base::format_duration(base::Duration(static_cast<std::int64_t>(ms)));
    };
    const auto size = [](double bytes) { return format_size(static_cast<std::uint64_t>(bytes)); };
    switch (type) {
        case ValueType::integer:
        case ValueType::number: return fmt::format("{} to {}", minimum, maximum);
        case ValueType::duration:
        case ValueType::durations: return fmt::format("{} to {}", duration(minimum), duration(maximum));
        case ValueType::size: return fmt::format("{} to {}", size(minimum), size(maximum));
        default: return {};
    }
}

std::span<const Descriptor> descriptors()
{
    static const std::vector<Descriptor> all = [] {
        std::vector<Descriptor> out;
        append_keys<Daemon>(out);
        append_keys<Store>(out);
        append_keys<Admin>(out);
        append_keys<Provider>(out);
        append_keys<TaskWebhooks>(out);
        append_keys<Sink>(out);
        append_keys<Delivery>(out);
        return out;
    }();
    return all;
}

std::span<const TableDescriptor> tables()
{
    static const std::vector<TableDescriptor> all{
        {"daemon", false, "The process itself."},
        {"store", false, "The database."},
        {"admin", false, "The HTTP interface for commands, scripts and the dashboard."},
        {"provider", true, "A relay account whose tasks are watched."},
        {"task_webhooks", false, "What goes to the webhookUrl that a task brought along."},
        {"sink", true, "A receiver of the events of all tasks."},
        {"delivery", false, "How webhooks are sent."}
    };
    return all;
}

}  // namespace pollhook::config
