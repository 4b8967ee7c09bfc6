#include "pollhook/sink/signature.hpp"

#include "hmac_key.hpp"
#include "pollhook/sink/error.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace pollhook::sink {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::string_view version_1 = "v1";
constexpr std::size_t shortest_key = 24;
constexpr std::size_t longest_key = 64;
constexpr std::size_t encoded_digest_size = (HmacKey::digest_size + 2) / 3 * 4;

bool is_base64_digit(char c) noexcept
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// The key's bytes, wiped with this object.
class KeyBytes {
public:
    KeyBytes() = default;
    KeyBytes(const KeyBytes&) = delete;
    KeyBytes& operator=(const KeyBytes&) = delete;
    ~KeyBytes() { ::OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    bool decode(std::string_view secret)
    {
        if (!secret.starts_with(secret_prefix))
            return false;
        secret.remove_prefix(secret_prefix.size());
        const std::size_t padding = secret.ends_with("==") ? 2 : secret.ends_with('=') ? 1 : 0;
        // EVP_DecodeBlock would take white space, and padding anywhere.
        const std::string_view digits = secret.substr(0, secret.size() - padding);
        if (secret.size() % 4 != 0 || secret.size() > bytes_.size() / 3 * 4 ||
            !std::ranges::all_of(digits, is_base64_digit))
            return false;
        const int decoded = ::EVP_DecodeBlock(
            bytes_.data(),
            reinterpret_cast<const unsigned char*>(secret.data()),
            static_cast<int>(secret.size())
        );
        if (decoded < 0)
            return false;
        size_ = static_cast<std::size_t>(decoded) - padding;
        return size_ >= shortest_key && size_ <= longest_key;
    }

    [[nodiscard]] std::string_view view() const noexcept
    {
        return {reinterpret_cast<const char*>(bytes_.data()), size_};
    }

private:
    std::array<unsigned char, (longest_key + 2) / 3 * 3> bytes_{};  // what EVP_DecodeBlock may write
    std::size_t size_ = 0;
};

std::optional<HmacKey> read_secret(std::string_view secret)
{
    KeyBytes key;
    if (!key.decode(secret))
        return std::nullopt;
    return HmacKey(key.view());
}

void append_token(std::string& out, std::string_view version, std::span<const unsigned char> signature)
{
    std::array<unsigned char, encoded_digest_size + 1> encoded{};
    const int length =
        ::EVP_EncodeBlock(encoded.data(), signature.data(), static_cast<int>(signature.size()));
    out += version;
    out += ',';
    out.append(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length));
}

HmacKey::Digest sign_v1(
    const HmacKey& key, std::string_view id, std::string_view timestamp, std::string_view body
)
{
    return key.digest({id, ".", timestamp, ".", body});
}

/// True when `token` stands in the space-separated `header`; the time does not tell how much of it fits.
bool contains(std::string_view header, std::string_view token)
{
    bool found = false;
    while (!header.empty()) {
        const std::size_t space = std::min(header.find(' '), header.size());
        const std::string_view candidate = header.substr(0, space);
        header.remove_prefix(std::min(space + 1, header.size()));
        if (candidate.size() == token.size() &&
            ::CRYPTO_memcmp(candidate.data(), token.data(), token.size()) == 0)
            found = true;
    }
    return found;
}

}  // namespace

/// Each kind of key signs with its own version of the scheme.
struct Signer::Keys {
    std::vector<HmacKey> v1;  ///< the current one first
};

base::Result<Signer> Signer::make(std::string_view secret, std::span<const std::string_view> previous)
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
}

bool verify(
    std::span<const std::string_view> secrets,
    std::string_view id,
    std::string_view timestamp,
    std::string_view body,
    std::string_view header
)
{
    bool genuine = false;
    for (const std::string_view secret : secrets) {
        const std::optional<HmacKey> key = read_secret(secret);
        if (!key)
            continue;
        std::string token;
        append_token(token, version_1, sign_v1(*key, id, timestamp, body));
        genuine = contains(header, token) || genuine;
    }
    return genuine;
}

}  // namespace pollhook::sink
