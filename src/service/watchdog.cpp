#include "watchdog.hpp"

#include "pollhook/service/notify.hpp"
#include "pollhook/store/failure.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <string_view>

namespace pollhook::service {
namespace {

/// A part that should have done something so long ago hangs.
constexpr base::Duration overdue = std::chrono::seconds(30);

void tell(std::string_view part)
{
    spdlog::error("daemon.stuck: what={} hint=\"systemd will restart the service\"", part);
}

/// Each part is asked each time: it compares with what it saw before.
bool all_go_on(const Watched& watched)
{
    const base::SteadyPoint then = watched.clock->steady_now() - overdue;
    bool all = true;
    for (const auto& poller : *watched.pollers)
        if (poller->is_overdue(then) && !*watched.stopping) {
            all = false;
            tell("poller/" + poller->name());
        }
    if (watched.dispatcher->is_overdue(then) && !*watched.stopping) {
        all = false;
        tell("dispatcher");
    }
    return all;
}

}  // namespace

boost::asio::awaitable<void> feed_watchdog(Watched watched, base::Duration interval)
{
    for (;;) {
        co_await watched.clock->sleep_for(interval / 3);
        const auto beat = co_await watched.store->meta("watchdog");
        store::throw_if_failed(beat);
        if (all_go_on(watched))
            notify("WATCHDOG=1");
    }
}

}  // namespace pollhook::service
