#include "webhook_sink.hpp"

#include "outcomes.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/sink/format.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pollhook::sink {
namespace {

namespace asio = boost::asio;

/// A buffer that one large event has blown up is not kept.
constexpr std::size_t largest_kept_buffer = 64 * 1024;

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
        if (std::max(buffers_->fields.capacity(), buffers_->body.capacity()) <= largest_kept_buffer)
            sink_.spare_.push_back(std::move(buffers_));
    }

    Buffers* operator->() const noexcept { return buffers_.get(); }

private:
    WebhookSink& sink_;
    std::unique_ptr<Buffers> buffers_;
};

WebhookSink::WebhookSink(http::Client& client, base::Clock& clock, WebhookOptions options)
    : url_(std::move(options.url)),
      format_(options.format),
      signer_(std::move(options.signer)),
      hub_signer_(std::move(options.hub_signer)),
      channel_(client, clock, std::move(options.channel))
{
}

std::string WebhookSink::public_key() const
{
    return signer_ ? signer_->public_key() : std::string();
}

/// `message` belongs to the caller, who waits.
asio::awaitable<Outcome> WebhookSink::deliver(const Message& message)
{
    std::optional<http::Url> own;
    if (!url_) {
        base::Result<http::Url> parsed = http::parse_url(message.url);
        if (!parsed)
            co_return refusal(parsed.error());
        own = std::move(*parsed);
    }
    const http::Url& url = own ? *own : *url_;
    if (channel_.guard() != nullptr) {
        const base::Result<void> verdict = channel_.guard()->check(url);
        if (!verdict)
            co_return refusal(verdict.error());
    }

    const Lease buffers(*this);
    const std::string_view body = encode_body(format_, message, buffers->body);
    buffers->fields.clear();
    append_fields(buffers->fields, format_, message, body, signer_ ? &*signer_ : nullptr);
    if (hub_signer_)
        append_hub_field(buffers->fields, *hub_signer_, body);
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    Outcome outcome = co_await channel_.post(url, buffers->fields, body, message.now);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return outcome;
}

}  // namespace pollhook::sink
