#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/sink/hub_signature.hpp"
#include "pollhook/sink/signature.hpp"
#include "pollhook/sink/sink.hpp"

#include <string>
#include <string_view>

namespace pollhook::sink {

/// The body that `format` makes of a message. The view points into the message, except for the CloudEvents
/// envelope, which is written to `buffer`; it is valid as long as both are. pollhook's own events hold no
/// relay's object: of those `bare` sends the data.
std::string_view encode_body(config::Format format, const Message& message, std::string& buffer);

/// Appends the header lines that go with that `body`, each ended by CRLF: `User-Agent`, `Content-Type`, the
/// `pollhook-*` (own events belong to no provider and no task), `webhook-*` and, for the binary format,
/// `ce-*` fields. The signature is there when `signer` is.
void append_fields(
    std::string& out,
    config::Format format,
    const Message& message,
    std::string_view body,
    const Signer* signer
);

/// Appends the line `X-Hub-Signature-256` for that body.
void append_hub_field(std::string& out, const HubSigner& signer, std::string_view body);

}  // namespace pollhook::sink
