#pragma once

#include "pollhook/base/time.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulator {

/// What a receiver thinks of a delivery's signature.
enum class Verdict : std::uint8_t {
    genuine,
    missing_fields,  ///< webhook-id, webhook-timestamp or a signature is absent
    bad_timestamp,   ///< not a whole number of seconds
    too_old,
    too_new,
    no_match,  ///< no signature of a known version fits
};

/// `genuine`, `missing fields`, …
std::string_view name(Verdict verdict) noexcept;

/// Checks the signatures of Standard Webhooks, v1 and v1a, the way a careful receiver does.
///
/// Written apart from the code that signs, on purpose: each is a test of the other. Immutable; any thread.
class WebhookVerifier {
public:
    /// `keys` are secrets for v1, `whsec_` and base64 of 24 to 64 bytes, and public keys for v1a, `whpk_` and
    /// base64 of 32 bytes; any of them may have signed. Throws std::invalid_argument for another form (this
    /// is start-up); its message does not hold the key.
    WebhookVerifier(std::span<const std::string> keys, base::Duration tolerance);

    [[nodiscard]] Verdict verify(
        std::string_view id,
        std::string_view timestamp,
        std::string_view signatures,
        std::string_view body,
        base::TimePoint now
    ) const;

private:
    std::vector<std::string> secrets_;      ///< decoded
    std::vector<std::string> public_keys_;  ///< decoded
    base::Duration tolerance_;
};

/// Checks `X-Hub-Signature-256: sha256=HEX`, an HMAC-SHA256 of the body alone; compared in constant time.
bool verify_hub(std::string_view secret, std::string_view body, std::string_view signature);

}  // namespace pollhook::simulator
