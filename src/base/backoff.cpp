#include "pollhook/base/backoff.hpp"

#include <algorithm>

namespace pollhook::base {

Duration Backoff::next(Random& random)
{
    constexpr std::uint32_t max_shift = 30;
    const std::int64_t factor = std::int64_t{1} << std::min(failures_, max_shift);
    ++failures_;
    const Duration whole = first_ > max_ / factor ? max_ : first_ * factor;
    return Duration(random.between(whole.count() - whole.count() / 2, whole.count()));
}

}  // namespace pollhook::base
