#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <type_traits>

namespace pollhook::sink {

enum class Errc {
    malformed_secret = 1,   ///< not `whsec_` and the base64 of 24 to 64 bytes
    malformed_signing_key,  ///< not `whsk_` and the base64 of an Ed25519 seed, with or without its public key
};

const boost::system::error_category& sink_category() noexcept;

inline boost::system::error_code make_error_code(Errc e) noexcept
{
    return {static_cast<int>(e), sink_category()};
}

}  // namespace pollhook::sink

template <>
struct boost::system::is_error_code_enum<pollhook::sink::Errc> : std::true_type {};
