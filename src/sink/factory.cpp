#include "pollhook/sink/factory.hpp"

#include "batch_sink.hpp"
#include "file_output.hpp"
#include "header_lines.hpp"
#include "line_sink.hpp"
#include "pollhook/config/setting_error.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/http/route.hpp"
#include "pollhook/sink/hub_signature.hpp"
#include "pollhook/sink/signature.hpp"
#include "stream_output.hpp"
#include "webhook_sink.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::sink {
namespace {

constexpr base::Duration default_delay = std::chrono::seconds(1);

[[noreturn]] void refuse(std::string_view owner, std::string key, std::string_view reason)
{
    throw config::SettingError(std::move(key), fmt::format("{}: {}", owner, reason));
}

http::Url read_url(const std::string& text, std::string_view owner, std::string key)
{
    base::Result<http::Url> url = http::parse_url(text);
    if (!url)
        refuse(owner, std::move(key), url.error().message());
    return std::move(*url);
}

std::optional<Signer> make_signer(
    const config::Secret& secret,
    std::span<const config::Secret> previous,
    const config::Secret& signing_key,
    std::string_view owner
)
{
    if (secret.empty() && !signing_key.empty())
        refuse(owner, "signing_key", "a signing key needs a secret beside it");
    if (secret.empty())
        return std::nullopt;
    std::vector<std::string_view> others;
    others.reserve(previous.size());
    for (const config::Secret& other : previous)
        others.push_back(other.reveal());
    base::Result<Signer> signer = Signer::make(secret.reveal(), others, signing_key.reveal());
    if (!signer)
        refuse(owner, "signing_key", signer.error().message());
    return std::move(*signer);
}

/// The header lines that are the same for every request.
config::Secret header_lines(const config::Sink& sink)
{
    std::string lines;
    for (const config::Header& header : sink.headers)
        lines.append(header.name).append(": ").append(header.value.reveal()).append("\r\n");
    std::string credentials;
    if (sink.auth.method == config::AuthMethod::basic)
        credentials = basic_credentials(sink.auth.username, sink.auth.password.reveal());
    else if (sink.auth.method == config::AuthMethod::bearer)
        credentials.append("Bearer ").append(sink.auth.token.reveal());
    if (!credentials.empty())
        lines.append("Authorization: ").append(credentials).append("\r\n");
    config::Secret kept{lines};
    ::OPENSSL_cleanse(lines.data(), lines.size());
    ::OPENSSL_cleanse(credentials.data(), credentials.size());
    return kept;
}

http::Deadlines deadlines(const config::Delivery& delivery, std::optional<base::Duration> attempt_timeout)
{
    http::Deadlines deadlines;
    deadlines.look_up = delivery.look_up_timeout;
    deadlines.connect = delivery.connect_timeout;
    deadlines.tls = delivery.tls_timeout;
    deadlines.write = delivery.write_timeout;
    deadlines.head = delivery.head_timeout;
    deadlines.body = delivery.body_timeout;
    deadlines.total = attempt_timeout.value_or(delivery.attempt_timeout);
    if (attempt_timeout) {
        // A sink that is given more time than others has it for whichever step takes long.
        deadlines.write = std::max(deadlines.write, *attempt_timeout);
        deadlines.head = std::max(deadlines.head, *attempt_timeout);
        deadlines.body = std::max(deadlines.body, *attempt_timeout);
    }
    return deadlines;
}

/// Null when the client's own way will do, so that sinks without a wish share its connections.
std::unique_ptr<const http::Route> make_route(
    const config::Proxy& proxy, const config::SinkTls& tls, std::string_view owner
)
{
    if (proxy.url.empty() && tls == config::SinkTls())
        return nullptr;
    http::RouteOptions options;
    options.ca_file = tls.ca_file.path.string();
    options.certificate_file = tls.certificate_file.path.string();
    options.key_file = tls.key_file.path.string();
    if (tls.min_version == config::TlsVersion::v1_3)
        options.min_tls_version = http::TlsVersion::tls_1_3;
    if (!proxy.url.empty())
        options.proxy = read_url(proxy.url, owner, "proxy").origin;
    if (!proxy.user.empty()) {
        std::string credentials = basic_credentials(proxy.user, proxy.password.reveal());
        options.proxy_authorization = config::Secret(credentials);
        ::OPENSSL_cleanse(credentials.data(), credentials.size());
    }
    try {
        return std::make_unique<const http::Route>(std::move(options));
    } catch (const config::SettingError& problem) {
        const bool of_table = problem.key() == "proxy";
        refuse(owner, (of_table ? "" : "tls.") + problem.key(), problem.what());
    }
}

std::unique_ptr<TokenSource> make_token_source(
    const config::Sink& sink,
    const http::Deadlines& deadlines,
    const Surroundings& surroundings,
    std::string_view owner
)
{
    if (sink.auth.method != config::AuthMethod::oauth2)
        return nullptr;
    TokenSource::Options options;
    options.url = read_url(sink.auth.token_url, owner, "auth.token_url");
    options.auth = sink.auth;
    options.deadlines = deadlines;
    // The token endpoint is somebody else than the receiver: our certificate is not for it.
    config::SinkTls tls = sink.tls;
    tls.certificate_file = {};
    tls.key_file = {};
    options.route = make_route(sink.proxy, tls, owner);
    return std::make_unique<TokenSource>(*surroundings.client, *surroundings.clock, std::move(options));
}

std::unique_ptr<Sink> make_webhook(
    const config::Sink& sink, const config::Delivery& delivery, const Surroundings& surroundings
)
{
    const std::string owner = fmt::format("sink \"{}\"", sink.name);
    WebhookOptions options;
    options.url = read_url(sink.url, owner, "url");
    options.format = sink.format;
    options.signer = make_signer(sink.secret, sink.previous_secrets, sink.signing_key, owner);
    if (!sink.hub_secret.empty())
        options.hub_signer = HubSigner(sink.hub_secret.reveal());
    ChannelOptions& channel = options.channel;
    channel.route = make_route(sink.proxy, sink.tls, owner);
    channel.fields = header_lines(sink);
    channel.deadlines = deadlines(delivery, sink.attempt_timeout);
    channel.response_limit = delivery.response_limit;
    channel.tokens = make_token_source(sink, channel.deadlines, surroundings, owner);
    if (!sink.webhook_origin.empty())
        channel.consent.emplace(sink.webhook_origin, sink.max_per_second);
    if (!sink.batch.max_events)
        return std::make_unique<WebhookSink>(*surroundings.client, *surroundings.clock, std::move(options));
    const BatchLimits limits{
        .max_events = *sink.batch.max_events, .max_delay = sink.batch.max_delay.value_or(default_delay)
    };
    return std::make_unique<BatchSink>(*surroundings.client, *surroundings.clock, std::move(options), limits);
}

std::unique_ptr<Sink> make_line_sink(
    std::unique_ptr<LineOutput> output,
    const config::Sink& sink,
    const config::Delivery& delivery,
    const Surroundings& surroundings
)
{
    return std::make_unique<LineSink>(
        std::move(output),
        sink.format,
        delivery.attempt_timeout,
        *surroundings.clock,
        surroundings.loop,
        surroundings.file_writer
    );
}

}  // namespace

std::unique_ptr<Sink> make_sink(
    const config::Sink& sink, const config::Delivery& delivery, const Surroundings& surroundings
)
{
    switch (sink.type) {
        case config::SinkType::webhook: return make_webhook(sink, delivery, surroundings);
        case config::SinkType::file:
            return make_line_sink(std::make_unique<FileOutput>(sink.path), sink, delivery, surroundings);
        case config::SinkType::stdout_:
            return make_line_sink(
                std::make_unique<StreamOutput>(STDOUT_FILENO), sink, delivery, surroundings
            );
    }
    refuse(fmt::format("sink \"{}\"", sink.name), "type", "its type is not known");
}

bool goes_on(const config::Sink& before, const config::Sink& after)
{
    if (before.type != after.type)
        return false;
    if (after.type != config::SinkType::webhook)
        return before.path == after.path;
    return before == after;
}

std::unique_ptr<Sink> make_task_webhooks(
    const config::TaskWebhooks& task_webhooks,
    const config::Delivery& delivery,
    const http::AddressGuard& guard,
    const Surroundings& surroundings
)
{
    constexpr std::string_view owner = "task_webhooks";
    WebhookOptions options;
    options.format = task_webhooks.format;
    options.signer = make_signer(
        task_webhooks.signing_secret, task_webhooks.previous_secrets, task_webhooks.signing_key, owner
    );
    options.channel.guard = &guard;
    options.channel.route = make_route(task_webhooks.proxy, {}, owner);
    options.channel.deadlines = deadlines(delivery, std::nullopt);
    options.channel.response_limit = delivery.response_limit;
    return std::make_unique<WebhookSink>(*surroundings.client, *surroundings.clock, std::move(options));
}

}  // namespace pollhook::sink
