#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pollhook::sink {

struct PkeyDeleter {
    void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
};

/// The private half of an Ed25519 key (RFC 8032), ready to sign. A signature costs some 50 us.
class Ed25519Key {
public:
    static constexpr std::size_t signature_size = 64;
    using Signature = std::array<unsigned char, signature_size>;

    /// `whsk_` and the base64 of the seed (32 bytes), or of the seed and the public key that belongs to it
    /// (64 bytes). Empty for any other text.
    static std::optional<Ed25519Key> read(std::string_view text);
    /// A new one.
    static Ed25519Key generate();

    [[nodiscard]] Signature sign(std::string_view message) const;
    /// `whpk_…`
    [[nodiscard]] std::string public_text() const;
    /// `whsk_…`, seed and public key. The caller wipes it.
    [[nodiscard]] std::string private_text() const;

private:
    explicit Ed25519Key(EVP_PKEY* key) : key_(key) {}
    std::unique_ptr<EVP_PKEY, PkeyDeleter> key_;
};

/// The public half.
class Ed25519PublicKey {
public:
    /// `whpk_` and the base64 of 32 bytes. Empty for any other text.
    static std::optional<Ed25519PublicKey> read(std::string_view text);

    [[nodiscard]] bool verify(std::string_view message, std::span<const unsigned char> signature) const;

private:
    explicit Ed25519PublicKey(EVP_PKEY* key) : key_(key) {}
    std::unique_ptr<EVP_PKEY, PkeyDeleter> key_;
};

}  // namespace pollhook::sink
