#pragma once

#include "pollhook/base/time.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace pollhook::base {

/// Finds out whether a loop hangs: whether it could have gone on and has not.
///
/// It has to be asked now and then, since only what was seen by an earlier question is known to wait: a
/// machine that slept has everything due at once. Pure.
class Stall {
public:
    /// `could_go_on`: something is due now, and nothing is in its way. `done`: a count that grows with
    /// whatever is done. Whether it could go on since before `then`, and has done nothing since.
    [[nodiscard]] bool lasts(bool could_go_on, std::uint64_t done, SteadyPoint now, SteadyPoint then)
    {
        if (!could_go_on || std::exchange(seen_, done) != done)
            since_.reset();
        if (could_go_on && !since_)
            since_ = now;
        return since_ && *since_ < then;
    }

private:
    std::optional<SteadyPoint> since_;
    std::uint64_t seen_ = 0;
};

}  // namespace pollhook::base
