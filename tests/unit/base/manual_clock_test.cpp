#include "support/manual_clock.hpp"

#include "pollhook/base/task_group.hpp"
#include "pollhook/base/time.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pollhook::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Lines = std::vector<std::string>;

// What these coroutines refer to belongs to the fixture, which runs the loop dry before it goes.

asio::awaitable<void> note_when(base::Clock& clock, base::Duration pause, std::string name, Lines& lines)
{
    co_await clock.sleep_for(pause);
    lines.push_back(name + " " + base::format_rfc3339(clock.now()).substr(11, 8));
}

asio::awaitable<void> tick(base::Clock& clock, base::Duration pause, int times, Lines& lines)
{
    for (int i = 0; i < times; ++i) {
        co_await clock.sleep_for(pause);
        lines.push_back(base::format_rfc3339(clock.now()).substr(11, 8));
    }
}

asio::awaitable<void> wait_on(base::Timer& timer, base::SteadyPoint when, Lines& lines)
{
    const bool reached = co_await timer.wait_until(when);
    lines.push_back(reached ? "reached" : "woken");
}

class ManualClockTest : public testing::Test {
protected:
    asio::io_context loop;
    ManualClock clock{loop};
    Lines lines;
    std::unique_ptr<base::Timer> timer = clock.make_timer();
    base::TaskGroup group{loop.get_executor()};
};

TEST_F(ManualClockTest, StandsStillUntilItIsMoved)
{
    const auto wall = clock.now();
    const auto steady = clock.steady_now();
    group.spawn(note_when(clock, 1s, "a", lines));
    clock.drain();
    EXPECT_EQ(clock.now(), wall);
    EXPECT_EQ(clock.waiters(), 1U);
    EXPECT_THAT(lines, IsEmpty());
    clock.advance(1s);
    EXPECT_EQ(clock.now(), wall + 1s);
    EXPECT_EQ(clock.steady_now(), steady + 1s);
    EXPECT_EQ(clock.waiters(), 0U);
}

TEST_F(ManualClockTest, WakesWaitersInTheOrderOfTheirDeadlinesAtTheirTime)
{
    group.spawn(note_when(clock, 3s, "c", lines));
    group.spawn(note_when(clock, 1s, "a", lines));
    group.spawn(note_when(clock, 2s, "b", lines));
    clock.advance(1min);
    EXPECT_THAT(lines, ElementsAre("a 00:00:01", "b 00:00:02", "c 00:00:03"));
    EXPECT_EQ(base::format_rfc3339(clock.now()), "2026-01-01T00:01:00.000Z");
}

TEST_F(ManualClockTest, StopsAtDeadlinesThatAppearOnTheWay)
{
    group.spawn(tick(clock, 10s, 3, lines));
    clock.advance(1min);
    EXPECT_THAT(lines, ElementsAre("00:00:10", "00:00:20", "00:00:30"));
}

TEST_F(ManualClockTest, ReachesADeadlineThatHasPassedAtOnce)
{
    group.spawn(wait_on(*timer, clock.steady_now(), lines));
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("reached"));
}

TEST_F(ManualClockTest, EndsAWaitThatIsWoken)
{
    group.spawn(wait_on(*timer, clock.steady_now() + 1h, lines));
    clock.drain();
    timer->wake();
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("woken"));
}

TEST_F(ManualClockTest, DoesNotRememberAWakeUpThatNobodyWaitedFor)
{
    timer->wake();
    group.spawn(wait_on(*timer, clock.steady_now() + 1h, lines));
    clock.drain();
    EXPECT_THAT(lines, IsEmpty());
    clock.advance(1h);
    EXPECT_THAT(lines, ElementsAre("reached"));
}

TEST_F(ManualClockTest, WaitsForEverUntilItIsWoken)
{
    group.spawn(wait_on(*timer, base::SteadyPoint::max(), lines));
    clock.advance(10'000h);
    EXPECT_THAT(lines, IsEmpty());
    timer->wake();
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("woken"));
}

TEST_F(ManualClockTest, MovesTheWallClockAlone)
{
    const auto wall = clock.now();
    const auto steady = clock.steady_now();
    group.spawn(note_when(clock, 1s, "a", lines));
    clock.drain();
    clock.jump(-24h);
    clock.drain();
    EXPECT_THAT(lines, IsEmpty());
    EXPECT_EQ(clock.now(), wall - 24h);
    EXPECT_EQ(clock.steady_now(), steady);
    clock.advance(1s);
    EXPECT_THAT(lines, ElementsAre("a 00:00:01"));
}

}  // namespace
}  // namespace pollhook::test
