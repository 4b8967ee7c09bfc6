#pragma once

#include "channel.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/sink/hub_signature.hpp"
#include "pollhook/sink/signature.hpp"
#include "pollhook/sink/sink.hpp"
#include "webhook_sink.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pollhook::sink {

struct BatchLimits {
    std::size_t max_events;    ///< at least 2; a batch that is full leaves at once
    base::Duration max_delay;  ///< how long the first event of a batch waits for others
};

/// POSTs several messages as one request, in the order of their rows. The receiver's answer holds for all of
/// them. A message whose first attempt has failed goes alone from then on, so that one event that a receiver
/// cannot stand does not take others with it.
///
/// A message that still waits can be called back; one that is on its way only together with all the others.
class BatchSink final : public Sink {
public:
    /// `options` has a URL; its format is not looked at. `client` and `clock` must outlive the sink.
    BatchSink(http::Client& client, base::Clock& clock, WebhookOptions options, BatchLimits limits);

    [[nodiscard]] boost::asio::awaitable<Outcome> deliver(const Message& message) override;
    [[nodiscard]] std::string public_key() const override;
    void recall() override;
    [[nodiscard]] bool asks_for_consent() const override { return channel_.asks_for_consent(); }
    [[nodiscard]] std::size_t messages_per_request() const override { return limits_.max_events; }

private:
    struct Entry;
    struct Batch;

    boost::asio::awaitable<Outcome> attempt(const Message& message);
    boost::asio::awaitable<void> gather(Entry& entry);
    boost::asio::awaitable<void> lead(Entry& entry);
    boost::asio::awaitable<void> await_answer(Entry& entry);
    boost::asio::awaitable<void> send_batch(Batch& batch);
    boost::asio::awaitable<Outcome> post(std::span<const Message* const> messages);

    http::Url url_;
    std::optional<Signer> signer_;
    std::optional<HubSigner> hub_signer_;
    BatchLimits limits_;
    base::Clock& clock_;
    Channel channel_;
    std::vector<Entry*> waiting_;  ///< each belongs to a deliver() that is suspended
    base::SteadyPoint due_{};      ///< of what waits
};

}  // namespace pollhook::sink
