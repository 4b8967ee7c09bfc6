#pragma once

#include "pollhook/config/secret.hpp"

#include <string>

namespace pollhook::sink {

/// `whsec_` and the base64 of 32 random bytes. Throws std::runtime_error when the system has none to give.
config::Secret generate_secret();

/// A new Ed25519 key.
struct KeyPair {
    config::Secret signing_key;  ///< `whsk_…`: seed and public key
    std::string public_key;      ///< `whpk_…`
};
KeyPair generate_key_pair();

}  // namespace pollhook::sink
