#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/store/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace pollhook::store {

/// What kind of work it is, as far as its queue has to know.
enum class WorkKind {
    read,
    write,
    registration,  ///< refused when there is no space
    close,         ///< the last
};

/// An operation on its way: handed in and completed on the loop, executed on a thread that may block, against
/// that thread's `Context`. It may be executed more than once (when a transaction is rolled back), so it
/// never consumes what it was given.
template <class Context>
class Work {
public:
    Work(WorkKind kind, std::size_t rows) : kind_(kind), rows_(rows) {}
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    virtual ~Work() = default;

    [[nodiscard]] WorkKind kind() const noexcept { return kind_; }
    /// Roughly how many rows it writes.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

    /// Throws SQLite::Exception.
    virtual void execute(Context& context) = 0;
    virtual void fail(const boost::system::error_code& reason) = 0;
    /// Resumes the one who waits for it.
    virtual void complete() = 0;

private:
    WorkKind kind_;
    std::size_t rows_;
};

template <class Context>
using WorkList = std::vector<std::unique_ptr<Work<Context>>>;

template <class Context, class T, class Action, class Handler>
class WorkOf final : public Work<Context> {
public:
    WorkOf(
        WorkKind kind,
        std::size_t rows,
        const boost::asio::any_io_executor& loop,
        Action action,
        Handler handler
    )
        : Work<Context>(kind, rows),
          loop_(boost::asio::prefer(loop, boost::asio::execution::outstanding_work_t::tracked)),
          action_(std::move(action)),
          handler_(std::move(handler))
    {
    }

    void execute(Context& context) override
    {
        if constexpr (std::is_void_v<T>) {
            action_(context);
            result_ = base::Result<void>();
        } else
            result_ = action_(context);
    }
    void fail(const boost::system::error_code& reason) override
    {
        result_ = base::Result<T>(boost::system::in_place_error, reason);
    }
    void complete() override { std::move(handler_)(std::move(result_)); }

private:
    boost::asio::any_io_executor loop_;  // keeps it running until completion
    Action action_;
    Handler handler_;
    base::Result<T> result_{boost::system::in_place_error, Errc::closed};
};

/// An awaitable that hands work made of `action` to `queue` (by enqueue()) and completes with its result.
///
/// It is no coroutine of ours, and cancellation passes it by: the effect is on its way, and a cancellation
/// that crossed executors would leave a dangling signal behind in Asio 1.26.
template <class T, class Context, class Queue, class Action>
boost::asio::awaitable<base::Result<T>> submit(
    std::shared_ptr<Queue> queue, WorkKind kind, std::size_t rows, Action action
)
{
    auto initiate = [queue = std::move(queue), kind, rows](auto handler, Action given) {
        using Handler = decltype(handler);
        queue->enqueue(std::make_unique<WorkOf<Context, T, Action, Handler>>(
            kind, rows, queue->loop(), std::move(given), std::move(handler)
        ));
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(base::Result<T>)>(
        std::move(initiate), boost::asio::use_awaitable, std::move(action)
    );
}

}  // namespace pollhook::store
