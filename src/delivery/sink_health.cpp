#include "pollhook/delivery/sink_health.hpp"

#include <utility>

namespace pollhook::delivery {

SinkHealth::Step SinkHealth::succeeded(base::TimePoint now)
{
    last_success_ = now;
    failures_ = 0;
    return std::exchange(failing_, false) ? Step::recovered : Step::none;
}

SinkHealth::Step SinkHealth::failed(std::string reason, base::TimePoint now)
{
    constexpr std::uint32_t trouble = 3;
    last_failure_ = now;
    last_error_ = std::move(reason);
    if (++failures_ < trouble || failing_)
        return Step::none;
    failing_ = true;
    return Step::failing;
}

}  // namespace pollhook::delivery
