#include "pollhook/simulator/webhook_verifier.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace pollhook::simulator {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::string_view public_prefix = "whpk_";
constexpr std::string_view version_1 = "v1,";
constexpr std::string_view version_1a = "v1a,";
constexpr std::size_t shortest_key = 24;
constexpr std::size_t longest_key = 64;
constexpr std::size_t digest_size = 32;
constexpr std::size_t public_key_size = 32;
constexpr std::size_t ed25519_signature_size = 64;

std::optional<std::string> decode_base64(std::string_view text)
{
    if (text.empty() || text.size() % 4 != 0)
        return std::nullopt;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    // EVP_DecodeBlock would take white space and padding anywhere.
    const bool clean = std::ranges::all_of(text.substr(0, text.size() - padding), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    });
    if (!clean)
        return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int length = EVP_DecodeBlock(
        reinterpret_cast<unsigned char*>(bytes.data()),
        reinterpret_cast<const unsigned char*>(text.data()),
        static_cast<int>(text.size())
    );
    if (length < 0)
        return std::nullopt;
    bytes.resize(bytes.size() - padding);
    return bytes;
}

std::array<unsigned char, digest_size> hmac_sha256(std::string_view key, std::string_view message)
{
    std::array<unsigned char, digest_size> digest{};
    unsigned int length = 0;
    HMAC(
        EVP_sha256(),
        key.data(),
        static_cast<int>(key.size()),
        reinterpret_cast<const unsigned char*>(message.data()),
        message.size(),
        digest.data(),
        &length
    );
    return digest;
}

bool is_ed25519_signature(std::string_view key, std::string_view message, std::string_view signature)
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
        EVP_PKEY_new_raw_public_key(
            EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(key.data()), key.size()
        ),
        &EVP_PKEY_free
    );
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    return public_key && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
           EVP_DigestVerify(
               context.get(),
               reinterpret_cast<const unsigned char*>(signature.data()),
               signature.size(),
               reinterpret_cast<const unsigned char*>(message.data()),
               message.size()
           ) == 1;
}

/// The decoded signatures of one version among the space-separated `version,signature` tokens.
std::vector<std::string> signatures_of(
    std::string_view signatures, std::string_view version, std::size_t size
)
{
    std::vector<std::string> found;
    while (!signatures.empty()) {
        const std::size_t space = std::min(signatures.find(' '), signatures.size());
        const std::string_view token = signatures.substr(0, space);
        signatures.remove_prefix(std::min(space + 1, signatures.size()));
        if (!token.starts_with(version))
            continue;
        std::optional<std::string> claimed = decode_base64(token.substr(version.size()));
        if (claimed && claimed->size() == size)
            found.push_back(std::move(*claimed));
    }
    return found;
}

}  // namespace

std::string_view name(Verdict verdict) noexcept
{
    switch (verdict) {
        case Verdict::genuine: return "genuine";
        case Verdict::missing_fields: return "missing fields";
        case Verdict::bad_timestamp: return "bad timestamp";
        case Verdict::too_old: return "too old";
        case Verdict::too_new: return "too new";
        case Verdict::no_match: return "no match";
    }
    return "unknown";
}

WebhookVerifier::WebhookVerifier(std::span<const std::string> keys, base::Duration tolerance)
    : tolerance_(tolerance)
{
    for (const std::string& text : keys) {
        const bool is_public = text.starts_with(public_prefix);
        std::optional<std::string> key;
        if (is_public)
            key = decode_base64(std::string_view(text).substr(public_prefix.size()));
        else if (text.starts_with(secret_prefix))
            key = decode_base64(std::string_view(text).substr(secret_prefix.size()));
        if (is_public && (!key || key->size() != public_key_size))
            throw std::invalid_argument("a webhook's public key must be whpk_ and base64 of 32 bytes");
        if (!is_public && (!key || key->size() < shortest_key || key->size() > longest_key))
            throw std::invalid_argument("a webhook secret must be whsec_ and base64 of 24 to 64 bytes");
        (is_public ? public_keys_ : secrets_).push_back(std::move(*key));
    }
}

Verdict WebhookVerifier::verify(
    std::string_view id,
    std::string_view timestamp,
    std::string_view signatures,
    std::string_view body,
    base::TimePoint now
) const
{
    if (id.empty() || timestamp.empty() || signatures.empty())
        return Verdict::missing_fields;
    std::int64_t seconds = 0;
    const auto [end, bad] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
    if (bad != std::errc() || end != timestamp.data() + timestamp.size())
        return Verdict::bad_timestamp;
    const std::int64_t now_seconds = base::to_unix_ms(now) / 1000;
    const std::int64_t tolerance = std::chrono::floor<std::chrono::seconds>(tolerance_).count();
    if (seconds < now_seconds - tolerance)
        return Verdict::too_old;
    if (seconds > now_seconds + tolerance)
        return Verdict::too_new;

    std::string message;
    message.reserve(id.size() + timestamp.size() + body.size() + 2);
    message.append(id).append(".").append(timestamp).append(".").append(body);
    bool genuine = false;
    for (const std::string& secret : secrets_) {
        const auto digest = hmac_sha256(secret, message);
        for (const std::string& claimed : signatures_of(signatures, version_1, digest_size))
            genuine = CRYPTO_memcmp(claimed.data(), digest.data(), digest_size) == 0 || genuine;
    }
    for (const std::string& key : public_keys_)
        for (const std::string& claimed : signatures_of(signatures, version_1a, ed25519_signature_size))
            genuine = is_ed25519_signature(key, message, claimed) || genuine;
    return genuine ? Verdict::genuine : Verdict::no_match;
}

bool verify_hub(std::string_view secret, std::string_view body, std::string_view signature)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string expected = "sha256=";
    for (const unsigned char byte : hmac_sha256(secret, body)) {
        expected += digits[byte >> 4U];
        expected += digits[byte & 0xfU];
    }
    return signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

}  // namespace pollhook::simulator
