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
    missing_fields,  ///< webhook-id, webhook-timestamp or webhook-signature is absent
    bad_timestamp,   ///< not a whole number of seconds
    too_old,
    too_new,
    no_match,  ///< no signature of a known version fits
};

/// `genuine`, `missing fields`, …
std::string_view name(Verdict verdict) noexcept;

/// Checks Standard Webhooks v1 signatures (delivery.md section 1) the way a careful receiver does.
///
/// Written apart from the code that signs, on purpose: each is a test of the other. Immutable; any thread.
class WebhookVerifier {
public:
    /// `secrets` are `whsec_` and base64 of 24 to 64 bytes; any of them may have signed. Throws
    /// std::invalid_argument for another form (this is start-up); its message does not hold the secret.
    WebhookVerifier(std::span<const std::string> secrets, base::Duration tolerance);

    [[nodiscard]] Verdict verify(
        std::string_view id,
        std::string_view timestamp,
        std::string_view signatures,
        std::string_view body,
        base::TimePoint now
    ) const;

private:
    std::vector<std::string> keys_;
    base::Duration tolerance_;
};

}  // namespace pollhook::simulator
