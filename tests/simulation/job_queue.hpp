#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <deque>
#include <memory>
#include <utility>

namespace pollhook::simulation {

/// The store's thread as a queue: what is posted runs one piece after the other, when the world says so.
class JobQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return jobs_.empty(); }
    void run_one()
    {
        const std::unique_ptr<Job> job = std::move(jobs_.front());
        jobs_.pop_front();
        job->run();
    }

    template <class Function>
    void push(Function function)
    {
        jobs_.push_back(std::make_unique<JobOf<Function>>(std::move(function)));
    }

private:
    struct Job {
        Job() = default;
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;
        virtual ~Job() = default;
        virtual void run() = 0;
    };
    template <class Function>
    struct JobOf final : Job {
        explicit JobOf(Function given) : function(std::move(given)) {}
        void run() override { std::move(function)(); }
        Function function;
    };

    std::deque<std::unique_ptr<Job>> jobs_;
};

/// What Asio posts to a JobQueue through. `context` is only what it wants to know of any executor.
class JobQueueExecutor {
public:
    /// Both must outlive it.
    JobQueueExecutor(JobQueue& queue, boost::asio::execution_context& context) noexcept
        : queue_(&queue),
          context_(&context)
    {
    }

    [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept
    {
        return *context_;
    }
    static constexpr boost::asio::execution::blocking_t::never_t query(boost::asio::execution::blocking_t
    ) noexcept
    {
        return {};
    }
    template <class Function>
    void execute(Function function) const
    {
        queue_->push(std::move(function));
    }

    friend bool operator==(const JobQueueExecutor& a, const JobQueueExecutor& b) noexcept
    {
        return a.queue_ == b.queue_;
    }
    friend bool operator!=(const JobQueueExecutor& a, const JobQueueExecutor& b) noexcept
    {
        return !(a == b);
    }

private:
    JobQueue* queue_;
    boost::asio::execution_context* context_;
};

}  // namespace pollhook::simulation
