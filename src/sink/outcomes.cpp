#include "outcomes.hpp"

#include "pollhook/http/error.hpp"
#include "pollhook/http/retry_after.hpp"

#include <fmt/format.h>

#include <utility>

namespace pollhook::sink {
namespace {

constexpr std::size_t response_head_size = 4 * 1024;

bool is_success(int status) noexcept
{
    return status >= 200 && status < 300;
}

void judge(Outcome& outcome, http::Response response, base::TimePoint now)
{
    outcome.http_status = response.status;
    outcome.delivered = is_success(response.status);
    outcome.response_head = std::move(response.body);
    if (outcome.response_head.size() > response_head_size) {
        outcome.response_head.resize(response_head_size);
        outcome.response_head.shrink_to_fit();
    }
    if (outcome.delivered)
        return;
    outcome.error_class = http::name(http::ErrorClass::http);
    outcome.detail = describe_status(response.status);
    outcome.retry_after = http::retry_after(response.retry_after, now);
}

}  // namespace

std::string describe_status(int status)
{
    return status >= 300 && status < 400 ? fmt::format("HTTP {} (redirects are not followed)", status)
                                         : fmt::format("HTTP {}", status);
}

Outcome refusal(const boost::system::error_code& reason)
{
    return failure(std::string(http::name(http::classify(reason))), reason.message());
}

Outcome failure(std::string error_class, std::string detail)
{
    Outcome outcome;
    outcome.error_class = std::move(error_class);
    outcome.detail = std::move(detail);
    return outcome;
}

Outcome cancelled()
{
    Outcome outcome = refusal(http::Errc::cancelled);
    outcome.cancelled = true;
    return outcome;
}

Outcome to_outcome(http::Exchange exchange, base::TimePoint now)
{
    Outcome outcome;
    outcome.peer = std::move(exchange.peer);
    outcome.look_up = exchange.timing.look_up;
    outcome.connect = exchange.timing.connect;
    outcome.tls = exchange.timing.tls;
    outcome.first_byte = exchange.timing.first_byte;
    outcome.total = exchange.timing.total;
    if (exchange.response) {
        judge(outcome, std::move(*exchange.response), now);
        return outcome;
    }
    const boost::system::error_code reason = exchange.response.error();
    outcome.cancelled = reason == http::Errc::cancelled;
    outcome.error_class = http::name(http::classify(reason));
    outcome.detail = exchange.detail.empty() ? reason.message() : std::move(exchange.detail);
    return outcome;
}

}  // namespace pollhook::sink
