#include "pollhook/base/task_group.hpp"

#include "pollhook/base/clock.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
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

asio::awaitable<void> sleep(Clock& clock, Duration pause, std::string name, Lines& lines)
{
    const bool slept = co_await clock.sleep_for(pause);
    lines.push_back(name + (slept ? " slept" : " cancelled"));
}

/// Waits twice, so that a cancellation reaches it as an exception.
asio::awaitable<void> sleep_twice(Clock& clock, Lines& lines)
{
    co_await clock.sleep_for(1s);
    lines.push_back("between");
    co_await clock.sleep_for(1s);
    lines.push_back("after");
}

asio::awaitable<void> fail_after(Clock& clock, Duration pause, std::string what)
{
    co_await clock.sleep_for(pause);
    throw std::runtime_error(what);
}

asio::awaitable<void> join(TaskGroup& group, Lines& lines)
{
    try {
        co_await group.join();
        lines.push_back("joined");
    } catch (const std::exception& error) {
        lines.push_back(std::string("joined: ") + error.what());
    }
}

/// A service with a group of its own: whatever happens to it, its children end before it does.
asio::awaitable<void> own_a_group(Clock& clock, Lines& lines)
{
    TaskGroup own(co_await asio::this_coro::executor);
    own.spawn(sleep(clock, 1h, "grandchild", lines));
    co_await own.join();
    lines.push_back("owner done");
}

asio::awaitable<void> spawn_a_sibling(TaskGroup& group, Clock& clock, Lines& lines)
{
    co_await clock.sleep_for(1h);
    group.spawn(sleep(clock, 1h, "late child", lines));
}

class TaskGroupTest : public testing::Test {
protected:
    /// Joins as the owner would; what came of it is in `lines`.
    void start_joining()
    {
        owner.spawn(join(group, lines));
        clock.drain();
    }

    asio::io_context loop;
    test::ManualClock clock{loop};
    Lines lines;
    TaskGroup group{loop.get_executor()};
    TaskGroup owner{loop.get_executor()};
};

TEST_F(TaskGroupTest, JoinsAtOnceWhenItIsEmpty)
{
    start_joining();
    EXPECT_THAT(lines, ElementsAre("joined"));
}

TEST_F(TaskGroupTest, JoinsWhenTheLastChildIsDone)
{
    group.spawn(sleep(clock, 2s, "b", lines));
    group.spawn(sleep(clock, 1s, "a", lines));
    start_joining();
    EXPECT_EQ(group.size(), 2U);
    EXPECT_THAT(lines, IsEmpty());
    clock.advance(1s);
    EXPECT_EQ(group.size(), 1U);
    clock.advance(1s);
    EXPECT_THAT(lines, ElementsAre("a slept", "b slept", "joined"));
}

TEST_F(TaskGroupTest, CancelsEveryChild)
{
    group.spawn(sleep(clock, 1h, "a", lines));
    group.spawn(sleep(clock, 1h, "b", lines));
    start_joining();
    group.cancel();
    EXPECT_EQ(group.size(), 2U);
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("a cancelled", "b cancelled", "joined"));
}

TEST_F(TaskGroupTest, DoesNotTakeACancellationForAFailure)
{
    group.spawn(sleep_twice(clock, lines));
    start_joining();
    group.cancel();
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("between", "joined"));
}

TEST_F(TaskGroupTest, CancelsTheSiblingsOfAFailureAndRethrowsIt)
{
    group.spawn(sleep(clock, 1h, "sibling", lines));
    group.spawn(fail_after(clock, 1s, "broken"));
    group.spawn(fail_after(clock, 2s, "too late"));
    start_joining();
    clock.advance(1s);
    EXPECT_THAT(lines, ElementsAre("sibling cancelled", "joined: broken"));
    EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, KeepsAFailureUntilItIsJoined)
{
    group.spawn(fail_after(clock, 1s, "broken"));
    clock.advance(1s);
    EXPECT_EQ(group.size(), 0U);
    start_joining();
    EXPECT_THAT(lines, ElementsAre("joined: broken"));
}

TEST_F(TaskGroupTest, ReportsAFailureThatCancellationBroughtToLight)
{
    group.spawn(fail_after(clock, 1h, "could not clean up"));
    start_joining();
    group.cancel();
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("joined: could not clean up"));
}

TEST_F(TaskGroupTest, CancelsAChildThatIsSpawnedWhileItDrains)
{
    group.spawn(spawn_a_sibling(group, clock, lines));
    start_joining();
    group.cancel();
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("late child cancelled", "joined"));
    EXPECT_EQ(clock.waiters(), 0U);
}

TEST_F(TaskGroupTest, CanBeUsedAnewAfterItWasJoined)
{
    group.cancel();
    start_joining();
    group.spawn(sleep(clock, 1s, "second life", lines));
    clock.advance(1s);
    EXPECT_THAT(lines, ElementsAre("joined", "second life slept"));
}

TEST_F(TaskGroupTest, PassesTheCancellationOfItsOwnerOnAndWaits)
{
    group.spawn(own_a_group(clock, lines));
    start_joining();
    group.cancel();
    clock.drain();
    EXPECT_THAT(lines, ElementsAre("grandchild cancelled", "owner done", "joined"));
    EXPECT_EQ(clock.waiters(), 0U);
}

}  // namespace
}  // namespace pollhook::base
