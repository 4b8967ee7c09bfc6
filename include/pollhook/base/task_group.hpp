#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <exception>
#include <list>

namespace pollhook::base {

/// Owns a set of concurrent coroutines, so that none outlives the object that started it.
///
/// The first child to fail cancels its siblings; join() then rethrows that failure. A child that ends with
/// operation_aborted because the group was cancelled has not failed.
/// Not thread-safe: every member must be called on the executor given at construction.
class TaskGroup {
public:
    explicit TaskGroup(boost::asio::any_io_executor executor);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Starts `task`. While a cancelled group drains, a new child is cancelled from its first wait on.
    void spawn(boost::asio::awaitable<void> task);

    /// Asks every child to stop. Returns immediately; use join() to wait.
    void cancel();

    /// Completes once no child is running; the group can then be used anew. When the joining coroutine is
    /// cancelled meanwhile, it cancels the children and still waits for them. (A coroutine that was cancelled
    /// before cannot even start to wait: it has to reset its cancellation state first.)
    boost::asio::awaitable<void> join();

    std::size_t size() const noexcept { return children_.size(); }

private:
    using Children = std::list<boost::asio::cancellation_signal>;

    void on_exit(Children::iterator child, std::exception_ptr failure);

    boost::asio::any_io_executor executor_;
    Children children_;
    std::exception_ptr failure_;
    bool cancelled_ = false;          // until join() has seen the last child leave
    boost::asio::steady_timer idle_;  // a condition variable: cancelled when the group empties
};

}  // namespace pollhook::base
