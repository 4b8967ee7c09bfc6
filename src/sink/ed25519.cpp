#include "ed25519.hpp"

#include "key_text.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <stdexcept>

namespace pollhook::sink {
namespace {

constexpr std::string_view private_prefix = "whsk_";
constexpr std::string_view public_prefix = "whpk_";
constexpr std::size_t half_size = 32;
using Half = std::array<unsigned char, half_size>;

struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const noexcept { ::EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

void require(bool success)
{
    if (!success)
        throw std::runtime_error("Ed25519 is not available in this OpenSSL");
}

const unsigned char* bytes_of(std::string_view text) noexcept
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

Half public_half(const EVP_PKEY* key)
{
    Half half{};
    std::size_t size = half.size();
    require(::EVP_PKEY_get_raw_public_key(key, half.data(), &size) == 1);
    return half;
}

}  // namespace

std::optional<Ed25519Key> Ed25519Key::read(std::string_view text)
{
    KeyBytes bytes;
    if (!bytes.decode(text, private_prefix) || (bytes.size() != half_size && bytes.size() != 2 * half_size))
        return std::nullopt;
    EVP_PKEY* const raw =
        ::EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.bytes().data(), half_size);
    require(raw != nullptr);
    Ed25519Key key(raw);
    // A public key of somebody else would make every signature wrong without a word.
    if (bytes.size() > half_size && !std::ranges::equal(bytes.bytes().subspan(half_size), public_half(raw)))
        return std::nullopt;
    return key;
}

Ed25519Key Ed25519Key::generate()
{
    EVP_PKEY* const raw = ::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    require(raw != nullptr);
    return Ed25519Key(raw);
}

Ed25519Key::Signature Ed25519Key::sign(std::string_view message) const
{
    Signature signature{};
    std::size_t size = signature.size();
    const Context context(::EVP_MD_CTX_new());
    require(
        context && ::EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
        ::EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message), message.size()) == 1
    );
    return signature;
}

std::string Ed25519Key::public_text() const
{
    std::string text(public_prefix);
    append_base64(text, public_half(key_.get()));
    return text;
}

std::string Ed25519Key::private_text() const
{
    std::array<unsigned char, 2 * half_size> both{};
    std::size_t size = half_size;
    require(::EVP_PKEY_get_raw_private_key(key_.get(), both.data(), &size) == 1);
    std::ranges::copy(public_half(key_.get()), both.begin() + half_size);
    std::string text(private_prefix);
    append_base64(text, both);
    ::OPENSSL_cleanse(both.data(), both.size());
    return text;
}

std::optional<Ed25519PublicKey> Ed25519PublicKey::read(std::string_view text)
{
    KeyBytes bytes;
    if (!bytes.decode(text, public_prefix) || bytes.size() != half_size)
        return std::nullopt;
    EVP_PKEY* const raw =
        ::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.bytes().data(), half_size);
    require(raw != nullptr);
    return Ed25519PublicKey(raw);
}

bool Ed25519PublicKey::verify(std::string_view message, std::span<const unsigned char> signature) const
{
    const Context context(::EVP_MD_CTX_new());
    require(context && ::EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
    return ::EVP_DigestVerify(
               context.get(), signature.data(), signature.size(), bytes_of(message), message.size()
           ) == 1;
}

}  // namespace pollhook::sink
