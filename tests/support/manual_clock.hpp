#pragma once

#include "pollhook/base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <map>

namespace pollhook::test {

/// Time that moves only when the test says so. Waiters wake in the order of their deadlines, and the event
/// loop runs dry after each, so a test never waits and never races. Wall time starts at 2026-01-01T00:00:00Z
/// and moves along.
class ManualClock final : public base::Clock {
public:
    explicit ManualClock(boost::asio::io_context& loop) : loop_(loop) {}

    [[nodiscard]] base::TimePoint now() const override { return wall_; }
    [[nodiscard]] base::SteadyPoint steady_now() const override { return steady_; }
    [[nodiscard]] std::unique_ptr<base::Timer> make_timer() override;

    /// Runs what is ready, then moves both clocks forward, stopping at each deadline on the way.
    void advance(base::Duration elapsed);
    /// Moves the wall clock alone, as an administrator or NTP does.
    void jump(base::Duration by) { wall_ += by; }
    /// Runs the loop until nothing is ready.
    void drain();

    [[nodiscard]] std::size_t waiters() const noexcept { return gates_.size(); }

private:
    friend class ManualTimer;
    using Gates = std::multimap<base::SteadyPoint, boost::asio::steady_timer*>;

    boost::asio::io_context& loop_;
    base::TimePoint wall_{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
    base::SteadyPoint steady_{base::Duration(1'000'000)};
    Gates gates_;
};

}  // namespace pollhook::test
