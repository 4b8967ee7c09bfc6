#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/base/token_bucket.hpp"
#include "pollhook/delivery/circuit_breaker.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pollhook::delivery {

/// How an attempt ended, as far as the receiving origin's condition goes.
enum class Condition : std::uint8_t {
    working,      ///< it answered, with whatever judgement about the one delivery
    overloaded,   ///< 429, 502, 503, 504: it asks for less
    failing,      ///< no answer, or another 5xx
    carried,      ///< it worked, as another attempt by the same request tells
    not_reached,  ///< the attempt says nothing about it: cancelled, or refused on this side
};

/// How hard one origin (scheme, host and port) may be pressed, learned from its answers. Pure: the caller
/// brings the time.
///
/// Concurrency starts small and grows with every success up to the limit, so that neither a stranger's hung
/// server nor one that has just come back gets a herd; trouble halves it, at most once for what was under way
/// together. When a quarter of the answers complain of overload, at ten attempts a second or more, the rate
/// is halved too, at most once a second. It rises again by a quarter of what is left a second, until it is
/// twice what it was at first; then the limit is lifted.
class OriginPace {
public:
    /// `most` >= 1 attempts at once; `rate` is the configured limit a second, empty for none.
    OriginPace(std::size_t most, std::optional<double> rate, BreakerPauses pauses = {});

    /// Raises the limit of attempts at once: the largest of those who share the origin holds.
    void allow(std::size_t most) noexcept;

    /// Other limits than it was made with; what was learned stays, as far as they let it.
    void set_limits(
        std::size_t most, std::optional<double> rate, BreakerPauses pauses, base::SteadyPoint now
    );

    /// Whether another attempt may start: window, rate and breaker.
    [[nodiscard]] bool permits(base::SteadyPoint now);
    /// Room in the window; while the breaker is not closed there is room for its probe alone.
    [[nodiscard]] bool has_slot(base::SteadyPoint now) const noexcept;
    /// When the rate limit or the breaker next lets an attempt through; `now` or earlier when they do.
    [[nodiscard]] base::SteadyPoint next(base::SteadyPoint now);

    void started(base::SteadyPoint now);
    /// `started_at` is the moment that was given to started(). True when the breaker opened.
    bool finished(
        Condition condition, base::SteadyPoint started_at, base::SteadyPoint now, base::Random& random
    );

    /// Whatever failed before counts no longer for how long the origin has been failing.
    void restart_trouble(base::SteadyPoint now) noexcept { breaker_.restart_trouble(now); }

    /// See CircuitBreaker::hurry().
    void hurry(base::SteadyPoint now) noexcept { breaker_.hurry(now); }

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t window() const noexcept;
    /// Attempts a second that are allowed now; empty: no limit.
    [[nodiscard]] std::optional<double> rate() const noexcept;
    [[nodiscard]] const CircuitBreaker& breaker() const noexcept { return breaker_; }
    /// Nothing that would be missed: as good as new.
    [[nodiscard]] bool is_plain() const noexcept;

private:
    /// A rate that was learned: it rises again from `rate`, by `slope` a second, until `lift_at`.
    struct Learned {
        double rate = 0;
        double slope = 0;
        double lift_at = 0;
        base::SteadyPoint raised_at{};
        base::TokenBucket bucket;
    };

    void grow();
    void shrink(base::SteadyPoint now);
    void note_overload(bool overloaded);
    void slow_down(base::SteadyPoint now);
    void speed_up(base::SteadyPoint now);
    void count_start(base::SteadyPoint now);
    [[nodiscard]] double recent_rate(base::SteadyPoint now);

    std::size_t most_;
    double window_;
    double steady_from_;  // the window from which on it grows by one for each round, not for each success
    std::size_t in_flight_ = 0;
    std::optional<double> limit_;
    std::optional<base::TokenBucket> bucket_;
    std::optional<Learned> learned_;
    CircuitBreaker breaker_;
    double overload_ = 0;  // the part of the last answers that complained
    base::SteadyPoint shrunk_at_ = base::SteadyPoint::min();
    base::SteadyPoint slowed_at_{};
    base::SteadyPoint second_{};  // the start of the second that `starts_` counts
    std::uint32_t starts_ = 0;
    std::uint32_t starts_before_ = 0;  // in the second before
};

}  // namespace pollhook::delivery
