#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/sink/sink.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::sink {

/// Whether a receiver agrees to get our CloudEvents, and how many (HTTP 1.1 Web Hooks for Event Delivery, 4).
/// Its consent holds for a day. It is asked anew every hour, since by then it may allow more or less, and
/// earlier when it answers a delivery as if it did not consent. This is the conversation without the network.
class Consent {
public:
    /// The fields of the answer that count.
    static constexpr std::array<std::string_view, 2> answer_fields{
        "webhook-allowed-origin", "webhook-allowed-rate"
    };

    /// `origin` is our name. `max_per_second` is what we ask for; empty: nothing.
    Consent(std::string origin, std::optional<double> max_per_second);

    [[nodiscard]] bool is_given(base::SteadyPoint now) const noexcept { return now < until_; }
    /// Whether it is time to ask; what was given before holds meanwhile.
    [[nodiscard]] bool is_due(base::SteadyPoint now) const noexcept { return now >= ask_at_; }
    /// The receiver's last word.
    [[nodiscard]] Consented word(base::SteadyPoint now) const noexcept
    {
        return {.given = is_given(now), .per_second = allowed_per_second_};
    }

    /// The header line that every delivery carries.
    [[nodiscard]] const std::string& origin_line() const noexcept { return origin_line_; }
    /// The header lines of the question.
    [[nodiscard]] const std::string& question() const noexcept { return question_; }
    /// Reads the answer. What it gives has no class when consent was given, else `handshake` for a refusal
    /// and `http` for an answer that says nothing about it, such as 503.
    [[nodiscard]] Outcome read(const http::Response& answer, base::SteadyPoint now, base::TimePoint wall_now);
    /// There was no answer.
    void postpone(base::SteadyPoint now) noexcept;
    /// How the receiver answered a delivery that it had consented to; 0: not at all.
    void note_delivery(int http_status, base::SteadyPoint now) noexcept;

private:
    [[nodiscard]] std::string problem_of(const http::Response& answer);

    std::string origin_;
    std::string origin_line_;
    std::string question_;
    std::optional<double> allowed_per_second_;
    base::SteadyPoint until_ = base::SteadyPoint::min();
    base::SteadyPoint ask_at_ = base::SteadyPoint::min();
    base::SteadyPoint asked_at_{};
};

}  // namespace pollhook::sink
