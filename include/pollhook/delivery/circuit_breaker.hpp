#pragma once

#include "pollhook/base/backoff.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace pollhook::delivery {

/// How long a breaker stays open: at least half of `first`, doubled from one failed probe to the next.
struct BreakerPauses {
    base::Duration first = std::chrono::seconds(10);
    base::Duration longest = std::chrono::minutes(5);
};

/// Stops asking a receiver that fails, and finds out with one attempt at a time whether it is back.
///
/// Closed until five attempts in a row have failed; then open for a pause; then half open: one probe decides.
/// Pure: the caller brings the time.
class CircuitBreaker {
public:
    enum class State : std::uint8_t { closed, open, half_open };

    explicit CircuitBreaker(BreakerPauses pauses = {}) : pause_(pauses.first, pauses.longest) {}

    [[nodiscard]] State state(base::SteadyPoint now) const noexcept;
    /// When the probe may start; empty while closed.
    [[nodiscard]] std::optional<base::SteadyPoint> probe_at() const noexcept { return open_until_; }

    /// When it opened for the first time since the receiver last worked; empty while closed.
    [[nodiscard]] std::optional<base::SteadyPoint> opened_at() const noexcept { return opened_at_; }

    /// No attempt has failed since the receiver last worked.
    [[nodiscard]] bool is_calm() const noexcept { return failures_ == 0 && !open_until_; }
    /// opened_at() is `now` at the earliest.
    void restart_trouble(base::SteadyPoint now) noexcept;

    /// Pauses from the next one on; one that has begun stays as it is.
    void set_pauses(BreakerPauses pauses) { pause_ = base::Backoff(pauses.first, pauses.longest); }

    /// A person has reason to think that the receiver is back: the next probe may start now.
    void hurry(base::SteadyPoint now) noexcept;

    /// The receiver answered as one that works.
    void succeeded() noexcept;
    /// An attempt failed that began at `started_at`; true when this opened the breaker, also again after a
    /// probe. What began before the probe might start is no probe, and changes nothing.
    bool failed(base::SteadyPoint started_at, base::SteadyPoint now, base::Random& random);

private:
    static constexpr std::uint32_t failures_to_open = 5;

    base::Backoff pause_;
    std::uint32_t failures_ = 0;
    std::optional<base::SteadyPoint> open_until_;
    std::optional<base::SteadyPoint> opened_at_;
};

}  // namespace pollhook::delivery
