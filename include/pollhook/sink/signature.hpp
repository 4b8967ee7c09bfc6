#pragma once

#include "pollhook/base/result.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::sink {

/// Signs with Standard Webhooks `v1` (HMAC-SHA256) and, beside it, `v1a` (Ed25519); the keys are prepared
/// once. Copyable; the keys are wiped when the last copy goes. Immutable; any thread.
class Signer {
public:
    /// `secret` is `whsec_` and the base64 of 24 to 64 bytes; previous ones sign beside it during a rotation.
    /// `signing_key` is `whsk_` and the base64 of an Ed25519 seed, alone (32 bytes) or with its public key
    /// (64); empty: no v1a. There is no v1a without v1, since many verifiers read only that.
    /// Errc::malformed_secret and Errc::malformed_signing_key for other forms.
    static base::Result<Signer> make(
        std::string_view secret,
        std::span<const std::string_view> previous = {},
        std::string_view signing_key = {}
    );

    /// The `webhook-signature` field's value: `v1,BASE64` for each secret, then `v1a,BASE64`, separated by
    /// spaces.
    [[nodiscard]] std::string sign(std::string_view id, std::int64_t unix_seconds, std::string_view body)
        const;

    /// The same, at the end of `out`.
    void append_to(std::string& out, std::string_view id, std::int64_t unix_seconds, std::string_view body)
        const;

    /// `whpk_…`, what checks v1a; empty without a signing key.
    [[nodiscard]] std::string public_key() const;

private:
    struct Keys;
    explicit Signer(std::shared_ptr<const Keys> keys) : keys_(std::move(keys)) {}
    std::shared_ptr<const Keys> keys_;
};

/// Whether `header` holds a signature by one of `keys` over exactly these bytes; compared in constant time. A
/// key is a `whsec_…` secret for `v1` or a `whpk_…` public key for `v1a`; a malformed one matches nothing.
/// The caller checks how old the time stamp is.
bool verify(
    std::span<const std::string_view> keys,
    std::string_view id,
    std::string_view timestamp,
    std::string_view body,
    std::string_view header
);

}  // namespace pollhook::sink
