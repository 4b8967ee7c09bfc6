#pragma once

#include "pollhook/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace pollhook::simulation {

/// Virtual time and what is going to happen in it. Events of one moment happen in the order in which they
/// were planned, so that a run depends on its seed alone.
class Timeline {
public:
    using What = std::function<void()>;

    [[nodiscard]] base::SteadyPoint now() const noexcept { return now_; }
    /// The wall clock, which jump() sets apart from now().
    [[nodiscard]] base::TimePoint wall() const noexcept { return wall_at_zero_ + now_.time_since_epoch(); }

    void at(base::SteadyPoint when, What what);
    void after(base::Duration pause, What what) { at(now_ + pause, std::move(what)); }

    /// When the next event is due; empty: nothing is planned.
    [[nodiscard]] std::optional<base::SteadyPoint> next() const;
    /// Moves time to `when`, which no planned event precedes.
    void advance_to(base::SteadyPoint when);
    /// Lets the first event happen that is due; false when there is none.
    bool run_one();

    /// Sets the wall clock apart, as an administrator or NTP does.
    void jump(base::Duration by) noexcept
    {
        wall_at_zero_ += by;
        ++jumps_;
    }
    [[nodiscard]] std::size_t jumps() const noexcept { return jumps_; }

private:
    base::SteadyPoint now_{std::chrono::hours(1)};
    base::TimePoint wall_at_zero_{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
    std::multimap<base::SteadyPoint, What> events_;
    std::size_t jumps_ = 0;
};

}  // namespace pollhook::simulation
