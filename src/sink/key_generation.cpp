#include "pollhook/sink/key_generation.hpp"

#include "ed25519.hpp"
#include "key_text.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace pollhook::sink {
namespace {

config::Secret take(std::string text)
{
    config::Secret secret{text};
    ::OPENSSL_cleanse(text.data(), text.size());
    return secret;
}

}  // namespace

config::Secret generate_secret()
{
    constexpr std::size_t secret_size = 32;
    std::array<unsigned char, secret_size> bytes{};
    if (::RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("the system has no random bytes to give");
    std::string text = "whsec_";
    append_base64(text, bytes);
    ::OPENSSL_cleanse(bytes.data(), bytes.size());
    return take(std::move(text));
}

KeyPair generate_key_pair()
{
    const Ed25519Key key = Ed25519Key::generate();
    return {.signing_key = take(key.private_text()), .public_key = key.public_text()};
}

}  // namespace pollhook::sink
