#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/poll/poller.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace pollhook::service {

/// The pollers of the configured providers, in their order, while they run. Lives on the loop.
class Pollers {
public:
    using Owned = std::vector<std::unique_ptr<poll::Poller>>;

    /// `clock` outlives it.
    Pollers(const boost::asio::any_io_executor& loop, base::Clock& clock);

    /// Runs those that are there and those that come, until cancel(). Throws when the store fails.
    [[nodiscard]] boost::asio::awaitable<void> run();
    void cancel();

    /// Before run().
    void add(std::unique_ptr<poll::Poller> poller) { all_.push_back(std::move(poller)); }
    /// Takes the place of all: `next` holds those that go on and new ones, which start now.
    void replace(Owned next, const std::vector<const poll::Poller*>& started);
    /// Gives them all away, for replace().
    [[nodiscard]] Owned take() { return std::move(all_); }
    /// Ends pollers that are none of ours any more, and with them what they have under way.
    [[nodiscard]] boost::asio::awaitable<void> retire(Owned former);

    [[nodiscard]] poll::Poller* find(std::string_view provider) const;
    [[nodiscard]] std::vector<poll::Poller*> list() const;
    [[nodiscard]] Owned::const_iterator begin() const noexcept { return all_.begin(); }
    [[nodiscard]] Owned::const_iterator end() const noexcept { return all_.end(); }

private:
    boost::asio::awaitable<void> stand_by();
    boost::asio::awaitable<void> attend(poll::Poller& poller);
    void start(poll::Poller& poller);

    Owned all_;
    std::vector<const poll::Poller*> running_;
    base::TaskGroup group_;
    std::unique_ptr<base::Timer> cancelled_;
    std::unique_ptr<base::Timer> one_left_;
};

}  // namespace pollhook::service
