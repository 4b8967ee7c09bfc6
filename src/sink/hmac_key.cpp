#include "hmac_key.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <stdexcept>

namespace pollhook::sink {
namespace {

constexpr std::size_t block_size = 64;
constexpr unsigned char inner_pad = 0x36;
constexpr unsigned char outer_pad = 0x5c;

void require(int success)
{
    if (success != 1)
        throw std::runtime_error("SHA-256 is not available in this OpenSSL");
}

}  // namespace

HmacKey::HmacKey(std::string_view key) : inner_(begin(key, inner_pad)), outer_(begin(key, outer_pad)) {}

HmacKey::Context HmacKey::make_context()
{
    Context context(::EVP_MD_CTX_new());
    require(context ? 1 : 0);
    return context;
}

HmacKey::Context HmacKey::begin(std::string_view key, unsigned char pad)
{
    std::array<unsigned char, block_size> block{};
    if (key.size() > block_size)
        require(::EVP_Digest(key.data(), key.size(), block.data(), nullptr, ::EVP_sha256(), nullptr));
    else
        std::ranges::copy(key, block.begin());
    for (unsigned char& byte : block)
        byte ^= pad;
    Context context = make_context();
    require(::EVP_DigestInit_ex(context.get(), ::EVP_sha256(), nullptr));
    require(::EVP_DigestUpdate(context.get(), block.data(), block.size()));
    ::OPENSSL_cleanse(block.data(), block.size());
    return context;
}

HmacKey::Digest HmacKey::digest(std::initializer_list<std::string_view> parts) const
{
    Digest digest{};
    const Context context = make_context();
    require(::EVP_MD_CTX_copy_ex(context.get(), inner_.get()));
    for (const std::string_view part : parts)
        require(::EVP_DigestUpdate(context.get(), part.data(), part.size()));
    require(::EVP_DigestFinal_ex(context.get(), digest.data(), nullptr));
    require(::EVP_MD_CTX_copy_ex(context.get(), outer_.get()));
    require(::EVP_DigestUpdate(context.get(), digest.data(), digest.size()));
    require(::EVP_DigestFinal_ex(context.get(), digest.data(), nullptr));
    return digest;
}

}  // namespace pollhook::sink
