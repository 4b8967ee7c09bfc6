#pragma once

#include "pollhook/base/clock.hpp"
#include "timeline.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <optional>

namespace pollhook::simulation {

/// The clock of one process: reads the timeline, and wakes waiters when the world says that time has moved.
class VirtualClock final : public base::Clock {
public:
    /// Both must outlive the clock.
    VirtualClock(Timeline& timeline, boost::asio::io_context& loop) : timeline_(timeline), loop_(loop) {}

    [[nodiscard]] base::TimePoint now() const override { return timeline_.wall() + ahead_; }
    [[nodiscard]] base::SteadyPoint steady_now() const override { return timeline_.now() + ahead_; }
    [[nodiscard]] std::unique_ptr<base::Timer> make_timer() override;

    /// The earliest moment that somebody waits for; SteadyPoint::max() is none.
    [[nodiscard]] std::optional<base::SteadyPoint> next() const;
    /// Wakes the first waiter whose moment has come; false when there is none.
    bool wake_one();
    /// Lets a process that is dead to the world run on by itself, to its next waiter's moment; false when
    /// nobody waits for one.
    bool run_ahead();

private:
    friend class VirtualTimer;
    using Gates = std::multimap<base::SteadyPoint, boost::asio::steady_timer*>;

    Timeline& timeline_;
    boost::asio::io_context& loop_;
    Gates gates_;
    base::Duration ahead_{};
};

}  // namespace pollhook::simulation
