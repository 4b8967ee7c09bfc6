#include "pollhook/sink/hub_signature.hpp"

#include "hmac_key.hpp"

#include <fmt/format.h>

#include <iterator>

namespace pollhook::sink {

HubSigner::HubSigner(std::string_view secret) : key_(std::make_shared<const HmacKey>(secret)) {}

void HubSigner::append_to(std::string& out, std::string_view body) const
{
    out += "sha256=";
    for (const unsigned char byte : key_->digest({body}))
        fmt::format_to(std::back_inserter(out), "{:02x}", byte);
}

}  // namespace pollhook::sink
