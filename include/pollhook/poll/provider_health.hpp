#pragma once

#include "pollhook/base/backoff.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/provider/provider.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pollhook::poll {

/// Whether and when a provider may be asked: back-off with jitter after failures, what Retry-After asked for,
/// and the alarm for a refused key, after which it is only probed slowly: asking too often can earn a ban of
/// our address. Pure: the caller brings the time.
class ProviderHealth {
public:
    /// What a failure or a success meant, for the log.
    enum class Step { none, first_failure, key_refused, recovered };

    /// `poll_interval` is the first pause after a failure; the longest is five minutes, after a refused key
    /// fifteen.
    explicit ProviderHealth(base::Duration poll_interval);

    /// A success that arrives during a pause was asked for before it, and does not end it.
    Step succeeded(base::SteadyPoint now, base::TimePoint wall_now);
    /// Failures that arrive during a pause were asked for before it: one trouble, not several in a row.
    Step failed(const provider::LookFailure& failure, base::SteadyPoint now, base::Random& random);

    /// The first pause after a failure from now on.
    void set_poll_interval(base::Duration poll_interval);
    /// Its settings changed: whatever went wrong may be mended, so one request finds out at once.
    void forgive();

    /// No request before this moment.
    [[nodiscard]] base::SteadyPoint blocked_until() const noexcept { return blocked_until_; }
    /// After a failure one request at a time finds out whether the relay is back.
    [[nodiscard]] bool probing() const noexcept { return failures_ > 0; }
    [[nodiscard]] std::uint32_t failures_in_a_row() const noexcept { return failures_; }
    [[nodiscard]] bool key_refused() const noexcept { return key_refused_; }
    /// What went wrong, while it does; empty once the relay is well again.
    [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
    [[nodiscard]] std::optional<base::TimePoint> last_success() const noexcept { return last_success_; }

private:
    base::Backoff backoff_;
    base::Backoff key_backoff_;
    base::SteadyPoint blocked_until_{};
    std::uint32_t failures_ = 0;
    bool key_refused_ = false;
    std::string last_error_;
    std::optional<base::TimePoint> last_success_;
};

}  // namespace pollhook::poll
