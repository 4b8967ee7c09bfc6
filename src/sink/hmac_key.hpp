#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace pollhook::sink {

/// A key of HMAC-SHA256 (RFC 2104) as the two digests that have already read it: a message costs two blocks
/// less. OpenSSL wipes the digests when they go.
class HmacKey {
public:
    static constexpr std::size_t digest_size = 32;
    using Digest = std::array<unsigned char, digest_size>;

    /// `key` has any length; beyond 64 bytes, one block of SHA-256, its digest is the key.
    explicit HmacKey(std::string_view key);

    /// Of the parts, one after the other.
    [[nodiscard]] Digest digest(std::initializer_list<std::string_view> parts) const;

private:
    struct ContextDeleter {
        void operator()(EVP_MD_CTX* context) const noexcept { ::EVP_MD_CTX_free(context); }
    };
    using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

    static Context make_context();
    static Context begin(std::string_view key, unsigned char pad);

    Context inner_;
    Context outer_;
};

}  // namespace pollhook::sink
