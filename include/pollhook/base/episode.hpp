#pragma once

#include "pollhook/base/time.hpp"

#include <chrono>
#include <optional>

namespace pollhook::base {

/// A trouble that comes again and again for as long as it lasts, and what of it belongs into a log: its
/// beginning, a reminder once a minute, its end. One that comes and goes within a minute is told of once.
/// Pure.
class Episode {
public:
    enum class Line { none, begins, goes_on };

    /// It has happened (again).
    Line happened(SteadyPoint now)
    {
        constexpr Duration pause = std::chrono::minutes(1);
        if (!since_)
            since_ = now;
        if (last_line_ && now - *last_line_ < pause)
            return Line::none;
        last_line_ = now;
        const bool was_told = told_;
        told_ = true;
        return was_told ? Line::goes_on : Line::begins;
    }

    /// All is well. How long it was not, when its beginning was told of.
    std::optional<Duration> ended(SteadyPoint now)
    {
        const std::optional<Duration> length = told_ && since_ ? std::optional(now - *since_) : std::nullopt;
        since_.reset();
        told_ = false;
        return length;
    }

    [[nodiscard]] bool lasts() const noexcept { return since_.has_value(); }

private:
    std::optional<SteadyPoint> since_;
    std::optional<SteadyPoint> last_line_;
    bool told_ = false;
};

}  // namespace pollhook::base
