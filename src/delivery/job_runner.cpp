#include "pollhook/delivery/job_runner.hpp"

#include "pollhook/store/failure.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace pollhook::delivery {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// More than run at once.
constexpr std::size_t most_jobs = 1000;
/// Between two tries while the store is full.
constexpr base::Duration full_store_pause = 1s;
/// Between two tries to read the list of jobs.
constexpr base::Duration first_read_pause = 1s;
constexpr base::Duration longest_read_pause = 1min;
/// A step is a transaction of its own: large enough to be cheap, small enough to delay no commit.
constexpr std::size_t largest_step = 200;
/// How often a job takes a step at the most.
constexpr double steps_per_second = 4;

std::size_t step_size(double per_second)
{
    if (per_second <= 0)
        return largest_step;
    return std::clamp<std::size_t>(static_cast<std::size_t>(per_second / steps_per_second), 1, largest_step);
}

}  // namespace

JobRunner::JobRunner(store::Store& store, base::Clock& clock, OutboxNow outbox_now, OnWaiting on_waiting)
    : store_(store),
      clock_(clock),
      outbox_now_(std::move(outbox_now)),
      on_waiting_(std::move(on_waiting)),
      changed_(clock.make_timer())
{
}

asio::awaitable<void> JobRunner::run()
{
    for (;;) {
        has_changed_ = false;
        due_ = clock_.steady_now();
        const std::optional<std::vector<store::Job>> jobs = co_await running();
        ++done_;
        if (!jobs) {
            due_ = clock_.steady_now() + read_pause_;
            co_await changed_->wait_until(due_);
            continue;
        }
        std::map<std::int64_t, base::SteadyPoint> next_steps;
        base::SteadyPoint next = base::SteadyPoint::max();
        for (const store::Job& job : *jobs) {
            const auto known = next_steps_.find(job.id);
            base::SteadyPoint due = known == next_steps_.end() ? clock_.steady_now() : known->second;
            if (due <= clock_.steady_now()) {
                const base::Duration pause = co_await step(job);
                ++done_;
                due = clock_.steady_now() + pause;
            }
            next_steps[job.id] = due;
            next = std::min(next, due);
        }
        next_steps_ = std::move(next_steps);
        if (has_changed_)
            continue;
        due_ = next;
        co_await changed_->wait_until(next);
    }
}

asio::awaitable<std::optional<std::vector<store::Job>>> JobRunner::running()
{
    // Those that run come first.
    base::Result<std::vector<store::Job>> jobs = co_await store_.jobs(most_jobs);
    if (!jobs) {
        // People's queries read on the same connection: whatever ails it is no reason to stop delivering.
        read_pause_ = std::clamp(2 * read_pause_, first_read_pause, longest_read_pause);
        spdlog::warn(
            "job.not_read: error=\"{}\" next={}", jobs.error().message(), base::format_duration(read_pause_)
        );
        co_return std::nullopt;
    }
    read_pause_ = {};
    std::erase_if(*jobs, [](const store::Job& job) { return job.state != store::JobState::running; });
    std::optional<std::vector<store::Job>> running = std::move(*jobs);
    co_return running;
}

/// `job` belongs to run(), which waits.
asio::awaitable<base::Duration> JobRunner::step(const store::Job& job)
{
    const std::size_t limit = step_size(job.request.per_second);
    const base::Result<store::Advanced> advanced =
        co_await store_.advance_job(job.id, limit, clock_.now(), outbox_now_());
    if (!advanced && advanced.error() == store::Errc::full) {
        if (not_advanced_.happened(clock_.steady_now()) != base::Episode::Line::none)
            spdlog::error("job.not_advanced: job={} error=\"the store is full\"", job.id);
        co_return full_store_pause;
    }
    store::throw_if_failed(advanced);
    if (const auto length = not_advanced_.ended(clock_.steady_now()))
        spdlog::info(
            "job.advanced_again: job={} after={}",
            job.id,
            base::format_duration(std::chrono::floor<std::chrono::seconds>(*length))
        );
    if (!advanced->waiting.empty())
        on_waiting_(advanced->waiting);
    const store::Job& now = advanced->job;
    if (now.state != store::JobState::running)
        spdlog::info(
            "job.ended: job={} kind={} state={} examined={} deliveries={}",
            now.id,
            name(now.request.kind),
            name(now.state),
            now.examined,
            now.deliveries
        );
    if (advanced->deliveries == 0 || job.request.per_second <= 0)
        co_return base::Duration(0);
    const double seconds = static_cast<double>(advanced->deliveries) / job.request.per_second;
    co_return base::Duration(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace pollhook::delivery
