#include "batch_sink.hpp"

#include "batch.hpp"
#include "outcomes.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/sink/format.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace pollhook::sink {

namespace asio = boost::asio;

/// One message between its arrival and its outcome.
struct BatchSink::Entry {
    const Message* message = nullptr;
    std::unique_ptr<base::Timer> wake;
    Batch* batch = nullptr;  ///< null while it waits
    bool settled = false;
    bool called_back = false;
    Outcome outcome;
};

/// Those that are on their way together. It lives as long as the delivery that sends it.
struct BatchSink::Batch {
    std::vector<Entry*> entries;
    base::TaskGroup request;
    std::size_t called_back = 0;

    explicit Batch(const asio::any_io_executor& loop) : request(loop) {}

    void call_back(Entry& entry)
    {
        called_back += entry.called_back ? 0U : 1U;
        entry.called_back = true;
        if (called_back == entries.size())
            request.cancel();
    }
};

BatchSink::BatchSink(http::Client& client, base::Clock& clock, WebhookOptions options, BatchLimits limits)
    : url_(std::move(options.url).value()),
      signer_(std::move(options.signer)),
      hub_signer_(std::move(options.hub_signer)),
      limits_(limits),
      clock_(clock),
      channel_(client, clock, std::move(options.channel))
{
}

std::string BatchSink::public_key() const
{
    return signer_ ? signer_->public_key() : std::string();
}

void BatchSink::recall()
{
    for (Entry* const entry : std::exchange(waiting_, {})) {
        entry->outcome = cancelled();
        entry->settled = true;
        entry->wake->wake();
    }
}

asio::awaitable<Outcome> BatchSink::deliver(const Message& message)
{
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    Outcome outcome = co_await attempt(message);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return outcome;
}

/// `message` belongs to the caller of deliver(), who waits.
asio::awaitable<Outcome> BatchSink::attempt(const Message& message)
{
    // What has failed goes alone, and so does a test: a receiver that refuses it refuses nothing else.
    if (message.attempt > 1 || message.type == task::EventType::sink_test) {
        const std::array<const Message*, 1> alone{&message};
        Outcome outcome = co_await post(alone);
        co_return outcome;
    }
    const base::SteadyPoint start = clock_.steady_now();
    Entry entry;
    entry.message = &message;
    entry.wake = clock_.make_timer();
    if (waiting_.empty())
        due_ = start + limits_.max_delay;
    waiting_.push_back(&entry);
    co_await gather(entry);
    if (!entry.settled && entry.batch == nullptr)
        co_await lead(entry);
    else if (!entry.settled)
        co_await await_answer(entry);
    entry.outcome.total = clock_.steady_now() - start;
    co_return std::move(entry.outcome);
}

/// Until the entry is part of a batch, or is to begin one, or is called back. `entry` belongs to the caller.
asio::awaitable<void> BatchSink::gather(Entry& entry)
{
    while (!entry.settled && entry.batch == nullptr && waiting_.size() < limits_.max_events &&
           clock_.steady_now() < due_) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
            std::erase(waiting_, &entry);
            entry.outcome = cancelled();
            entry.settled = true;
            co_return;
        }
        co_await entry.wake->wait_until(due_);
    }
}

/// Sends what waits. `entry` belongs to the caller.
asio::awaitable<void> BatchSink::lead(Entry& entry)
{
    const asio::any_io_executor loop = co_await asio::this_coro::executor;
    Batch batch(loop);
    batch.entries = std::exchange(waiting_, {});
    std::ranges::sort(batch.entries, {}, [](const Entry* each) { return each->message->row; });
    for (Entry* each : batch.entries) {
        each->batch = &batch;
        each->wake->wake();
    }
    // On its own, so that calling back this delivery alone does not end it.
    batch.request.spawn(send_batch(batch));
    co_await await_answer(entry);
    co_await batch.request.join();
}

/// `entry` belongs to the caller.
asio::awaitable<void> BatchSink::await_answer(Entry& entry)
{
    while (!entry.settled) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
            // Noted once; join() would pass it on to the request.
            co_await asio::this_coro::reset_cancellation_state();
            entry.batch->call_back(entry);
        }
        if (!entry.settled)
            co_await entry.wake->wait_until(base::SteadyPoint::max());
    }
}

/// `batch` belongs to lead(), which joins this.
asio::awaitable<void> BatchSink::send_batch(Batch& batch)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    std::vector<const Message*> messages;
    messages.reserve(batch.entries.size());
    for (const Entry* each : batch.entries)
        messages.push_back(each->message);
    const Outcome outcome = co_await post(messages);
    for (Entry* each : batch.entries) {
        each->outcome = outcome;
        each->outcome.carried = each != batch.entries.front();
        each->settled = true;
        each->wake->wake();
    }
}

/// `messages` belong to the caller.
asio::awaitable<Outcome> BatchSink::post(std::span<const Message* const> messages)
{
    base::TimePoint now = messages.front()->now;
    for (const Message* message : messages)
        now = std::max(now, message->now);
    const std::string body = encode_batch(messages);
    std::string fields;
    append_batch_fields(fields, messages, now, body, signer_ ? &*signer_ : nullptr);
    if (hub_signer_)
        append_hub_field(fields, *hub_signer_, body);
    Outcome outcome = co_await channel_.post(url_, fields, body, now);
    co_return outcome;
}

}  // namespace pollhook::sink
