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

/// What kind of work a job is, as far as its queue has to know.
enum class JobKind {
    read,
    write,
    registration,  ///< refused when there is no space
    close,         ///< the last
};

/// An operation on its way: handed in and completed on the loop, executed on a thread that may block, against
/// that thread's `Context`. It may be executed more than once (when a transaction is rolled back), so it
/// never consumes what it was given.
template <class Context>
class Job {
public:
    Job(JobKind kind, std::size_t rows) : kind_(kind), rows_(rows) {}
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual ~Job() = default;

    [[nodiscard]] JobKind kind() const noexcept { return kind_; }
    /// Roughly how many rows it writes.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

    /// Throws SQLite::Exception.
    virtual void execute(Context& context) = 0;
    virtual void fail(const boost::system::error_code& reason) = 0;
    /// Resumes the one who waits for it.
    virtual void complete() = 0;

private:
    JobKind kind_;
    std::size_t rows_;
};

template <class Context>
using JobList = std::vector<std::unique_ptr<Job<Context>>>;

template <class Context, class T, class Work, class Handler>
class JobOf final : public Job<Context> {
public:
    JobOf(
        JobKind kind, std::size_t rows, const boost::asio::any_io_executor& loop, Work work, Handler handler
    )
        : Job<Context>(kind, rows),
          loop_(boost::asio::prefer(loop, boost::asio::execution::outstanding_work_t::tracked)),
          work_(std::move(work)),
          handler_(std::move(handler))
    {
    }

    void execute(Context& context) override
    {
        if constexpr (std::is_void_v<T>) {
            work_(context);
            result_ = base::Result<void>();
        } else
            result_ = work_(context);
    }
    void fail(const boost::system::error_code& reason) override { result_ = reason; }
    void complete() override { std::move(handler_)(std::move(result_)); }

private:
    boost::asio::any_io_executor loop_;  // keeps it running until completion
    Work work_;
    Handler handler_;
    base::Result<T> result_{Errc::closed};
};

/// An awaitable that hands a job made of `work` to `queue` (by enqueue()) and completes with its result.
///
/// It is no coroutine of ours, and cancellation passes it by: the effect is on its way, and a cancellation
/// that crossed executors would leave a dangling signal behind in Asio 1.26.
template <class T, class Context, class Queue, class Work>
boost::asio::awaitable<base::Result<T>> submit(
    std::shared_ptr<Queue> queue, JobKind kind, std::size_t rows, Work work
)
{
    auto initiate = [queue = std::move(queue), kind, rows](auto handler, Work given) {
        using Handler = decltype(handler);
        queue->enqueue(std::make_unique<JobOf<Context, T, Work, Handler>>(
            kind, rows, queue->loop(), std::move(given), std::move(handler)
        ));
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(base::Result<T>)>(
        std::move(initiate), boost::asio::use_awaitable, std::move(work)
    );
}

}  // namespace pollhook::store
