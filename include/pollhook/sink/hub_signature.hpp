#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::sink {

class HmacKey;

/// Signs the body alone, as GitHub's webhooks do: `X-Hub-Signature-256: sha256=HEX` (HMAC-SHA256). It says
/// nothing about when, so it is for receivers that know nothing better. Copyable; immutable; any thread.
class HubSigner {
public:
    /// `secret` may be any bytes.
    explicit HubSigner(std::string_view secret);

    /// Appends the field's value, `sha256=` and 64 lower-case digits.
    void append_to(std::string& out, std::string_view body) const;

private:
    std::shared_ptr<const HmacKey> key_;
};

}  // namespace pollhook::sink
