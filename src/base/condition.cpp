#include "pollhook/base/condition.hpp"

#include <memory>

namespace pollhook::base {

boost::asio::awaitable<void> Condition::wait_until(SteadyPoint when)
{
    struct Place {
        std::list<Timer*>& all;
        std::list<Timer*>::iterator place;
        ~Place() { all.erase(place); }
    };
    const std::unique_ptr<Timer> timer = clock_.make_timer();
    const Place place{waiting_, waiting_.insert(waiting_.end(), timer.get())};
    co_await timer->wait_until(when);
}

void Condition::wake_all()
{
    for (Timer* const one : waiting_)
        one->wake();
}

}  // namespace pollhook::base
