#include "orphans.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/task/status.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace pollhook::service {

std::string Orphans::text() const
{
    return fmt::format(
        "provider {} is not configured any more: nobody looks at its {} open task{} until it is again",
        provider,
        open_tasks,
        open_tasks == 1 ? "" : "s"
    );
}

std::vector<Orphans> orphans(const store::Totals& totals, const std::vector<config::Provider>& providers)
{
    std::vector<Orphans> all;
    for (const auto& [provider, counts] : totals.tasks) {
        if (std::ranges::find(providers, provider, &config::Provider::name) != providers.end())
            continue;
        std::uint64_t open = 0;
        for (const auto& [status, count] : counts)
            open += is_terminal(status) ? 0 : count;
        if (open > 0)
            all.push_back({.provider = provider, .open_tasks = open});
    }
    return all;
}

void warn_of(const Orphans& orphans)
{
    spdlog::warn(
        "provider.not_configured: provider={} open_tasks={} hint=\"nobody looks at them until it is "
        "configured again\"",
        base::printable(orphans.provider),
        orphans.open_tasks
    );
}

}  // namespace pollhook::service
