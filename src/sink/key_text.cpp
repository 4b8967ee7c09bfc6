#include "key_text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace pollhook::sink {
namespace {

bool is_base64_digit(char c) noexcept
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

KeyBytes::~KeyBytes()
{
    ::OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

bool KeyBytes::decode(std::string_view text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    // EVP_DecodeBlock would take white space, and padding anywhere.
    const std::string_view digits = text.substr(0, text.size() - padding);
    if (text.size() % 4 != 0 || text.size() > bytes_.size() / 3 * 4 ||
        !std::ranges::all_of(digits, is_base64_digit))
        return false;
    const int decoded = ::EVP_DecodeBlock(
        bytes_.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())
    );
    if (decoded < 0)
        return false;
    size_ = static_cast<std::size_t>(decoded) - padding;
    return size_ <= largest;
}

void append_base64(std::string& out, std::span<const unsigned char> bytes)
{
    constexpr std::size_t piece = 48;  // bytes that need no padding between them
    std::array<unsigned char, piece / 3 * 4 + 1> encoded{};
    while (!bytes.empty()) {
        const std::size_t size = std::min(piece, bytes.size());
        const int length = ::EVP_EncodeBlock(encoded.data(), bytes.data(), static_cast<int>(size));
        out.append(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length));
        bytes = bytes.subspan(size);
    }
    ::OPENSSL_cleanse(encoded.data(), encoded.size());
}

}  // namespace pollhook::sink
