#include "virtual_clock.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pollhook::simulation {

namespace asio = boost::asio;

class VirtualTimer final : public base::Timer {
public:
    explicit VirtualTimer(VirtualClock& clock) : clock_(clock), gate_(clock.loop_) {}

    asio::awaitable<bool> wait_until(base::SteadyPoint when) override
    {
        if (when <= clock_.steady_now())
            co_return true;
        gate_.expires_at(asio::steady_timer::time_point::max());
        const Place place(clock_.gates_, when, gate_);
        boost::system::error_code ec;
        co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        co_return clock_.steady_now() >= when;
    }

    void wake() override { gate_.cancel(); }

private:
    /// Among those who wait, as long as the wait lasts.
    class Place {
    public:
        Place(VirtualClock::Gates& gates, base::SteadyPoint when, asio::steady_timer& gate)
            : gates_(gates),
              entry_(gates.emplace(when, &gate))
        {
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { gates_.erase(entry_); }

    private:
        VirtualClock::Gates& gates_;
        VirtualClock::Gates::iterator entry_;
    };

    VirtualClock& clock_;
    asio::steady_timer gate_;
};

std::unique_ptr<base::Timer> VirtualClock::make_timer()
{
    return std::make_unique<VirtualTimer>(*this);
}

std::optional<base::SteadyPoint> VirtualClock::next() const
{
    if (gates_.empty() || gates_.begin()->first == base::SteadyPoint::max())
        return std::nullopt;
    return gates_.begin()->first;
}

bool VirtualClock::wake_one()
{
    for (const auto& [when, gate] : gates_) {
        if (when > steady_now())
            return false;
        if (gate->cancel() > 0)
            return true;
    }
    return false;
}

bool VirtualClock::run_ahead()
{
    const auto when = next();
    if (!when)
        return false;
    if (*when > steady_now())
        ahead_ += *when - steady_now();
    while (wake_one()) {
    }
    return true;
}

}  // namespace pollhook::simulation
