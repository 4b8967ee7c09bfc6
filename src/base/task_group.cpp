#include "pollhook/base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <cassert>
#include <utility>

namespace pollhook::base {

namespace asio = boost::asio;

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
}

void TaskGroup::cancel()
{
    // A child may finish, and erase itself, while it handles the signal.
    for (auto child = children_.begin(); child != children_.end();)
        (child++)->emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> TaskGroup::join()
{
    while (!children_.empty()) {
        boost::system::error_code ignored;
        co_await idle_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (failure_)
        std::rethrow_exception(std::exchange(failure_, nullptr));
}

void TaskGroup::on_exit(Children::iterator child, std::exception_ptr failure)
{
    children_.erase(child);
    if (failure && !failure_) {
        failure_ = std::move(failure);
        cancel();
    }
    if (children_.empty())
        idle_.cancel();
}

}  // namespace pollhook::base
