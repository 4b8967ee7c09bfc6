#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/task/event.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::sink {

/// One delivery's attempt, as the dispatcher hands it to a sink. The views are valid until deliver()
/// completes.
struct Message {
    std::int64_t row = 0;  ///< the event's place in the store: a later event has a larger one
    std::string_view event_id;
    task::EventType type{};
    base::TimePoint event_time{};  ///< when the step was seen
    std::string_view provider;     ///< empty for pollhook's own events
    std::string_view task_id;      ///< of those, the subject: `sink/ops`
    std::uint32_t sequence = 0;
    std::string_view body;          ///< the stored Standard Webhooks payload
    std::uint32_t upstream_at = 0;  ///< see task::EventBody
    std::string_view url;           ///< the task's own; empty for configured sinks
    std::uint32_t attempt = 1;      ///< 1 for the first
    base::TimePoint now{};          ///< wall time of this attempt; what is signed
    std::string_view event_trace;   ///< the event's `traceparent`, the same for every attempt; empty: none
    std::string_view trace;         ///< this attempt's `traceparent`; empty: none
    std::string_view tracestate;    ///< empty: none
};

/// A receiver's word on whether and how fast it may be sent to.
struct Consented {
    bool given = false;
    std::optional<double> per_second;  ///< requests that it allows, above 0; empty: no limit
};

/// What became of one attempt. `http_status` is 0 when there was no answer.
struct Outcome {
    bool delivered = false;  ///< a 2xx head, or bytes that reached the disk
    int http_status = 0;
    std::string error_class;  ///< `timeout`, `tls`, …; `http` for an answer that is not 2xx; `handshake` when
                              ///< the receiver does not consent, `auth` when it could not be told who we are;
                              ///< empty when delivered
    std::string detail;       ///< for people: `HTTP 503`, `certificate verify failed: …`
    std::optional<base::Duration> retry_after;  ///< as the receiver asked, not yet capped
    /// What the receiver said when it was asked for its consent; empty: it was not asked, or gave no word
    /// yet.
    std::optional<Consented> consent;
    bool cancelled = false;  ///< the daemon is stopping: not an attempt
    /// The request carried several deliveries, and the outcome of another one stands for what it tells about
    /// the receiver.
    bool carried = false;
    std::string peer;
    std::string response_head;  ///< at most 4 KiB
    base::Duration look_up{}, connect{}, tls{}, first_byte{}, total{};
};

/// A destination. Lives on the loop. Implementations keep no retry state: that is the dispatcher's.
class Sink {
public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;

    /// Makes one attempt within the sink's own deadlines. Never throws; many may run at once. Cancelling the
    /// awaiting coroutine gives an outcome with `cancelled`.
    [[nodiscard]] virtual boost::asio::awaitable<Outcome> deliver(const Message& message) = 0;

    /// `whpk_…`, what a receiver checks `v1a` signatures with; empty when there are none.
    [[nodiscard]] virtual std::string public_key() const { return {}; }

    /// How many deliveries one request can carry. So many may be under way and count as one.
    [[nodiscard]] virtual std::size_t messages_per_request() const { return 1; }

    /// Whether the receiver is asked for its consent first. Until an outcome tells that it was given, one
    /// delivery at a time is enough, since nobody knows how fast more may come.
    [[nodiscard]] virtual bool asks_for_consent() const { return false; }

    /// Ends what was handed over and has not left yet with a `cancelled` outcome: the sink is paused, or the
    /// daemon stops. What is under way goes on.
    virtual void recall() {}
    /// A reload changed what needs no other sink (see goes_on()).
    virtual void retune(const config::Sink& /*settings*/, const config::Delivery& /*delivery*/) {}

    /// SIGHUP: a file sink opens its path again, after log rotation.
    virtual void reopen() {}
};

}  // namespace pollhook::sink
