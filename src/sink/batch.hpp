#pragma once

#include "pollhook/sink/signature.hpp"
#include "pollhook/sink/sink.hpp"

#include <span>
#include <string>
#include <string_view>

/// Several events as one request: the batched mode of the CloudEvents HTTP binding (3.3).
namespace pollhook::sink {

/// The JSON array of the events, in their order.
std::string encode_batch(std::span<const Message* const> messages);

/// The id of a request with these events: that of a single event is the event's own, that of several is
/// `batch_` and 32 hexadecimal digits of a SHA-256 over their ids, each followed by a line feed.
std::string batch_id(std::span<const Message* const> messages);

/// Appends the header lines of such a request, without those that belong to one event alone.
///
/// Its `traceparent` is, for a single event, the attempt's; for several it begins a trace of its own, made of
/// the request's id, since they may belong to as many traces. Each event keeps its own within the body.
void append_batch_fields(
    std::string& out,
    std::span<const Message* const> messages,
    base::TimePoint now,
    std::string_view body,
    const Signer* signer
);

}  // namespace pollhook::sink
