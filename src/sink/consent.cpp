#include "consent.hpp"

#include "outcomes.hpp"
#include "pollhook/base/excerpt.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/http/retry_after.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <utility>

namespace pollhook::sink {
namespace {

constexpr base::Duration validity = std::chrono::hours(24);
constexpr base::Duration refresh_interval = std::chrono::hours(1);
/// Between two questions while consent is given.
constexpr base::Duration least_interval = std::chrono::minutes(1);
constexpr double seconds_in_a_minute = 60;
constexpr std::int64_t largest_rate = 1'000'000'000;

std::string_view field(const http::Response& answer, std::string_view name)
{
    for (const auto& [key, value] : answer.fields)
        if (key == name)
            return base::trim(value);
    return {};
}

/// The answer is about the moment rather than about consent.
bool is_busy(int status) noexcept
{
    return status == 429 || status >= 500;
}

/// The delivery was refused as if nobody had consented to it, or to so many.
bool contradicts(int status) noexcept
{
    return status == 401 || status == 403 || status == 405 || status == 429;
}

}  // namespace

Consent::Consent(std::string origin, std::optional<double> max_per_second)
    : origin_(std::move(origin)),
      origin_line_(fmt::format("WebHook-Request-Origin: {}\r\n", origin_)),
      question_(origin_line_)
{
    if (max_per_second)
        question_ += fmt::format(
            "WebHook-Request-Rate: {}\r\n",
            std::max<std::int64_t>(1, std::llround(*max_per_second * seconds_in_a_minute))
        );
}

Outcome Consent::read(const http::Response& answer, base::SteadyPoint now, base::TimePoint wall_now)
{
    if (is_busy(answer.status)) {
        postpone(now);
        Outcome outcome =
            failure("http", "asked for its consent, the receiver answered " + describe_status(answer.status));
        outcome.http_status = answer.status;
        outcome.retry_after = http::retry_after(answer.retry_after, wall_now);
        return outcome;
    }
    until_ = base::SteadyPoint::min();
    ask_at_ = base::SteadyPoint::min();
    allowed_per_second_.reset();
    if (std::string problem = problem_of(answer); !problem.empty())
        return failure("handshake", "the receiver does not consent: " + std::move(problem));
    until_ = now + validity;
    ask_at_ = now + refresh_interval;
    asked_at_ = now;
    return {};
}

void Consent::postpone(base::SteadyPoint now) noexcept
{
    asked_at_ = now;
    if (is_given(now))
        ask_at_ = now + least_interval;
}

void Consent::note_delivery(int http_status, base::SteadyPoint now) noexcept
{
    if (is_given(now) && contradicts(http_status))
        ask_at_ = std::min(ask_at_, asked_at_ + least_interval);
}

std::string Consent::problem_of(const http::Response& answer)
{
    if (answer.status < 200 || answer.status > 299)
        return describe_status(answer.status);
    const std::string_view origin = field(answer, answer_fields[0]);
    if (origin.empty())
        return "its answer has no WebHook-Allowed-Origin";
    if (origin != "*" && !base::equals_ignoring_case(origin, origin_))
        return fmt::format("it allows {}, not {}", base::excerpt(origin, 100), origin_);
    const std::string_view rate = field(answer, answer_fields[1]);
    if (rate.empty() || rate == "*")
        return {};
    std::int64_t per_minute = 0;
    const auto [end, bad] = std::from_chars(rate.data(), rate.data() + rate.size(), per_minute);
    if (bad != std::errc() || end != rate.data() + rate.size() || per_minute < 1 || per_minute > largest_rate)
        return fmt::format("its WebHook-Allowed-Rate is {}", base::excerpt(rate, 100));
    allowed_per_second_ = static_cast<double>(per_minute) / seconds_in_a_minute;
    return {};
}

}  // namespace pollhook::sink
