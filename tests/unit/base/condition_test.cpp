#include "pollhook/base/condition.hpp"

#include "pollhook/base/task_group.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <exception>

namespace pollhook::base {
namespace {

using namespace std::chrono_literals;

/// Both belong to the fixture.
boost::asio::awaitable<void> wait_on(Condition& condition, SteadyPoint when, int& ended)
{
    co_await condition.wait_until(when);
    ++ended;
}

class ConditionTest : public testing::Test {
protected:
    ~ConditionTest() override { end(); }

    void wait(SteadyPoint when = SteadyPoint::max())
    {
        group_.spawn(wait_on(condition_, when, ended_));
        clock_.drain();
    }
    void end()
    {
        group_.cancel();
        boost::asio::co_spawn(loop_, group_.join(), [](const std::exception_ptr&) {});
        clock_.drain();
    }

    boost::asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    Condition condition_{clock_};
    int ended_ = 0;
    TaskGroup group_{loop_.get_executor()};
};

TEST_F(ConditionTest, WakesAllWhoWait)
{
    wait();
    wait();
    EXPECT_EQ(ended_, 0);
    condition_.wake_all();
    clock_.drain();
    EXPECT_EQ(ended_, 2);
}

TEST_F(ConditionTest, ForgetsThoseWhoWaitNoMore)
{
    wait(clock_.steady_now() + 5s);
    wait();
    clock_.advance(5s);
    EXPECT_EQ(ended_, 1);
    condition_.wake_all();
    clock_.drain();
    EXPECT_EQ(ended_, 2);
    condition_.wake_all();
    clock_.drain();
    EXPECT_EQ(ended_, 2);
}

TEST_F(ConditionTest, AWaitThatIsCancelledLeavesNothingBehind)
{
    wait();
    end();
    condition_.wake_all();
    clock_.drain();
    EXPECT_EQ(clock_.waiters(), 0U);
}

}  // namespace
}  // namespace pollhook::base
