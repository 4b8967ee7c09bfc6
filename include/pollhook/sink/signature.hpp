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

/// Signs with Standard Webhooks `v1` (HMAC-SHA256), the state of the key precomputed once (delivery.md
/// section 1). Copyable; the key is wiped when the last copy goes. Immutable; any thread.
class Signer {
public:
    /// `secret` is `whsec_` and the base64 of 24 to 64 bytes; previous ones sign beside it during a rotation.
    /// Errc::malformed_secret for any other form.
    static base::Result<Signer> make(
        std::string_view secret, std::span<const std::string_view> previous = {}
    );

    /// The `webhook-signature` field's value: `v1,BASE64`, one for each secret, separated by spaces.
    [[nodiscard]] std::string sign(std::string_view id, std::int64_t unix_seconds, std::string_view body)
        const;

    /// The same, at the end of `out`.
    void append_to(std::string& out, std::string_view id, std::int64_t unix_seconds, std::string_view body)
        const;

private:
    struct Keys;
    explicit Signer(std::shared_ptr<const Keys> keys) : keys_(std::move(keys)) {}
    std::shared_ptr<const Keys> keys_;
};

/// Whether `header` holds a `v1` signature of one of `secrets` over exactly these bytes; compared in constant
/// time. A malformed secret matches nothing. The caller checks how old the time stamp is.
bool verify(
    std::span<const std::string_view> secrets,
    std::string_view id,
    std::string_view timestamp,
    std::string_view body,
    std::string_view header
);

}  // namespace pollhook::sink
