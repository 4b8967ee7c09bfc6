#include "pollers.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace pollhook::service {

namespace asio = boost::asio;

Pollers::Pollers(const asio::any_io_executor& loop, base::Clock& clock)
    : group_(loop),
      cancelled_(clock.make_timer()),
      one_left_(clock.make_timer())
{
}

asio::awaitable<void> Pollers::run()
{
    group_.spawn(stand_by());
    for (const auto& poller : all_)
        start(*poller);
    co_await group_.join();
}

void Pollers::cancel()
{
    group_.cancel();
}

/// Keeps the group from ending while no provider is configured.
asio::awaitable<void> Pollers::stand_by()
{
    for (;;)
        co_await cancelled_->wait_until(base::SteadyPoint::max());
}

void Pollers::start(poll::Poller& poller)
{
    running_.push_back(&poller);
    group_.spawn(attend(poller));
}

/// `poller` outlives it: nobody destroys one that is in `running_`.
asio::awaitable<void> Pollers::attend(poll::Poller& poller)
{
    std::exception_ptr failure;
    try {
        co_await poller.run();
    } catch (...) {
        failure = std::current_exception();
    }
    std::erase(running_, &poller);
    one_left_->wake();
    if (failure)
        std::rethrow_exception(failure);
}

void Pollers::replace(Owned next, const std::vector<const poll::Poller*>& started)
{
    all_ = std::move(next);
    for (const auto& poller : all_)
        if (std::ranges::find(started, poller.get()) != started.end())
            start(*poller);
}

asio::awaitable<void> Pollers::retire(Owned former)
{
    for (const auto& poller : former)
        poller->close();
    const auto is_running = [this](const auto& poller) {
        return std::ranges::find(running_, poller.get()) != running_.end();
    };
    // Also when the caller is cancelled meanwhile: they are in use.
    co_await asio::this_coro::throw_if_cancelled(false);
    while (std::ranges::any_of(former, is_running))
        co_await one_left_->wait_until(base::SteadyPoint::max());
    co_await asio::this_coro::throw_if_cancelled(true);
}

poll::Poller* Pollers::find(std::string_view provider) const
{
    const auto found = std::ranges::find(all_, provider, [](const auto& poller) -> std::string_view {
        return poller->name();
    });
    return found == all_.end() ? nullptr : found->get();
}

std::vector<poll::Poller*> Pollers::list() const
{
    std::vector<poll::Poller*> pointers;
    for (const auto& poller : all_)
        pointers.push_back(poller.get());
    return pointers;
}

}  // namespace pollhook::service
