#include "webhook_sink.hpp"

#include "pollhook/http/error.hpp"
#include "pollhook/http/retry_after.hpp"
#include "pollhook/sink/format.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pollhook::sink {
namespace {

namespace asio = boost::asio;

constexpr std::size_t response_head_size = 4 * 1024;
/// A buffer that one large event has blown up is not kept.
constexpr std::size_t largest_kept = 64 * 1024;

bool is_success(int status) noexcept
{
    return status >= 200 && status < 300;
}

std::string describe(int status)
{
    return status >= 300 && status < 400 ? fmt::format("HTTP {} (redirects are not followed)", status)
                                         : fmt::format("HTTP {}", status);
}

Outcome refusal(const boost::system::error_code& reason)
{
    Outcome outcome;
    outcome.error_class = http::name(http::classify(reason));
    outcome.detail = reason.message();
    return outcome;
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
    outcome.detail = describe(response.status);
    outcome.retry_after = http::retry_after(response.retry_after, now);
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

}  // namespace

/// Buffers on loan for one attempt.
class WebhookSink::Lease {
public:
    explicit Lease(WebhookSink& sink) : sink_(sink)
    {
        if (sink_.spare_.empty()) {
            buffers_ = std::make_unique<Buffers>();
            return;
        }
        buffers_ = std::move(sink_.spare_.back());
        sink_.spare_.pop_back();
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease()
    {
        if (std::max(buffers_->fields.capacity(), buffers_->body.capacity()) <= largest_kept)
            sink_.spare_.push_back(std::move(buffers_));
    }

    Buffers* operator->() const noexcept { return buffers_.get(); }

private:
    WebhookSink& sink_;
    std::unique_ptr<Buffers> buffers_;
};

asio::awaitable<Outcome> WebhookSink::deliver(const Message& message)
{
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    Outcome outcome = co_await attempt(message);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return outcome;
}

/// `message` belongs to the caller of deliver(), who waits.
asio::awaitable<Outcome> WebhookSink::attempt(const Message& message)
{
    std::optional<http::Url> own;
    if (!options_.url) {
        base::Result<http::Url> parsed = http::parse_url(message.url);
        if (!parsed)
            co_return refusal(parsed.error());
        own = std::move(*parsed);
    }
    const http::Url& url = own ? *own : *options_.url;
    if (options_.guard != nullptr) {
        const base::Result<void> verdict = options_.guard->check(url);
        if (!verdict)
            co_return refusal(verdict.error());
    }

    const Lease buffers(*this);
    const Signer* const signer = options_.signer ? &*options_.signer : nullptr;
    http::Request request;
    request.method = "POST";
    request.origin = &url.origin;
    request.target = url.target;
    request.body = encode_body(options_.format, message, buffers->body);
    buffers->fields.clear();
    append_fields(buffers->fields, options_.format, message, request.body, signer);
    buffers->fields += options_.fields.reveal();
    request.fields = buffers->fields;
    request.deadlines = options_.deadlines;
    request.response_limit = options_.response_limit;
    request.guard = options_.guard;
    http::Exchange exchange = co_await client_.send(request);
    co_return to_outcome(std::move(exchange), message.now);
}

}  // namespace pollhook::sink
