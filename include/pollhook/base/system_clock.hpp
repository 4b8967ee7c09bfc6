#pragma once

#include "pollhook/base/clock.hpp"

#include <boost/asio/io_context.hpp>

namespace pollhook::base {

/// Real time.
class SystemClock final : public Clock {
public:
    /// `loop` runs the timers and must outlive them.
    explicit SystemClock(boost::asio::io_context& loop) : loop_(loop) {}

    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] SteadyPoint steady_now() const override;
    [[nodiscard]] std::unique_ptr<Timer> make_timer() override;

private:
    boost::asio::io_context& loop_;
};

}  // namespace pollhook::base
