#include "timeline.hpp"

#include <algorithm>

namespace pollhook::simulation {

void Timeline::at(base::SteadyPoint when, What what)
{
    events_.emplace(std::max(when, now_), std::move(what));
}

std::optional<base::SteadyPoint> Timeline::next() const
{
    return events_.empty() ? std::nullopt : std::optional(events_.begin()->first);
}

void Timeline::advance_to(base::SteadyPoint when)
{
    now_ = std::max(now_, when);
}

bool Timeline::run_one()
{
    if (events_.empty() || events_.begin()->first > now_)
        return false;
    const What what = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    what();
    return true;
}

}  // namespace pollhook::simulation
