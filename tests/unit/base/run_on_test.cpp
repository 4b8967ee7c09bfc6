#include "pollhook/base/run_on.hpp"

#include "pollhook/base/task_group.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace pollhook::base {
namespace {

namespace asio = boost::asio;

struct Seen {
    std::thread::id worker;
    std::thread::id resumed;
    std::string error;
    int value = 0;
};

asio::awaitable<void> work_elsewhere(asio::any_io_executor executor, Seen& seen)
{
    const auto work = [&seen] {
        seen.worker = std::this_thread::get_id();
        return 42;
    };
    seen.value = co_await run_on(executor, work);
    seen.resumed = std::this_thread::get_id();
}

asio::awaitable<void> fail_elsewhere(asio::any_io_executor executor, Seen& seen)
{
    try {
        const auto work = []() -> int { throw std::runtime_error("disk gone"); };
        seen.value = co_await run_on(executor, work);
    } catch (const std::runtime_error& error) {
        seen.error = error.what();
    }
}

asio::awaitable<void> wait_elsewhere(
    asio::any_io_executor executor, std::shared_future<void> gate, Seen& seen
)
{
    const auto work = [&gate] {
        gate.wait();
        return 7;
    };
    seen.value = co_await run_on(executor, work);
}

class RunOnTest : public testing::Test {
protected:
    asio::io_context loop;
    asio::thread_pool pool{1};
    TaskGroup group{loop.get_executor()};
    Seen seen;
};

TEST_F(RunOnTest, RunsTheWorkThereAndResumesHere)
{
    group.spawn(work_elsewhere(pool.get_executor(), seen));
    loop.run();
    EXPECT_EQ(seen.value, 42);
    EXPECT_NE(seen.worker, std::this_thread::get_id());
    EXPECT_EQ(seen.resumed, std::this_thread::get_id());
}

TEST_F(RunOnTest, BringsAnExceptionBack)
{
    group.spawn(fail_elsewhere(pool.get_executor(), seen));
    loop.run();
    EXPECT_EQ(seen.error, "disk gone");
}

TEST_F(RunOnTest, FinishesTheWorkOfACancelledCaller)
{
    std::promise<void> gate;
    group.spawn(wait_elsewhere(pool.get_executor(), gate.get_future().share(), seen));
    loop.poll();
    group.cancel();
    loop.poll();
    EXPECT_EQ(group.size(), 1U);
    gate.set_value();
    loop.run();
    EXPECT_EQ(seen.value, 7);
    EXPECT_EQ(group.size(), 0U);
}

}  // namespace
}  // namespace pollhook::base
