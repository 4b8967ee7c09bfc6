#pragma once

#include "pollhook/base/histogram.hpp"
#include "pollhook/base/time.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace pollhook::base {

/// A place where one coroutine waits, for a moment in time or for wake(), whichever comes first.
///
/// It serves as the sleep of a loop (the scheduler sleeps until the next due task, a registration wakes it)
/// and as the deadline of a connection. Not thread-safe; it must outlive the wait.
class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    virtual ~Timer() = default;

    /// True when `when` was reached, false when woken earlier or when the waiting coroutine was cancelled.
    /// SteadyPoint::max() waits for wake() alone. One waiter at a time. A wake() that comes while nobody
    /// waits is not remembered: look at the state first.
    [[nodiscard]] virtual boost::asio::awaitable<bool> wait_until(SteadyPoint when) = 0;

    /// Ends the wait under way, if there is one.
    virtual void wake() = 0;
};

/// The only source of time in the daemon, so that tests and simulations can move it by hand.
/// Belongs to the event loop: call it there only, except now() and steady_now(), which any thread may call.
class Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    [[nodiscard]] virtual TimePoint now() const = 0;
    [[nodiscard]] virtual SteadyPoint steady_now() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Timer> make_timer() = 0;

    /// How late its timers wake those who wait: what the loop had to do first. Null when that is not
    /// measured.
    [[nodiscard]] virtual const Histogram* lateness() const noexcept { return nullptr; }

    /// Suspends for `pause`; false when the coroutine was cancelled meanwhile.
    [[nodiscard]] boost::asio::awaitable<bool> sleep_for(Duration pause);
};

}  // namespace pollhook::base
