#include "support/manual_clock.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pollhook::test {

namespace asio = boost::asio;

class ManualTimer final : public base::Timer {
public:
    explicit ManualTimer(ManualClock& clock) : clock_(clock), gate_(clock.loop_) {}

    asio::awaitable<bool> wait_until(base::SteadyPoint when) override
    {
        if (when <= clock_.steady_)
            co_return true;
        gate_.expires_at(asio::steady_timer::time_point::max());
        const Registration registration(clock_.gates_, when, gate_);
        boost::system::error_code ec;
        co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        co_return clock_.steady_ >= when;
    }

    void wake() override { gate_.cancel(); }

private:
    class Registration {
    public:
        Registration(ManualClock::Gates& gates, base::SteadyPoint when, asio::steady_timer& gate)
            : gates_(gates),
              entry_(gates.emplace(when, &gate))
        {
        }
        Registration(const Registration&) = delete;
        Registration& operator=(const Registration&) = delete;
        ~Registration() { gates_.erase(entry_); }

    private:
        ManualClock::Gates& gates_;
        ManualClock::Gates::iterator entry_;
    };

    ManualClock& clock_;
    asio::steady_timer gate_;
};

std::unique_ptr<base::Timer> ManualClock::make_timer()
{
    return std::make_unique<ManualTimer>(*this);
}

void ManualClock::drain()
{
    loop_.restart();
    loop_.poll();
}

void ManualClock::advance(base::Duration elapsed)
{
    const base::SteadyPoint target = steady_ + elapsed;
    drain();
    while (!gates_.empty() && gates_.begin()->first <= target) {
        const auto [when, gate] = *gates_.begin();
        wall_ += when - steady_;
        steady_ = when;
        gate->cancel();
        drain();
    }
    wall_ += target - steady_;
    steady_ = target;
}

}  // namespace pollhook::test
