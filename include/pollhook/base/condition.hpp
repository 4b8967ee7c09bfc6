#pragma once

#include "pollhook/base/clock.hpp"

#include <boost/asio/awaitable.hpp>

#include <list>

namespace pollhook::base {

/// A place where any number of coroutines of one loop wait for the same thing. It must outlive the waits.
class Condition {
public:
    /// `clock` outlives it.
    explicit Condition(Clock& clock) : clock_(clock) {}
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// Until wake_all(), until `when`, or until the waiting coroutine is cancelled: look at the state again.
    [[nodiscard]] boost::asio::awaitable<void> wait_until(SteadyPoint when);
    /// Ends the waits under way.
    void wake_all();

private:
    Clock& clock_;
    std::list<Timer*> waiting_;  // each belongs to a wait_until() that is suspended
};

}  // namespace pollhook::base
