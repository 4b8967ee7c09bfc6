#pragma once

#include "pollhook/base/histogram.hpp"
#include "pollhook/sink/sink.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pollhook::delivery {

/// What came of an attempt, as few kinds as an operator tells apart.
enum class AttemptResult : std::uint8_t {
    delivered,
    http_3xx,
    http_4xx,
    http_5xx,
    dns,
    blocked_address,
    refused,
    tls,
    timeout,
    reset,
    protocol,
    handshake,
    auth,
    io,
};
inline constexpr std::size_t attempt_result_count = 14;

/// `delivered`, `http_4xx`, `timeout`, …: for answers by their status, else sink::Outcome::error_class.
std::string_view name(AttemptResult result) noexcept;
AttemptResult result_of(const sink::Outcome& outcome) noexcept;

/// What one destination's attempts came to since the start.
struct AttemptCounts {
    AttemptCounts();

    std::array<std::uint64_t, attempt_result_count> results{};  ///< by AttemptResult
    std::uint64_t dead = 0;                                     ///< deliveries that were given up
    base::Histogram latency;  ///< of what was delivered: from the event's commit to the answer
};

}  // namespace pollhook::delivery
