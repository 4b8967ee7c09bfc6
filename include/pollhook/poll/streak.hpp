#pragma once

#include "pollhook/base/time.hpp"

#include <optional>

namespace pollhook::poll {

/// Something that happens again and again with nothing else in between, and since when. Pure; steady time.
class Streak {
public:
    void happened(base::SteadyPoint now)
    {
        if (!since_)
            since_ = now;
    }
    void end() noexcept { since_.reset(); }

    [[nodiscard]] bool is_running() const noexcept { return since_.has_value(); }
    [[nodiscard]] bool has_lasted(base::Duration time, base::SteadyPoint now) const
    {
        return since_ && now - *since_ >= time;
    }

private:
    std::optional<base::SteadyPoint> since_;
};

}  // namespace pollhook::poll
