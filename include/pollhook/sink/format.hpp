#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/sink/signature.hpp"
#include "pollhook/sink/sink.hpp"

#include <string>
#include <string_view>

namespace pollhook::sink {

/// The body that `format` makes of a message (contract section 3, delivery.md section 2). The view points
/// into the message, except for the CloudEvents envelope, which is written to `buffer`; it is valid as long
/// as both are.
std::string_view encode_body(config::Format format, const Message& message, std::string& buffer);

/// Appends the header lines that go with that `body`, each ended by CRLF: `User-Agent`, `Content-Type`, the
/// `pollhook-*`, `webhook-*` and, for the binary format, `ce-*` fields. The signature is there when `signer`
/// is.
void append_fields(
    std::string& out,
    config::Format format,
    const Message& message,
    std::string_view body,
    const Signer* signer
);

}  // namespace pollhook::sink
