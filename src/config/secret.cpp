#include "pollhook/config/secret.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace pollhook::config {

Secret::Secret(std::string_view value, std::string reference)
    : value_(value),
      reference_(std::move(reference))
{
}

Secret::Secret(const Secret& other) = default;

Secret::Secret(Secret&& other) noexcept
    : value_(std::string_view(other.value_)),
      reference_(std::move(other.reference_))
{
    // Copied rather than moved: a short string lives inside the object, where a move would leave its bytes
    // behind.
    other.wipe();
}

Secret& Secret::operator=(const Secret& other)
{
    if (this != &other) {
        wipe();
        value_ = other.value_;
        reference_ = other.reference_;
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept
{
    if (this != &other) {
        wipe();
        value_.swap(other.value_);
        reference_ = std::move(other.reference_);
        other.wipe();
    }
    return *this;
}

Secret::~Secret()
{
    wipe();
}

bool Secret::operator==(const Secret& other) const noexcept
{
    return value_.size() == other.value_.size() &&
           CRYPTO_memcmp(value_.data(), other.value_.data(), value_.size()) == 0;
}

void Secret::wipe() noexcept
{
    // The whole capacity: an earlier, longer value may still lie behind the present end.
    value_.resize(value_.capacity());
    OPENSSL_cleanse(value_.data(), value_.size());
    value_.clear();
}

}  // namespace pollhook::config
