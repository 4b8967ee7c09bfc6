// I10: what may not grow without bounds.
#include "pollhook/http/origin.hpp"
#include "world.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pollhook::simulation {

using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// A run has some thousand at the most.
constexpr std::size_t most_receipts = 20'000;
/// A checkpoint is due at 1000 pages, and after as many again when it fails; then the log begins anew.
constexpr std::size_t most_log_bytes = 5U << 20U;
constexpr std::size_t most_log_bytes_beside_a_full_disk = 32U << 20U;
/// So long an attempt may go by the limits under which it began.
constexpr base::Duration longest_attempt = 20s;

/// The most requests that may be under way at a host: of tasks' URLs there, and of each sink.
std::size_t most_at(const std::string& host, const config::Config& config)
{
    const unsigned per_origin = config.delivery.max_in_flight_per_origin;
    unsigned most = host.starts_with("hook") || host == rebinding_host ? per_origin : 0;
    for (const config::Sink& sink : config.sinks) {
        const auto url = http::parse_url(sink.url);
        if (url && url->origin.host == host)
            most =
                std::max(most, sink.max_in_flight.value_or(per_origin) * sink.batch.max_events.value_or(1));
    }
    return most;
}

}  // namespace

void World::check_bounds()
{
    check_attempts();
    const std::size_t most_log = scenario_.troubles.disk_full
                                     ? most_log_bytes_beside_a_full_disk
                                     : most_log_bytes * (1 + disk_trouble_.io_errors());
    if (disk_.size_of(std::string(database_path) + "-wal") > most_log)
        violations_.add("I10", "the write-ahead log grows");
    if (ledger_.size() > most_receipts)
        violations_.add("I11", "the receivers get far more than there is to send");
    timeline_.after(1s, [this] { check_bounds(); });
}

void World::check_attempts()
{
    const auto versions = configurations_.between(timeline_.now() - longest_attempt, timeline_.now());
    std::size_t all = 0;
    for (const auto& [host, receiver] : receivers_) {
        const std::size_t now = network_.in_progress(host);
        all += now;
        if (std::ranges::all_of(versions, [&](const auto& one) { return now > most_at(host, one.config); }))
            violations_.add("I10", fmt::format("{} has {} attempts at once", host, now));
    }
    if (std::ranges::all_of(versions, [all](const auto& one) {
            return all > one.config.delivery.max_in_flight;
        }))
        violations_.add("I10", fmt::format("{} attempts at once", all));
}

/// What the daemon says that it holds in memory, against what is stored: a claim stands for an open lane, and
/// a watched task for one that is open or settles.
void World::check_memory()
{
    desk_.look_at("/v1/status", [this](const json::value& status) {
        const auto stored = inspect(disk_, timeline_);
        if (!stored)
            return;
        std::set<std::pair<std::int64_t, std::int64_t>> lanes;
        for (const StoredDelivery& delivery : stored->deliveries)
            if (delivery.state == store::DeliveryState::pending)
                lanes.emplace(delivery.task, delivery.sink);
        const auto held = status.at("delivery").at("held").to_number<std::size_t>();
        if (held > lanes.size())
            violations_.add("I10", fmt::format("{} claims in memory for {} open lanes", held, lanes.size()));
    });
    if (chaos_)
        return;  // what was stored just now may not be known yet
    desk_.look_at("/v1/providers", [this](const json::value& answer) {
        const auto stored = inspect(disk_, timeline_);
        if (!stored)
            return;
        for (const json::value& provider : answer.at("providers").as_array()) {
            const std::string_view name = provider.at("name").as_string();
            const auto open =
                static_cast<std::size_t>(std::ranges::count_if(stored->tasks, [&](const auto& entry) {
                    const StoredTask& task = entry.second;
                    return task.provider == name && !task.deleted_at && (!task.ended_at || task.settles);
                }));
            const auto watched = provider.at("tasks").to_number<std::size_t>();
            if (watched > open)
                violations_.add(
                    "I10", fmt::format("{} watches {} tasks of {} open ones", name, watched, open)
                );
        }
    });
}

}  // namespace pollhook::simulation
