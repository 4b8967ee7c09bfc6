#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::task {

/// A place in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/): the trace it
/// belongs to, the span that it is, and whether the caller records it.
///
/// pollhook makes no ids up: it derives them from what they stand for. So a repeated run has the same ids,
/// and the span of an attempt needs no place in the store.
struct TraceContext {
    std::array<std::uint8_t, 16> trace{};
    std::array<std::uint8_t, 8> span{};
    bool sampled = false;

    bool operator==(const TraceContext&) const = default;

    /// As the header `traceparent` says it, in version 00.
    [[nodiscard]] std::string text() const;
};

/// Reads a `traceparent`. Empty for what the standard calls invalid: version ff, ids of zeros alone, upper
/// case, any other length in version 00. Later versions are read as far as version 00 goes (4.3).
std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept;

/// What of a `tracestate` may be passed on, its empty members and outer blanks left out. Empty when it is
/// invalid, longer than 512 characters or has more than 32 members (3.3.1).
std::string passable_tracestate(std::string_view text);

/// A trace of its own, the same for the same `facts`. It is sampled: attempts are recorded, in the store.
TraceContext begin_trace(std::string_view facts);
/// Another span of the same trace, the same for the same `facts`.
TraceContext continue_trace(const TraceContext& parent, std::string_view facts) noexcept;

/// The `traceparent` of one attempt to deliver an event: a span of its own for each destination and attempt
/// (1 for the first). Empty when `event` is none, as of events that were stored before there were traces.
std::string trace_of_attempt(std::string_view event, std::int32_t sink, std::uint32_t attempt);

}  // namespace pollhook::task
