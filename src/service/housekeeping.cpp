#include "housekeeping.hpp"

#include "pollhook/store/failure.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstddef>

namespace pollhook::service {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr base::Duration prune_interval = 1h;
constexpr base::Duration first_prune = 1min;
/// Small steps with pauses between them keep retention out of the deliveries' way.
constexpr std::size_t prune_step = 200;
constexpr base::Duration prune_pause = 200ms;
/// By so much at the most a kill can make a retry late, when the wall clock was set back before.
constexpr base::Duration outbox_note_interval = 1min;

}  // namespace

asio::awaitable<void> keep_retention(base::Clock& clock, store::Store& store, const base::Duration& retention)
{
    base::Duration pause = first_prune;
    for (;;) {
        co_await clock.sleep_for(pause);
        const base::TimePoint now = clock.now();
        auto pruned = co_await store.prune(now - retention, prune_step, now);
        if (!pruned && pruned.error() == store::Errc::full) {
            // Deleting needs space too. What is stored goes on being delivered, and the operator was told.
            spdlog::error("store.not_pruned: error=\"{}\"", pruned.error().message());
            pause = first_prune;
            continue;
        }
        store::throw_if_failed(pruned);
        if (pruned->tasks > 0)
            spdlog::info("store.pruned: tasks={}", pruned->tasks);
        pause = pruned->is_done ? prune_interval : prune_pause;
    }
}

asio::awaitable<void> keep_outbox_time(
    base::Clock& clock, store::Store& store, const delivery::Dispatcher& dispatcher
)
{
    for (;;) {
        co_await clock.sleep_for(outbox_note_interval);
        // Without anything that waits there is nothing that a clock could make late.
        if (dispatcher.has_backlog())
            co_await note_outbox_time(store, dispatcher);
    }
}

asio::awaitable<void> note_outbox_time(store::Store& store, const delivery::Dispatcher& dispatcher)
{
    const base::Result<void> noted = co_await store.note_outbox(dispatcher.outbox_now());
    if (!noted && noted.error() != store::Errc::full)
        store::throw_if_failed(noted);
}

}  // namespace pollhook::service
