#include "pollhook/sink/factory.hpp"

#include "file_output.hpp"
#include "line_sink.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/sink/signature.hpp"
#include "stream_output.hpp"
#include "webhook_sink.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::sink {
namespace {

std::optional<Signer> make_signer(
    const config::Secret& secret, std::span<const config::Secret> previous, std::string_view owner
)
{
    if (secret.empty())
        return std::nullopt;
    std::vector<std::string_view> others;
    others.reserve(previous.size());
    for (const config::Secret& other : previous)
        others.push_back(other.reveal());
    base::Result<Signer> signer = Signer::make(secret.reveal(), others);
    if (!signer)
        throw std::invalid_argument(fmt::format("{}: {}", owner, signer.error().message()));
    return std::move(*signer);
}

config::Secret header_lines(std::span<const config::Header> headers)
{
    std::string lines;
    for (const config::Header& header : headers) {
        lines += header.name;
        lines += ": ";
        lines += header.value.reveal();
        lines += "\r\n";
    }
    config::Secret kept{lines};
    ::OPENSSL_cleanse(lines.data(), lines.size());
    return kept;
}

http::Deadlines deadlines(const config::Delivery& delivery, std::optional<base::Duration> attempt_timeout)
{
    http::Deadlines deadlines;
    deadlines.connect = delivery.connect_timeout;
    deadlines.total = attempt_timeout.value_or(delivery.attempt_timeout);
    return deadlines;
}

std::unique_ptr<Sink> make_webhook(
    const config::Sink& sink, const config::Delivery& delivery, const Surroundings& surroundings
)
{
    const std::string owner = fmt::format("sink \"{}\"", sink.name);
    base::Result<http::Url> url = http::parse_url(sink.url);
    if (!url)
        throw std::invalid_argument(fmt::format("{}: {}", owner, url.error().message()));
    WebhookOptions options;
    options.url = std::move(*url);
    options.format = sink.format;
    options.signer = make_signer(sink.secret, sink.previous_secrets, owner);
    options.fields = header_lines(sink.headers);
    options.deadlines = deadlines(delivery, sink.attempt_timeout);
    options.response_limit = delivery.response_limit;
    return std::make_unique<WebhookSink>(*surroundings.client, std::move(options));
}

std::unique_ptr<Sink> make_line_sink(
    std::unique_ptr<LineOutput> output, const config::Sink& sink, const Surroundings& surroundings
)
{
    return std::make_unique<LineSink>(
        std::move(output), sink.format, *surroundings.clock, surroundings.loop, surroundings.file_writer
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
            return make_line_sink(std::make_unique<FileOutput>(sink.path), sink, surroundings);
        case config::SinkType::stdout_:
            return make_line_sink(
                std::make_unique<StreamOutput>(STDOUT_FILENO, delivery.attempt_timeout), sink, surroundings
            );
    }
    throw std::invalid_argument(fmt::format("sink \"{}\": its type is not known", sink.name));
}

std::unique_ptr<Sink> make_task_webhooks(
    const config::TaskWebhooks& task_webhooks,
    const config::Delivery& delivery,
    const http::AddressGuard& guard,
    const Surroundings& surroundings
)
{
    WebhookOptions options;
    options.guard = &guard;
    options.format = task_webhooks.format;
    options.signer = make_signer(task_webhooks.signing_secret, {}, "task_webhooks");
    options.deadlines = deadlines(delivery, std::nullopt);
    options.response_limit = delivery.response_limit;
    return std::make_unique<WebhookSink>(*surroundings.client, std::move(options));
}

}  // namespace pollhook::sink
