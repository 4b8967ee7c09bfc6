#include "pollhook/base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <cassert>
#include <exception>
#include <utility>

namespace pollhook::base {

namespace asio = boost::asio;

namespace {

bool is_cancellation(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : executor_(std::move(executor)),
      idle_(executor_, asio::steady_timer::time_point::max())
{
}

TaskGroup::~TaskGroup()
{
    assert(children_.empty() && "join() a TaskGroup before destroying it");
}

void TaskGroup::spawn(asio::awaitable<void> task)
{
    const auto child = children_.emplace(children_.end());
    asio::co_spawn(
        executor_,
        std::move(task),
        asio::bind_cancellation_slot(
            child->slot(), [this, child](std::exception_ptr failure) { on_exit(child, std::move(failure)); }
        )
    );
    // A coroutine that was resumed just before the cancellation may still spawn: its child must not run on.
    if (cancelled_)
        child->emit(asio::cancellation_type::terminal);
}

void TaskGroup::cancel()
{
    cancelled_ = true;
    // A child may finish, and erase itself, while it handles the signal.
    for (auto child = children_.begin(); child != children_.end();)
        (child++)->emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> TaskGroup::join()
{
    // Leaving early would leave the children without an owner, so a cancellation is passed on instead.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!children_.empty()) {
        boost::system::error_code ignored;
        co_await idle_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none && !cancelled_)
            cancel();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    cancelled_ = false;
    if (failure_)
        std::rethrow_exception(std::exchange(failure_, nullptr));
}

void TaskGroup::on_exit(Children::iterator child, std::exception_ptr failure)
{
    children_.erase(child);
    if (failure && !failure_ && !(cancelled_ && is_cancellation(failure))) {
        failure_ = std::move(failure);
        cancel();
    }
    if (children_.empty())
        idle_.cancel();
}

}  // namespace pollhook::base
