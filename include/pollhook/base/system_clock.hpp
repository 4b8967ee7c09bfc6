#pragma once

#include "pollhook/base/clock.hpp"

#include <boost/asio/io_context.hpp>

namespace pollhook::base {

/// Real time.
class SystemClock final : public Clock {
public:
    /// `loop` runs the timers and must outlive them.
    explicit SystemClock(boost::asio::io_context& loop);

    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] SteadyPoint steady_now() const override;
    /// They must not outlive the clock.
    [[nodiscard]] std::unique_ptr<Timer> make_timer() override;
    [[nodiscard]] const Histogram* lateness() const noexcept override { return &lateness_; }

private:
    boost::asio::io_context& loop_;
    Histogram lateness_;
};

}  // namespace pollhook::base
