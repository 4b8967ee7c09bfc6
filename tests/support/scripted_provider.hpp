#pragma once

#include "pollhook/provider/provider.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::test {

/// A relay in memory: answers for the tasks that the test put there, notes who was asked for and when, and
/// fails, stays silent or lies when told to.
class ScriptedProvider final : public provider::Provider {
public:
    struct Task {
        task::Status status = task::Status::queued;
        std::int8_t progress = 0;
        task::Snapshot snapshot;
    };
    struct Look {
        base::SteadyPoint at{};
        std::vector<std::string> ids;
    };

    explicit ScriptedProvider(ManualClock& clock) : clock_(clock) {}

    std::map<std::string, Task> tasks;
    std::size_t batch = 50;
    std::optional<provider::LookFailure> failure;  ///< of every look, while set
    std::deque<provider::LookFailure> failures;    ///< of the next looks
    std::set<std::string> refused;                 ///< ids that the relay refuses to answer for
    std::set<std::string> unreadable;              ///< items that snapshot() cannot read
    bool empties = false;                          ///< `200 []`, whatever was asked for
    bool silent = false;                           ///< looks wait until release() or their cancellation
    bool feeds = false;                            ///< discovers() and shows all tasks
    std::vector<Look> looks;
    std::size_t most_at_once = 0;
    std::size_t discoveries = 0;

    void show(const std::string& id, task::Status status, int progress = 0)
    {
        Task& task = tasks[id];
        task.status = status;
        task.progress = static_cast<std::int8_t>(progress);
        task.snapshot.upstream_status = word(status);
    }
    /// Lets silent looks answer.
    void release()
    {
        silent = false;
        for (base::Timer* gate : gates_)
            gate->wake();
    }
    /// The looks that asked for `id`.
    [[nodiscard]] std::vector<base::SteadyPoint> looks_at(const std::string& id) const
    {
        std::vector<base::SteadyPoint> times;
        for (const Look& one : looks)
            if (std::ranges::find(one.ids, id) != one.ids.end())
                times.push_back(one.at);
        return times;
    }

    [[nodiscard]] std::size_t batch_size() const noexcept override { return batch; }
    [[nodiscard]] bool discovers() const noexcept override { return feeds; }

    [[nodiscard]] boost::asio::awaitable<provider::LookResult> look(std::span<const std::string> ids) override
    {
        Look noted;
        noted.at = clock_.steady_now();
        noted.ids.assign(ids.begin(), ids.end());
        looks.push_back(std::move(noted));
        ++at_once_;
        most_at_once = std::max(most_at_once, at_once_);
        const bool cancelled = co_await wait_while_silent();
        --at_once_;

        provider::LookResult result;
        result.answer.requests = 1;
        if (cancelled)
            result.failure = failed(provider::Errc::cancelled);
        else if (failure)
            result.failure = failure;
        else if (!failures.empty()) {
            result.failure = std::move(failures.front());
            failures.pop_front();
        } else
            answer(ids, result);
        co_return result;
    }
    [[nodiscard]] boost::asio::awaitable<provider::LookResult> discover() override
    {
        ++discoveries;
        provider::LookResult result;
        result.answer.requests = 1;
        if (failure)
            result.failure = failure;
        else
            for (const auto& [id, task] : tasks)
                add(id, task, result.answer);
        co_return result;
    }
    [[nodiscard]] base::Result<task::Snapshot> snapshot(std::string_view raw) const override
    {
        const std::string id(raw);
        if (unreadable.contains(id))
            return provider::make_error_code(provider::Errc::malformed_answer);
        return tasks.at(id).snapshot;
    }

    static provider::LookFailure failed(
        provider::Errc kind, std::optional<base::Duration> retry_after = std::nullopt
    )
    {
        provider::LookFailure failure;
        failure.kind = kind;
        failure.detail = std::string(provider::name(kind));
        failure.retry_after = retry_after;
        return failure;
    }

private:
    static std::string word(task::Status status)
    {
        switch (status) {
            case task::Status::queued: return "NOT_START";
            case task::Status::running: return "IN_PROGRESS";
            case task::Status::waiting: return "MODAL";
            case task::Status::succeeded: return "SUCCESS";
            case task::Status::failed: return "FAILURE";
            case task::Status::cancelled: return "CANCEL";
            default: return "ODD";
        }
    }
    static void add(const std::string& id, const Task& task, provider::Answer& answer)
    {
        const std::string& body = answer.bodies.emplace_back(id);
        task::Observation seen;
        seen.id = body;
        seen.status = task.status;
        seen.progress = task.progress;
        seen.upstream_status = task.snapshot.upstream_status;
        seen.raw = body;
        answer.observations.push_back(seen);
    }
    void answer(std::span<const std::string> ids, provider::LookResult& result) const
    {
        for (const std::string& id : ids) {
            const auto task = tasks.find(id);
            if (refused.contains(id))
                result.failure = failed(provider::Errc::refused);
            else if (task == tasks.end() || empties)
                result.answer.missing.push_back(id);
            else
                add(id, task->second, result.answer);
        }
        if (empties && ids.size() > 1)
            result.failure = failed(provider::Errc::suspicious_empty);
    }
    boost::asio::awaitable<bool> wait_while_silent()
    {
        const std::unique_ptr<base::Timer> gate = clock_.make_timer();
        gates_.insert(gate.get());
        bool cancelled = false;
        while (silent && !cancelled) {
            co_await gate->wait_until(base::SteadyPoint::max());
            const boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
            cancelled = state.cancelled() != boost::asio::cancellation_type::none;
        }
        gates_.erase(gate.get());
        co_return cancelled;
    }

    ManualClock& clock_;
    std::set<base::Timer*> gates_;
    std::size_t at_once_ = 0;
};

}  // namespace pollhook::test
