#include "checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

namespace pollhook::simulation {
namespace {

/// What may have been in force between two moments; empty: no limit.
using Rate = std::function<std::optional<double>(const config::Config&)>;

/// The highest rate of all that may have been in force; empty: one of them sets none.
std::optional<double> highest(
    const Configurations& all, base::SteadyPoint from, base::SteadyPoint to, const Rate& rate_by
)
{
    double most = 0;
    for (const Configurations::Version& version : all.between(from, to)) {
        const std::optional<double> rate = rate_by(version.config);
        if (!rate)
            return std::nullopt;
        most = std::max(most, *rate);
    }
    return most;
}

/// The bucket is as deep as a second; what waited for a connection comes later and is not counted.
void check_rate(
    std::vector<Sending> all,
    const Rate& rate_by,
    const std::string& whose,
    const Evidence& evidence,
    Violations& violations
)
{
    constexpr std::size_t furthest = 20;
    std::erase_if(all, &Sending::on_new_connection);
    std::ranges::sort(all, {}, &Sending::at);
    for (std::size_t first = 0; first < all.size(); ++first)
        for (std::size_t last = first; last < std::min(first + furthest, all.size()); ++last) {
            if (all[first].boot != all[last].boot)
                break;
            const auto rate =
                highest(*evidence.configurations, all[first].at - base::Duration(1), all[last].at, rate_by);
            const std::chrono::duration<double> time = all[last].at - all[first].at;
            if (rate && static_cast<double>(last - first + 1) > *rate * (time.count() + 1) + 1)
                violations.add(
                    "I11",
                    fmt::format(
                        "{}: {} requests within {:.3f} s are more than its rate allows",
                        whose,
                        last - first + 1,
                        time.count()
                    )
                );
        }
}

void check_sink(const config::Sink& sink, const Evidence& evidence, Violations& violations)
{
    std::vector<Sending> all;
    for (const Receipt& receipt : *evidence.ledger)
        if (receipt.destination.ends_with("/" + sink.name))
            all.push_back(
                {.at = receipt.sent_at, .boot = receipt.boot, .on_new_connection = receipt.on_new_connection}
            );
    const Rate rate_by = [&sink](const config::Config& config) -> std::optional<double> {
        const auto found = std::ranges::find(config.sinks, sink.name, &config::Sink::name);
        return found == config.sinks.end() ? 0 : found->max_per_second;
    };
    check_rate(std::move(all), rate_by, "sink " + sink.name, evidence, violations);
}

}  // namespace

void check_rates(const Evidence& evidence, Violations& violations)
{
    for (const config::Sink& sink : evidence.scenario->config.sinks)
        if (!sink.batch.max_events)  // a request of several events counts as so many
            check_sink(sink, evidence, violations);
    // A relay that refuses a batch is asked again in parts, on credit; and so is whoever shows new tasks.
    const Troubles& troubles = evidence.scenario->troubles;
    if (troubles.relays || troubles.lies)
        return;
    for (const config::Provider& settings : evidence.scenario->config.providers) {
        const std::string& provider = settings.name;
        if (settings.discover)
            continue;
        const Rate rate_by = [&provider](const config::Config& config) -> std::optional<double> {
            return std::ranges::find(config.providers, provider, &config::Provider::name)
                ->max_requests_per_second;
        };
        check_rate(
            evidence.relays.at(provider)->requests(), rate_by, "provider " + provider, evidence, violations
        );
    }
}

}  // namespace pollhook::simulation
