#pragma once

#include "support/manual_clock.hpp"

#include <memory>
#include <utility>

namespace pollhook::test {

/// Time whose timers stop ringing when the test says so: a loop that hangs.
class DeafClock final : public base::Clock {
public:
    explicit DeafClock(ManualClock& real) : real_(real) {}

    bool deaf = false;

    [[nodiscard]] base::TimePoint now() const override { return real_.now(); }
    [[nodiscard]] base::SteadyPoint steady_now() const override { return real_.steady_now(); }
    [[nodiscard]] std::unique_ptr<base::Timer> make_timer() override
    {
        return std::make_unique<DeafTimer>(*this, real_.make_timer());
    }

private:
    class DeafTimer final : public base::Timer {
    public:
        DeafTimer(const DeafClock& clock, std::unique_ptr<base::Timer> real)
            : clock_(clock),
              real_(std::move(real))
        {
        }
        [[nodiscard]] boost::asio::awaitable<bool> wait_until(base::SteadyPoint when) override
        {
            return real_->wait_until(clock_.deaf ? base::SteadyPoint::max() : when);
        }
        void wake() override
        {
            if (!clock_.deaf)
                real_->wake();
        }

    private:
        const DeafClock& clock_;
        std::unique_ptr<base::Timer> real_;
    };

    ManualClock& real_;
};

}  // namespace pollhook::test
