#pragma once

#include "channel.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/sink/hub_signature.hpp"
#include "pollhook/sink/signature.hpp"
#include "pollhook/sink/sink.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::sink {

/// What every kind of webhook sink needs.
struct WebhookOptions {
    std::optional<http::Url> url;  ///< empty: each message brings its own
    config::Format format = config::Format::standard;
    std::optional<Signer> signer;
    std::optional<HubSigner> hub_signer;
    ChannelOptions channel;
};

/// POSTs each message to one URL, or to its task's own.
class WebhookSink final : public Sink {
public:
    /// `client`, `clock` and the channel's guard must outlive the sink.
    WebhookSink(http::Client& client, base::Clock& clock, WebhookOptions options);

    [[nodiscard]] boost::asio::awaitable<Outcome> deliver(const Message& message) override;
    [[nodiscard]] std::string public_key() const override;
    [[nodiscard]] bool asks_for_consent() const override { return channel_.asks_for_consent(); }

private:
    /// What an attempt writes, kept for the next one.
    struct Buffers {
        std::string fields;
        std::string body;
    };
    class Lease;

    std::optional<http::Url> url_;
    config::Format format_;
    std::optional<Signer> signer_;
    std::optional<HubSigner> hub_signer_;
    Channel channel_;
    std::vector<std::unique_ptr<Buffers>> spare_;  ///< at most as many as there were attempts at once
};

}  // namespace pollhook::sink
