#include "pollhook/sink/signature.hpp"

#include "ed25519.hpp"
#include "hmac_key.hpp"
#include "key_text.hpp"
#include "pollhook/sink/error.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace pollhook::sink {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::string_view version_1 = "v1,";
constexpr std::string_view version_1a = "v1a,";
constexpr std::size_t shortest_key = 24;

std::optional<HmacKey> read_secret(std::string_view secret)
{
    KeyBytes key;
    if (!key.decode(secret, secret_prefix) || key.size() < shortest_key)
        return std::nullopt;
    return HmacKey(key.view());
}

void append_token(std::string& out, std::string_view version, std::span<const unsigned char> signature)
{
    out += version;
    append_base64(out, signature);
}

std::string signed_text(std::string_view id, std::string_view timestamp, std::string_view body)
{
    std::string text;
    text.reserve(id.size() + timestamp.size() + body.size() + 2);
    return text.append(id).append(".").append(timestamp).append(".").append(body);
}

HmacKey::Digest sign_v1(
    const HmacKey& key, std::string_view id, std::string_view timestamp, std::string_view body
)
{
    return key.digest({id, ".", timestamp, ".", body});
}

/// Calls `look` for each of the space-separated tokens.
template <class Look>
void for_each_token(std::string_view header, const Look& look)
{
    while (!header.empty()) {
        const std::size_t space = std::min(header.find(' '), header.size());
        look(header.substr(0, space));
        header.remove_prefix(std::min(space + 1, header.size()));
    }
}

/// True when `token` stands in the header; the time does not tell how much of it fits.
bool contains(std::string_view header, std::string_view token)
{
    bool found = false;
    for_each_token(header, [&](std::string_view candidate) {
        if (candidate.size() == token.size() &&
            ::CRYPTO_memcmp(candidate.data(), token.data(), token.size()) == 0)
            found = true;
    });
    return found;
}

bool contains_signature_by(const Ed25519PublicKey& key, std::string_view header, std::string_view message)
{
    bool found = false;
    for_each_token(header, [&](std::string_view candidate) {
        KeyBytes signature;
        found = found || (signature.decode(candidate, version_1a) && key.verify(message, signature.bytes()));
    });
    return found;
}

}  // namespace

/// Each kind of key signs with its own version of the scheme.
struct Signer::Keys {
    std::vector<HmacKey> v1;  ///< the current one first
    std::optional<Ed25519Key> v1a;
};

base::Result<Signer> Signer::make(
    std::string_view secret, std::span<const std::string_view> previous, std::string_view signing_key
)
{
    auto keys = std::make_shared<Keys>();
    const auto add = [&keys](std::string_view text) {
        std::optional<HmacKey> key = read_secret(text);
        if (key)
            keys->v1.push_back(std::move(*key));
        return key.has_value();
    };
    if (!add(secret) || !std::ranges::all_of(previous, add))
        return make_error_code(Errc::malformed_secret);
    if (!signing_key.empty()) {
        keys->v1a = Ed25519Key::read(signing_key);
        if (!keys->v1a)
            return make_error_code(Errc::malformed_signing_key);
    }
    return Signer(std::move(keys));
}

std::string Signer::sign(std::string_view id, std::int64_t unix_seconds, std::string_view body) const
{
    std::string signatures;
    append_to(signatures, id, unix_seconds, body);
    return signatures;
}

void Signer::append_to(
    std::string& out, std::string_view id, std::int64_t unix_seconds, std::string_view body
) const
{
    const fmt::format_int digits(unix_seconds);
    const std::string_view timestamp(digits.data(), digits.size());
    std::string_view separator;
    for (const HmacKey& key : keys_->v1) {
        out += separator;
        append_token(out, version_1, sign_v1(key, id, timestamp, body));
        separator = " ";
    }
    if (keys_->v1a) {
        out += separator;
        append_token(out, version_1a, keys_->v1a->sign(signed_text(id, timestamp, body)));
    }
}

std::string Signer::public_key() const
{
    return keys_->v1a ? keys_->v1a->public_text() : std::string();
}

bool verify(
    std::span<const std::string_view> keys,
    std::string_view id,
    std::string_view timestamp,
    std::string_view body,
    std::string_view header
)
{
    bool genuine = false;
    for (const std::string_view text : keys) {
        if (const std::optional<HmacKey> key = read_secret(text)) {
            std::string token;
            append_token(token, version_1, sign_v1(*key, id, timestamp, body));
            genuine = contains(header, token) || genuine;
        } else if (const auto public_key = Ed25519PublicKey::read(text)) {
            const std::string message = signed_text(id, timestamp, body);
            genuine = contains_signature_by(*public_key, header, message) || genuine;
        }
    }
    return genuine;
}

}  // namespace pollhook::sink
