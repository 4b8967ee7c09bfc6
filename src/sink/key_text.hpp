#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pollhook::sink {

/// A key as it is written: a prefix and the base64 of its bytes (Standard Webhooks), wiped with this object.
class KeyBytes {
public:
    static constexpr std::size_t largest = 64;

    KeyBytes() = default;
    KeyBytes(const KeyBytes&) = delete;
    KeyBytes& operator=(const KeyBytes&) = delete;
    ~KeyBytes();

    /// False for another prefix, for what is not strictly base64, and above `largest` bytes.
    [[nodiscard]] bool decode(std::string_view text, std::string_view prefix);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<const unsigned char> bytes() const noexcept { return {bytes_.data(), size_}; }
    [[nodiscard]] std::string_view view() const noexcept
    {
        return {reinterpret_cast<const char*>(bytes_.data()), size_};
    }

private:
    std::array<unsigned char, (largest + 2) / 3 * 3> bytes_{};  // what EVP_DecodeBlock may write
    std::size_t size_ = 0;
};

/// Appends the base64 of `bytes`.
void append_base64(std::string& out, std::span<const unsigned char> bytes);

}  // namespace pollhook::sink
