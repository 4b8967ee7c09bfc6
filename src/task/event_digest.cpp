#include "event_digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <stdexcept>

namespace pollhook::task {

std::string id_of(std::string_view facts)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_Digest(facts.data(), facts.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in this OpenSSL");

    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t used = 16;
    std::string id = "evt_";
    for (std::size_t i = 0; i < used; ++i) {
        id += digits[digest.at(i) >> 4U];
        id += digits[digest.at(i) & 0xFU];
    }
    return id;
}

}  // namespace pollhook::task
