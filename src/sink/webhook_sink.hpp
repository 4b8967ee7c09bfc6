#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/config/secret.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/sink/signature.hpp"
#include "pollhook/sink/sink.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::sink {

struct WebhookOptions {
    std::optional<http::Url> url;               ///< empty: each message brings its own
    const http::AddressGuard* guard = nullptr;  ///< null: any address
    config::Format format = config::Format::standard;
    std::optional<Signer> signer;
    config::Secret fields;  ///< the configured header lines, each ended by CRLF
    http::Deadlines deadlines;
    std::size_t response_limit = 64 * 1024;
};

/// POSTs to one URL, or to each task's own. Only a 2xx head counts as delivered.
class WebhookSink final : public Sink {
public:
    /// `client` and the guard must outlive the sink.
    WebhookSink(http::Client& client, WebhookOptions options) : client_(client), options_(std::move(options))
    {
    }

    [[nodiscard]] boost::asio::awaitable<Outcome> deliver(const Message& message) override;

private:
    /// What an attempt writes, kept for the next one.
    struct Buffers {
        std::string fields;
        std::string body;
    };
    class Lease;

    boost::asio::awaitable<Outcome> attempt(const Message& message);

    http::Client& client_;
    WebhookOptions options_;
    std::vector<std::unique_ptr<Buffers>> spare_;  ///< at most as many as there were attempts at once
};

}  // namespace pollhook::sink
