#include "syntax.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace pollhook::config {
namespace {

constexpr std::size_t seed_size = 32;
constexpr std::size_t public_size = 32;

struct KeyDeleter {
    void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
};

bool belong_together(const unsigned char* seed, const unsigned char* public_key)
{
    const std::unique_ptr<EVP_PKEY, KeyDeleter> key(
        ::EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, seed_size)
    );
    std::array<unsigned char, public_size> own{};
    std::size_t size = own.size();
    return key != nullptr && ::EVP_PKEY_get_raw_public_key(key.get(), own.data(), &size) == 1 &&
           std::equal(own.begin(), own.end(), public_key);
}

}  // namespace

bool is_signing_key(std::string_view text)
{
    constexpr std::string_view prefix = "whsk_";
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    const std::string_view digits = text.substr(0, text.size() - padding);
    const bool only_digits = std::ranges::all_of(digits, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    });
    if (text.size() % 4 != 0 || text.size() > 88 || !only_digits)
        return false;
    const std::size_t size = text.size() / 4 * 3 - padding;
    std::array<unsigned char, 66> bytes{};
    ::EVP_DecodeBlock(
        bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())
    );
    const bool good = size == seed_size || (size == seed_size + public_size &&
                                            belong_together(bytes.data(), bytes.data() + seed_size));
    ::OPENSSL_cleanse(bytes.data(), bytes.size());
    return good;
}

}  // namespace pollhook::config
