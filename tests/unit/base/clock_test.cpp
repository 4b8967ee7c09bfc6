#include "pollhook/base/clock.hpp"

#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/task_group.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pollhook::base {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Lines = std::vector<std::string>;

// What these coroutines refer to belongs to the fixture, which runs the loop dry before it goes.

asio::awaitable<void> wait_on(Timer& timer, SteadyPoint when, Lines& lines)
{
    const bool reached = co_await timer.wait_until(when);
    lines.push_back(reached ? "reached" : "woken");
}

asio::awaitable<void> sleep(Clock& clock, Duration pause, Lines& lines)
{
    const bool slept = co_await clock.sleep_for(pause);
    lines.push_back(slept ? "slept" : "cancelled");
}

class SystemClockTest : public testing::Test {
protected:
    asio::io_context loop;
    SystemClock clock{loop};
    Lines lines;
    std::unique_ptr<Timer> timer = clock.make_timer();
    TaskGroup group{loop.get_executor()};
};

TEST_F(SystemClockTest, HasReachedTheDeadlineWhenItSaysSo)
{
    const SteadyPoint deadline = clock.steady_now() + 3ms;
    group.spawn(wait_on(*timer, deadline, lines));
    loop.run();
    EXPECT_THAT(lines, ElementsAre("reached"));
    EXPECT_GE(clock.steady_now(), deadline);
}

TEST_F(SystemClockTest, ReachesAPastDeadlineAtOnce)
{
    group.spawn(wait_on(*timer, SteadyPoint::min(), lines));
    loop.run();
    EXPECT_THAT(lines, ElementsAre("reached"));
}

TEST_F(SystemClockTest, WaitsForEverUntilItIsWoken)
{
    group.spawn(wait_on(*timer, SteadyPoint::max(), lines));
    loop.poll();
    EXPECT_THAT(lines, IsEmpty());
    timer->wake();
    loop.run();
    EXPECT_THAT(lines, ElementsAre("woken"));
}

TEST_F(SystemClockTest, SleepsForTheLongestDurationThereIs)
{
    group.spawn(sleep(clock, Duration::max(), lines));
    loop.poll();
    EXPECT_THAT(lines, IsEmpty());
    group.cancel();
    loop.run();
    EXPECT_THAT(lines, ElementsAre("cancelled"));
}

}  // namespace
}  // namespace pollhook::base
