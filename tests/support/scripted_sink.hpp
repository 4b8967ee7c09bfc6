#pragma once

#include "pollhook/sink/sink.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::test {

/// A receiver in memory: notes what it gets, and answers, fails or hangs as the test says.
class ScriptedSink final : public sink::Sink {
public:
    struct Receipt {
        std::string event_id;
        std::string task;
        std::uint32_t sequence = 0;
        std::uint32_t attempt = 0;
        std::string url;
        std::string body;
        base::SteadyPoint at{};
    };
    /// What a test keeps of a sink that the dispatcher owns.
    struct Script {
        std::vector<Receipt> receipts;
        /// Empty: everything is delivered.
        std::function<sink::Outcome(const sink::Message&)> answer;
        /// Whether an attempt hangs until its time-out or until it is cancelled.
        std::function<bool(const sink::Message&)> hangs;
        base::Duration timeout = std::chrono::seconds(15);
        bool only_late = false;  ///< what hangs is delivered at the end of its time-out
        bool stubborn = false;   ///< what hangs goes on to its time-out also when it is cancelled
        bool asks_for_consent = false;
        std::size_t at_once = 0;
        std::size_t most_at_once = 0;
        std::size_t reopened = 0;
        std::size_t recalled = 0;

        [[nodiscard]] std::vector<std::uint32_t> sequences(const std::string& task) const
        {
            std::vector<std::uint32_t> all;
            for (const Receipt& receipt : receipts)
                if (receipt.task == task)
                    all.push_back(receipt.sequence);
            return all;
        }
    };

    ScriptedSink(ManualClock& clock, std::shared_ptr<Script> script)
        : clock_(clock),
          script_(std::move(script))
    {
    }

    [[nodiscard]] boost::asio::awaitable<sink::Outcome> deliver(const sink::Message& message) override
    {
        note(message);
        ++script_->at_once;
        script_->most_at_once = std::max(script_->most_at_once, script_->at_once);
        sink::Outcome outcome;
        outcome.delivered = true;
        if (script_->hangs && script_->hangs(message)) {
            const std::unique_ptr<base::Timer> timer = clock_.make_timer();
            const base::SteadyPoint end = clock_.steady_now() + script_->timeout;
            bool timed_out = co_await timer->wait_until(end);
            while (script_->stubborn && !timed_out)
                timed_out = co_await timer->wait_until(end);
            outcome.delivered = timed_out && script_->only_late;
            outcome.cancelled = !timed_out;
            outcome.error_class = timed_out ? "timeout" : "cancelled";
            outcome.detail = "timed out";
        } else if (script_->answer)
            outcome = script_->answer(message);
        --script_->at_once;
        co_return outcome;
    }
    [[nodiscard]] bool asks_for_consent() const override { return script_->asks_for_consent; }
    void reopen() override { ++script_->reopened; }
    void recall() override { ++script_->recalled; }

    static sink::Outcome http(int status, std::optional<base::Duration> retry_after = std::nullopt)
    {
        sink::Outcome outcome;
        outcome.delivered = status >= 200 && status <= 299;
        outcome.http_status = status;
        outcome.error_class = outcome.delivered ? "" : "http";
        outcome.detail = "HTTP " + std::to_string(status);
        outcome.retry_after = retry_after;
        return outcome;
    }

private:
    void note(const sink::Message& message)
    {
        Receipt receipt;
        receipt.event_id = message.event_id;
        receipt.task = message.task_id;
        receipt.sequence = message.sequence;
        receipt.attempt = message.attempt;
        receipt.url = message.url;
        receipt.body = message.body;
        receipt.at = clock_.steady_now();
        script_->receipts.push_back(std::move(receipt));
    }

    ManualClock& clock_;
    std::shared_ptr<Script> script_;
};

}  // namespace pollhook::test
