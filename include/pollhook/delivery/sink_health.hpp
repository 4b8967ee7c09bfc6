#pragma once

#include "pollhook/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pollhook::delivery {

/// Whether a configured sink takes what it is sent: when to say that it fails, and that it is back. Pure.
class SinkHealth {
public:
    enum class Step : std::uint8_t { none, failing, recovered };

    /// It was announced as failing before a restart.
    void restore_failing() noexcept { failing_ = true; }

    Step succeeded(base::TimePoint now);
    /// Three failed attempts in a row are a trouble of the sink, not of one event.
    Step failed(std::string reason, base::TimePoint now);

    [[nodiscard]] bool is_failing() const noexcept { return failing_; }
    [[nodiscard]] std::uint32_t failures_in_a_row() const noexcept { return failures_; }
    [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
    [[nodiscard]] std::optional<base::TimePoint> last_failure() const noexcept { return last_failure_; }
    [[nodiscard]] std::optional<base::TimePoint> last_success() const noexcept { return last_success_; }

private:
    std::uint32_t failures_ = 0;
    bool failing_ = false;
    std::string last_error_;
    std::optional<base::TimePoint> last_failure_;
    std::optional<base::TimePoint> last_success_;
};

}  // namespace pollhook::delivery
